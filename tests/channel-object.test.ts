import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { About, ChannelRef, Way } from "#domain/channels/item.ts";
import { ATTEMPTS_MAX, LIFE_MS } from "#domain/channels/pace.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { Channel } from "#objects/channel.ts";
import { ChannelItems, ITEM_STEP, THREAD_STEP } from "#objects/channel-items.ts";

const about = (more: Partial<About> = {}): About => ({
  channelId: "x0_test",
  type: "slack",
  isPaused: false,
  outboundPerMinute: 600,
  inboundPerMinute: 600,
  ...more,
});
const item = (id: string, lane = "C1") => ({ id, lane, body: `{"text":"${id}"}` });

type Inside = {
  channel: Channel;
  /** What its queues were given. */
  handed: ChannelRef[];
  storage: DurableObjectStorage;
};

/** The object with queues that keep what they are given, which nobody takes out: whoever tests is the consumer. */
function within<T>(name: string, run: (inside: Inside) => Promise<T>): Promise<T> {
  return runInDurableObject(env.CHANNEL.getByName(name), async (_, state) => {
    const handed: ChannelRef[] = [];
    const queue = {
      sendBatch: async (all: { body: ChannelRef }[]) =>
        void handed.push(...all.map(({ body }) => body)),
    };
    const own = { ...env, CHANNEL_INBOUND_SLACK: queue, CHANNEL_OUTBOUND: queue };
    const result = await run({
      channel: new Channel(state, own as unknown as Env),
      handed,
      storage: state.storage,
    });
    await state.storage.deleteAlarm();
    return result;
  });
}

const DONE = { kind: "done" } as const;
const REFUSED = { kind: "refused", reason: "no such chat" } as const;

/** Takes and settles whatever the queue has, and answers what it was. */
async function drained({ channel, handed }: Inside, way: Way = "in"): Promise<string[]> {
  const texts: string[] = [];
  for (let ref = handed.shift(); ref !== undefined; ref = handed.shift()) {
    const work = await channel.take(ref.way, ref.seq);
    if (work === null) continue;
    texts.push(work.id);
    await channel.settle(way, work, DONE);
  }
  return texts;
}

describe("a channel's object", () => {
  it("hands over one of each conversation at a time, in the order they came", async () => {
    await within("in order", async (inside) => {
      const { channel, handed } = inside;
      const all = [item("a1", "A"), item("b1", "B"), item("a2", "A"), item("b2", "B")];
      expect(await channel.accept(about(), all)).toEqual({ ok: true, value: 4 });
      expect(handed.map(({ seq }) => seq)).toEqual([1, 2]);
      // Not its turn yet, whatever a queue says.
      expect(await channel.take("in", 3)).toBeNull();
      expect(await drained(inside)).toEqual(["a1", "b1", "a2", "b2"]);
      expect(channel.traffic().in.waiting).toBe(0);
    });
  });

  it("takes once what comes twice, also after it is done and the object began anew", async () => {
    await within("once", async (inside) => {
      await inside.channel.accept(about(), [item("a")]);
      expect(await inside.channel.accept(about(), [item("a"), item("a")])).toMatchObject({
        value: 0,
      });
      expect(await drained(inside)).toEqual(["a"]);
    });
    await within("once", async (inside) => {
      expect(await inside.channel.accept(about(), [item("a")])).toMatchObject({ value: 0 });
      // The other way has names of its own.
      expect(await inside.channel.enqueue(about(), item("a"))).toMatchObject({ value: 1 });
    });
  });

  it("tells what was taken of late, each way by itself, as long as it is remembered", async () => {
    await within("lately", async ({ channel, storage }) => {
      const fromMs = Date.now();
      await channel.accept(about(), [item("a"), item("b")]);
      await channel.enqueue(about(), item("c"));
      const { in: came, out: went } = channel.traffic();
      expect([came.lately.lastMinute, went.lately.lastMinute]).toEqual([2, 1]);
      expect(came.lately.lastMs).toBeGreaterThanOrEqual(fromMs);
      storage.sql.exec("UPDATE seen SET at_ms = at_ms - ? WHERE id = 'out c'", LIFE_MS);
      storage.sql.exec("UPDATE seen SET at_ms = ? WHERE id = 'in a'", fromMs - 60_000);
      expect(channel.traffic().out.lately).toEqual({ lastMs: null, lastMinute: 0 });
      expect(channel.traffic().in.lately.lastMinute).toBe(1);
    });
  });

  it("gives nobody what somebody works on, and takes no outcome of who has lost it", async () => {
    await within("leased", async ({ channel, handed }) => {
      await channel.accept(about(), [item("a")]);
      const [ref] = handed;
      const first = await channel.take("in", ref?.seq ?? 0);
      expect(first?.id).toBe("a");
      expect(await channel.take("in", ref?.seq ?? 0)).toBeNull();
      await channel.settle("in", { seq: 1, token: 0, lane: "C1" }, DONE);
      expect(channel.traffic().in.waiting).toBe(1);
    });
  });

  it("takes up again what was on its way to a queue when it was paused", async () => {
    await within("paused on its way", async ({ channel, handed, storage }) => {
      await channel.accept(about(), [item("a")]);
      await channel.configure(about({ isPaused: true }));
      // Its queue and its alarm come by, and find it paused.
      expect(await channel.take("in", handed[0]?.seq ?? 0)).toBeNull();
      await storage.deleteAlarm();
      await channel.alarm();
      expect(await storage.getAlarm()).toBeNull();
      await channel.configure(about());
      expect(await storage.getAlarm()).toBeGreaterThan(Date.now());
    });
  });

  it("hands over again what its queue lost, and rings for it", async () => {
    await within("lost", async ({ channel, handed, storage }) => {
      await channel.accept(about(), [item("a")]);
      handed.length = 0;
      expect(await storage.getAlarm()).toBeGreaterThan(Date.now() + 3_000);
      // As if the time had passed.
      storage.sql.exec("UPDATE item SET due_ms = 0");
      await storage.deleteAlarm();
      await channel.alarm();
      expect(handed).toEqual([{ channelId: "x0_test", way: "in", seq: 1 }]);
      expect(await storage.getAlarm()).toBeGreaterThan(Date.now() + 3_000);
    });
  });

  it("has no alarm once nothing waits", async () => {
    await within("idle", async (inside) => {
      await inside.channel.accept(about(), [item("a")]);
      await drained(inside);
      await inside.storage.deleteAlarm();
      await inside.channel.alarm();
      expect(await inside.storage.getAlarm()).toBeNull();
    });
  });

  it("buries what was refused four times, which only its own conversation waited for", async () => {
    await within("poison", async (inside) => {
      const { channel, handed } = inside;
      await channel.accept(about(), [item("bad", "A"), item("next", "A"), item("other", "B")]);
      const order: string[] = [];
      for (let i = 0; i < ATTEMPTS_MAX; i++) {
        const work = await channel.take("in", 1);
        expect(work?.attempts).toBe(i + 1);
        if (work !== null) await channel.settle("in", work, REFUSED);
      }
      expect(await channel.take("in", 2)).toBeNull();
      handed.splice(0, 1);
      order.push(...(await drained(inside)));
      expect(order).toEqual(["other"]);
      // What its queue's dead letters do; without them the next look does.
      await channel.bury("in", 1);
      expect(await drained(inside)).toEqual(["next"]);
      expect(channel.deadLetters(0, 10)).toMatchObject([
        { id: "bad", reason: "no such chat", attempts: 4, way: "in" },
      ]);
      expect(await channel.redrive()).toBe(1);
      expect(handed).toHaveLength(1);
      expect(await drained(inside)).toEqual(["bad"]);
      expect(channel.deadLetters(0, 10)).toEqual([]);
    });
  });

  it("buries it by itself where its queue's dead letters were lost", async () => {
    await within("unburied", async (inside) => {
      const { channel } = inside;
      await channel.accept(about(), [item("bad"), item("next")]);
      for (let i = 0; i < ATTEMPTS_MAX; i++) {
        const work = await channel.take("in", 1);
        if (work !== null) await channel.settle("in", work, REFUSED);
      }
      inside.handed.length = 0;
      expect(await channel.take("in", 1)).toBeNull();
      expect(await drained(inside)).toEqual(["next"]);
      expect(channel.traffic().in.dead).toBe(1);
    });
  });

  it("waits as a whole where the other side takes nothing, for as long as it says, without counting attempts", async () => {
    await within("later", async (inside) => {
      const { channel, handed, storage } = inside;
      await channel.enqueue(about(), item("a", "A"));
      await channel.enqueue(about(), item("b", "B"));
      const work = await channel.take("out", 1);
      const later = { kind: "later", retryAfterMs: 60_000, reason: "too many" } as const;
      if (work !== null) await channel.settle("out", work, later);
      expect(await channel.take("out", 2)).toBeNull();
      const { health } = channel.traffic().out;
      expect(health.resumesAtMs).toBeGreaterThan(Date.now() + 55_000);
      handed.length = 0;
      await channel.alarm();
      expect(handed).toEqual([]);
      // The other way goes on.
      await channel.accept(about(), [item("in")]);
      expect(handed).toHaveLength(1);
      // Another configuration is another chance.
      await channel.configure(about({ outboundPerMinute: 601 }));
      const again = await channel.take("out", 1);
      expect(again?.attempts).toBe(1);
      expect(await storage.getAlarm()).not.toBeNull();
    });
  });

  it("sends no faster than its vendor takes it, and rings when the next may go", async () => {
    await within("paced", async ({ channel, handed, storage }) => {
      for (let i = 0; i < 12; i++)
        await channel.enqueue(about({ outboundPerMinute: 60 }), item(`m${i}`, `C${i}`));
      expect(handed.length).toBeGreaterThanOrEqual(5);
      expect(handed.length).toBeLessThan(9);
      const alarmMs = (await storage.getAlarm()) ?? 0;
      expect(alarmMs - Date.now()).toBeLessThanOrEqual(1_000);
    });
  });

  it("tells who brings too much at once to come again", async () => {
    await within("flooded", async ({ channel }) => {
      const slow = about({ inboundPerMinute: 1 });
      const codes = new Set<string>();
      for (let i = 0; i < 150; i++) {
        const outcome = await channel.accept(slow, [item(`i${i}`, `C${i}`)]);
        if (!outcome.ok)
          codes.add(`${outcome.error.code} ${outcome.error.retryAfterS !== undefined}`);
      }
      expect([...codes]).toEqual(["too-many-requests true"]);
      expect(channel.traffic().in.waiting).toBe(100);
    });
  });

  it("forgets all of it when its channel ends", async () => {
    await within("ended", async ({ channel, storage }) => {
      await channel.accept(about(), [item("a")]);
      await channel.end();
      expect(await channel.take("in", 1)).toBeNull();
      expect(channel.traffic().in.waiting).toBe(0);
      expect([...storage.kv.list()]).toEqual([]);
      // And begins anew where somebody connects it again.
      expect(await channel.accept(about(), [item("a")])).toMatchObject({ value: 1 });
    });
  });
});

describe("what a channel keeps", () => {
  const items = <T>(name: string, run: (items: ChannelItems) => T): Promise<T> =>
    runInDurableObject(env.CHANNEL.getByName(name), (_, state) => {
      state.storage.sql.exec(ITEM_STEP);
      state.storage.sql.exec(THREAD_STEP);
      return run(new ChannelItems(state.storage));
    });

  it("gives up after a day what nobody took, and not before", async () => {
    await items("old", (all) => {
      all.add([{ way: "in", ...item("a") }], 0);
      all.expire(LIFE_MS - 1);
      expect(all.deadCount("in")).toBe(0);
      all.expire(LIFE_MS);
      expect(all.dead(0, 10)).toMatchObject([{ id: "a", reason: "it waited for a day" }]);
    });
  });

  it("remembers for a day what came", async () => {
    await items("seen", (all) => {
      const one = { way: "in" as const, ...item("a") };
      expect(all.add([one], 0)).toBe(1);
      expect(all.add([one], LIFE_MS - 1)).toBe(0);
      expect(all.add([one], LIFE_MS)).toBe(1);
    });
  });

  it("takes all or nothing of what has no room, and knows it when it comes again", async () => {
    await items("full", (all) => {
      const many = (count: number, from: number) =>
        Array.from({ length: count }, (_, i) => ({ way: "out" as const, ...item(`m${from + i}`) }));
      expect(all.add(many(LIMITS.deliveriesWaitingMax - 1, 0), 0)).toBe(
        LIMITS.deliveriesWaitingMax - 1,
      );
      const two = many(2, LIMITS.deliveriesWaitingMax);
      expect(all.add(two, 1)).toBeNull();
      expect(all.waiting("out").items).toBe(LIMITS.deliveriesWaitingMax - 1);
      expect(all.add(two.slice(0, 1), 2)).toBe(1);
      expect(all.add([{ way: "in", ...item("x") }], 3)).toBe(1);
    });
  });
});
