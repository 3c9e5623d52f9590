import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { type Call } from "#adapters/search-calls.ts";
import { searchAnswers } from "#adapters/search-answers.ts";
import { claimOf, indexedUnit } from "#adapters/search.contract.ts";
import { searchPort } from "#adapters/search.ts";
import type { Collection, IndexedUnit, SearchRequest } from "#domain/search/model.ts";
import type { Question, Reply, ShardAnswer, ShardCalls } from "#domain/search/protocol.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";

const DIMENSIONS = 16;
const LEASE_MS = 250;
let tests = 0;
let collection: Collection;
beforeEach(() => {
  collection = { owner: `answers-${++tests}`, space: "test-space" };
});

const unitOf = (number: number, version = 1): IndexedUnit => {
  const contentKey = `${number}${version}`.padStart(8, "0").padEnd(64, "0");
  const vector = Float32Array.from({ length: DIMENSIONS }, (_, i) => (i === number % 16 ? 1 : 0));
  const text = `Passage number${number} about otters`;
  return indexedUnit(number, [{ text, vector }], { version, contentKey });
};
const otters: SearchRequest = {
  text: "otters",
  mode: "lexical",
  filter: {},
  limit: 10,
  explain: false,
};

type Asking = { ask(question: Question): Promise<ShardAnswer<Reply>> };

/** An isolate with calls that are counted; a far one does not share the memory of any shard, a slow one sees no time pass. */
function isolate(where: "far" | "here" | "far and slow") {
  const calls = { asked: 0, unchanged: 0, leases: 0 };
  let laterMs = 0;
  let held: Promise<unknown> = Promise.resolve();
  const begunAtMs = Date.now();
  const namespace = {
    getByName(name: string) {
      const stub = env.SEARCH_SHARD.getByName(name) as unknown as Asking;
      return new Proxy(stub, {
        get(target, method) {
          if (method !== "ask") return Reflect.get(target, method);
          return async (question: Question) => {
            calls.asked++;
            if (question.leaseMs > 0) calls.leases++;
            await held;
            const answer = await target.ask(question);
            if (answer.kind === "done" && answer.value.hits === null) calls.unchanged++;
            return answer;
          };
        },
      });
    },
  } as unknown as DurableObjectNamespace;
  const port = searchPort(
    { SEARCH_SHARD: namespace },
    {
      nowMs: () => (where === "far and slow" ? begunAtMs : Date.now()) + laterMs,
      ...(where !== "here" && { nearShard: () => undefined }),
    },
  );
  const found = async (request = otters) =>
    (await port.search([collection], request)).hits
      .map(({ unitId, version }) => `${unitId}@${version}`)
      .toSorted();
  /** From now on no shard hears anything until what this gives is called. */
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    return resolve;
  };
  return { port, found, calls, hold, later: (ms: number) => (laterMs += ms) };
}

describe("a question that is asked again", () => {
  it("costs no call while the lease of its answer stands", async () => {
    const { port, found, calls } = isolate("far and slow");
    await port.index(collection, [unitOf(1)]);
    await found();
    await found();
    expect(calls).toEqual({ asked: 2, unchanged: 0, leases: 2 });
    for (let times = 0; times < 20; times++) expect(await found()).toEqual(["unit-1@1"]);
    expect(calls.asked).toBe(2);
  });

  it("is not ranked again while the shard is what it was", async () => {
    const { port, found, calls, later } = isolate("far and slow");
    await port.index(collection, [unitOf(1)]);
    await found();
    await found();
    later(LEASE_MS);
    expect(await found()).toEqual(["unit-1@1"]);
    expect(calls).toEqual({ asked: 3, unchanged: 1, leases: 3 });
  });

  it.each(["far and slow", "here"] as const)(
    "costs one call when very many ask it at once that nobody asked before, %s",
    async (where) => {
      const { port, found, calls } = isolate(where);
      await port.index(collection, [unitOf(1)]);
      const answers = await Promise.all(Array.from({ length: 100 }, () => found()));
      expect(answers).toEqual(Array.from({ length: 100 }, () => ["unit-1@1"]));
      expect(calls.asked).toBe(1);
    },
  );

  it("is asked of a silent shard by one request at a time, and answered to all once it speaks", async () => {
    const { port, found, calls, hold } = isolate("far");
    await port.index(collection, [unitOf(1)]);
    const speak = hold();
    const waiting = Promise.all(Array.from({ length: 50 }, () => found()));
    await scheduler.wait(50);
    expect(calls.asked).toBe(1);
    speak();
    expect(new Set((await waiting).flat())).toEqual(new Set(["unit-1@1"]));
    expect(calls.asked).toBeLessThan(5);
  });

  it("is told from one that differs in its vector only", async () => {
    const { port, found } = isolate("far and slow");
    await port.index(collection, [unitOf(1), unitOf(2)]);
    for (const _ of ["first", "again", "from memory"]) {
      for (const number of [1, 2]) {
        const vector = unitOf(number).passages[0]?.vector ?? new Float32Array();
        const near = { ...otters, mode: "semantic" as const, vector, limit: 1 };
        expect(await found(near)).toEqual([`unit-${number}@1`]);
      }
    }
  });
});

describe("a change", () => {
  it("is seen by every isolate once it is called done, whatever they keep", async () => {
    const [writer, ...readers] = [isolate("far"), isolate("far"), isolate("far"), isolate("here")];
    await writer?.port.index(collection, [unitOf(0)]);
    let stop = false;
    const busy = readers.map(async ({ found }) => {
      while (!stop) {
        await found();
        await scheduler.wait(1);
      }
    });
    for (let number = 1; number <= 4; number++) {
      await writer?.port.index(collection, [unitOf(number)]);
      const expected = ["unit-0@1", `unit-${number}@1`].toSorted();
      for (const { found } of readers) expect(await found()).toEqual(expected);
      await writer?.port.index(collection, [unitOf(number, 2)]);
      for (const { found } of readers) expect(await found()).toContain(`unit-${number}@2`);
      await writer?.port.remove(collection, [claimOf(unitOf(number, 2))]);
      for (const { found } of readers) expect(await found()).toEqual(["unit-0@1"]);
    }
    stop = true;
    await Promise.all(busy);
  });

  it("waits for the leases that an object gave before it was restarted", async () => {
    const [writer, reader] = [isolate("far"), isolate("far")];
    await writer.port.index(collection, [unitOf(1)]);
    await scheduler.wait(1_100); // a shard that was written to lately gives short leases
    await reader.found();
    await reader.found();
    await evictDurableObject(env.SEARCH_SHARD.getByName(rootOf(collection).name));
    await writer.port.remove(collection, [claimOf(unitOf(1))]);
    expect(await reader.found()).toEqual([]);
  });

  it("gives the shard a revision that it never had, also after a restart", async () => {
    const stub = env.SEARCH_SHARD.getByName(rootOf(collection).name) as unknown as Asking;
    const seen = new Set<string>();
    const revision = async () => {
      const answer = await stub.ask({ request: otters, unless: null, leaseMs: 0 });
      if (answer.kind !== "done") throw new Error(answer.kind);
      return answer.value.revision;
    };
    const { port } = isolate("far");
    for (let number = 0; number < 3; number++) {
      await port.index(collection, [unitOf(number)]);
      seen.add(await revision());
      await port.remove(collection, [claimOf(unitOf(number))]);
      seen.add(await revision());
      await evictDurableObject(stub as unknown as DurableObjectStub);
      seen.add(await revision());
    }
    expect(seen.size).toBe(9);
  });
});

describe("what a leaf said when something was known from others", () => {
  it("serves again where as much is known, and is asked for anew where less is", async () => {
    const asks: (string | null)[] = [];
    const call: Call = async <T>(_: string, ask: (stub: ShardCalls) => Promise<ShardAnswer<T>>) =>
      await ask({
        ask: async ({ unless }: Question) => {
          asks.push(unless);
          const hits = unless === null ? "[]" : null;
          const reply = { hits, peaks: null, revision: "run.1", leaseMs: 0, spread: 0 };
          return { kind: "done", value: reply };
        },
      } as unknown as ShardCalls);
    const answers = searchAnswers(call, { nearShard: () => undefined }, () => {});
    answers.question(["c"], otters);
    const asked = answers.question(["c"], otters);
    const askBeyond = async (score: number) => {
      const request = { ...otters, beyond: { score, peaks: null } };
      const answer = await answers.ask(asked, "leaf", request, false);
      if (answer.kind !== "done") throw new Error("There is always an answer");
      answers.answered(asked, [answer.value], { partial: false, areSome: false });
    };
    for (const score of [0.5, 0.6, 0.5, 0.4, 0.4]) await askBeyond(score);
    expect(asks).toEqual([null, "run.1", "run.1", null, "run.1"]);
  });
});

describe("a shard in this isolate", () => {
  it("is read without a call once it was heard of, and never asked for a lease", async () => {
    const { port, found, calls } = isolate("here");
    await port.index(collection, [unitOf(1), unitOf(2)]);
    expect(await found()).toEqual(["unit-1@1", "unit-2@1"]);
    for (const text of ["number1", "number2", "number1"])
      expect(await found({ ...otters, text })).toEqual([`unit-${text.at(-1)}@1`]);
    await port.remove(collection, [claimOf(unitOf(2))]);
    expect(await found()).toEqual(["unit-1@1"]);
    expect(calls).toEqual({ asked: 1, unchanged: 0, leases: 0 });
  });

  it("is asked when it has been restarted, and when what is wanted lies on its disk", async () => {
    const { port, found } = isolate("here");
    await port.index(
      collection,
      Array.from({ length: 40 }, (_, number) => unitOf(number)),
    );
    for (let number = 0; number < 40; number += 8) {
      await evictDurableObject(env.SEARCH_SHARD.getByName(rootOf(collection).name));
      for (const text of [`number${number}`, `number${number + 1}`])
        expect(await found({ ...otters, text })).toEqual([`unit-${text.slice(6)}@1`]);
      await port.remove(collection, [claimOf(unitOf(number))]);
      expect(await found({ ...otters, text: `number${number}` })).toEqual([]);
    }
  });
});
