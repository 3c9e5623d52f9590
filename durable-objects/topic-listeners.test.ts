import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Asker, Heard, TopicNews } from "#domain/topics/news.ts";
import { LISTENER_STEP, TopicListeners } from "#objects/topic-listeners.ts";

// Whom a partition tells, and when it asks whether they may hear it.

const begunMs = Date.UTC(2027, 0, 1);
const at = (ms: number) => vi.setSystemTime(begunMs + ms);
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  at(0);
});
afterEach(() => {
  vi.useRealTimers();
});

const askerOf = (id: string): Asker => ({
  holder: { kind: "key", id },
  address: null,
  topics: ["agent.events"],
});
const idOf = ({ holder }: Asker) => (holder.kind === "token" ? "" : holder.id);

/** A partition with listeners `a`, `b` and `c`, each with a stream of the key of its name; what they are told and asked. */
async function withListeners(
  names: readonly string[],
  play: (partition: {
    listeners: TopicListeners;
    append(): Promise<void>;
    asked: string[][];
    told: { name: string; after: number; heard: string[] }[];
    refused: Set<string>;
    ring: { is: (name: string, news: TopicNews) => Promise<Asker[] | null> };
  }) => Promise<void>,
): Promise<void> {
  const object = env.TOPIC.getByName("a0_listeners agent.events 0");
  await runInDurableObject(object, async (_, { storage }) => {
    storage.sql.exec("DROP TABLE IF EXISTS listener");
    storage.sql.exec(LISTENER_STEP);
    let latest = 0;
    const asked: string[][] = [];
    const told: { name: string; after: number; heard: string[] }[] = [];
    const refused = new Set<string>();
    const ring = {
      is: async (name: string, { after, heard = [] }: TopicNews): Promise<Asker[] | null> => {
        told.push({ name, after, heard: heard.map(({ asker }) => idOf(asker)) });
        return [askerOf(name)];
      },
    };
    const listeners = new TopicListeners({
      sql: storage.sql,
      make: () => {},
      isMade: () => true,
      ring: (name, news) => ring.is(name, news),
      mayHear: async (askers) => {
        asked.push(askers.map(idOf));
        return askers.map((asker): Heard | null =>
          refused.has(idOf(asker)) ? null : { asker, topics: ["agent.events"], atMs: Date.now() },
        );
      },
      news: (after) => ({
        topic: "agent.events",
        partition: 0,
        count: 1,
        after,
        last: latest,
        events: [],
      }),
    });
    for (const name of names) expect(listeners.add(name).ok).toBe(true);
    const append = () => listeners.tell(latest++);
    await play({ listeners, append, asked, told, refused, ring });
  });
}

describe("those who listen to a partition", () => {
  it("are asked about together, once they said who they are, and again before that is too old", async () => {
    await withListeners(["a", "b", "c"], async ({ append, asked, told }) => {
      await append(); // nobody has said yet who listens there
      expect(asked).toEqual([]);
      await append();
      expect(asked).toEqual([["a", "b", "c"]]);
      expect(told.slice(3)).toEqual(
        ["a", "b", "c"].map((name) => ({ name, after: 1, heard: [name] })),
      );
      at(3_499);
      await append();
      expect(asked).toHaveLength(1);
      at(3_500);
      await append();
      expect(asked).toHaveLength(2);
    });
  });

  it("are told of nobody that may not hear it: who listens there asks why", async () => {
    await withListeners(["a", "b"], async ({ append, told, refused }) => {
      await append();
      refused.add("b");
      await append();
      expect(told.slice(2)).toEqual([
        { name: "a", after: 1, heard: ["a"] },
        { name: "b", after: 1, heard: [] },
      ]);
    });
  });

  it("ask for themselves where there is one alone", async () => {
    await withListeners(["a"], async ({ append, asked, told }) => {
      await append();
      await append();
      expect(asked).toEqual([]);
      expect(told.map(({ after }) => after)).toEqual([0, 1]);
    });
  });

  it("are told one thing at a time: what comes meanwhile is one more, and nobody waits for who is slow", async () => {
    await withListeners(["a", "b"], async ({ append, told, ring }) => {
      const slow = Promise.withResolvers<void>();
      const own = ring.is;
      ring.is = async (name, news) => {
        if (name === "a" && news.after === 0) await slow.promise;
        return await own(name, news);
      };
      const first = append();
      await vi.waitFor(() => expect(told).toHaveLength(1));
      await append();
      await append();
      expect(told.map(({ name, after }) => [name, after])).toEqual([
        ["b", 0],
        ["b", 1],
        ["b", 2],
      ]);
      slow.resolve();
      await first;
      expect(told.slice(3).map(({ name, after }) => [name, after])).toEqual([
        ["a", 0],
        ["a", 1],
      ]);
    });
  });

  it("are forgotten when nobody there wants to hear any more", async () => {
    await withListeners(["a", "b"], async ({ listeners, append, told, ring }) => {
      await append();
      ring.is = async (name) => {
        told.push({ name, after: -1, heard: [] });
        return null;
      };
      await append();
      expect(listeners.isEmpty).toBe(true);
      await append();
      expect(told).toHaveLength(4);
    });
  });
});
