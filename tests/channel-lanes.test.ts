import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { About, ChannelRef, Work } from "#domain/channels/item.ts";
import { Channel } from "#objects/channel.ts";

// Whatever its queue does (loses, repeats, reorders) and whenever its object begins anew: nothing is lost, nothing is done
// twice, and each conversation keeps its order.

const ABOUT: About = {
  channelId: "x0_lanes",
  type: "slack",
  isPaused: false,
  outboundPerMinute: 6_000,
  inboundPerMinute: 6_000,
};
type Step =
  | { do: "say"; lane: number }
  | { do: "again"; nth: number }
  | { do: "take"; nth: number; copies: number; outcome: "done" | "refused" | "cut" }
  | { do: "lose"; nth: number }
  | { do: "begin anew" }
  | { do: "ring" };

const nth = fc.nat(20);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("say" as const), lane: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("again" as const), nth }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("take" as const),
      nth,
      copies: fc.integer({ min: 1, max: 2 }),
      outcome: fc.constantFrom("done", "done", "refused", "cut"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lose" as const), nth }) },
  { weight: 1, arbitrary: fc.constant({ do: "begin anew" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "ring" as const }) },
);

let runs = 0;

it("loses nothing, does nothing twice, and keeps the order of each conversation", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), async (steps) => {
      await runInDurableObject(env.CHANNEL.getByName(`lanes ${runs++}`), async (_, state) => {
        const { storage } = state;
        const queue: ChannelRef[] = [];
        const keeps = {
          sendBatch: async (all: { body: ChannelRef }[]) =>
            void queue.push(...all.map(({ body }) => body)),
        };
        const begun = () =>
          new Channel(state, { ...env, CHANNEL_INBOUND_SLACK: keeps } as unknown as Env);
        let channel = begun();
        const said: { id: string; lane: string; body: string }[] = [];
        const over: Work[] = [];
        const finish = async (work: Work, outcome: "done" | "refused") => {
          if (outcome === "done") over.push(work);
          await channel.settle(
            "in",
            work,
            outcome === "done" ? { kind: "done" } : { kind: "refused", reason: "no" },
          );
        };
        const letTimePass = () =>
          storage.sql.exec(
            "UPDATE item SET due_ms = 0, leased_until_ms = 0 WHERE dead_at_ms IS NULL",
          );
        for (const one of steps) {
          if (one.do === "say") {
            const item = { id: `m${said.length}`, lane: `C${one.lane}`, body: "{}" };
            said.push(item);
            expect(await channel.accept(ABOUT, [item])).toEqual({ ok: true, value: 1 });
          } else if (one.do === "again" && said.length > 0) {
            const item = said[one.nth % said.length];
            if (item !== undefined)
              expect(await channel.accept(ABOUT, [item])).toEqual({ ok: true, value: 0 });
          } else if (one.do === "take" && queue.length > 0) {
            const [ref] = queue.splice(one.nth % queue.length, 1);
            if (ref === undefined) continue;
            const works = [];
            for (let copy = 0; copy < one.copies; copy++)
              works.push(await channel.take("in", ref.seq));
            const held = works.filter((work) => work !== null);
            expect(held.length).toBeLessThanOrEqual(1);
            for (const work of held) if (one.outcome !== "cut") await finish(work, one.outcome);
          } else if (one.do === "lose" && queue.length > 0) queue.splice(one.nth % queue.length, 1);
          else if (one.do === "begin anew") channel = begun();
          else if (one.do === "ring" && said.length > 0) {
            letTimePass();
            await channel.alarm();
          }
        }
        // From here on all is well, and what was buried is looked at in the end.
        for (let round = 0; channel.traffic().in.waiting > 0; round++) {
          expect(round).toBeLessThan(said.length * 5 + 5);
          letTimePass();
          await channel.alarm();
          for (let ref = queue.shift(); ref !== undefined; ref = queue.shift()) {
            const work = await channel.take("in", ref.seq);
            if (work !== null) await finish(work, "done");
          }
        }
        const dead = channel.deadLetters(0, 100);
        const ids = [...over.map(({ id }) => id), ...dead.map(({ id }) => id)];
        expect(ids.toSorted()).toEqual(said.map(({ id }) => id).toSorted());
        for (const lane of ["C0", "C1", "C2"]) {
          const seqs = over.filter((work) => work.lane === lane).map(({ seq }) => seq);
          expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
        }
        await storage.deleteAlarm();
        await storage.deleteAll();
      });
    }),
    { numRuns: 40 },
  );
}, 60_000);
