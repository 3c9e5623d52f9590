import { expect, test } from "vitest";
import { VECTORIZE } from "#domain/search/bulk/bulk.ts";

/** An index of Vectorize, or what stands for one. */
export type IndexTwin = {
  index: Vectorize;
  /** In which a test is alone with what it stores. */
  namespace: string;
  /** Waits until the index has come to this mutation. */
  reach(mutationId: string): Promise<void>;
};

/** A real index takes minutes over the whole. */
const SLOW_MS = 600_000;

type Entry = { id: string; values: Float32Array; namespace: string };

/** What the writer of an index and a search rely on, limits included. Runs on every twin as it stands. */
// oxlint-disable-next-line max-lines-per-function -- one test after the other
export function indexContract(open: () => Promise<IndexTwin>): void {
  /** A direction by its angle in the plane of the first two dimensions: the cosine of two is that of their difference. */
  async function twinWith(count: number) {
    const twin = await open();
    const { dimensions } = await twin.index.describe();
    const at = (degrees: number): Float32Array => {
      const values = new Float32Array(dimensions);
      values.set([Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]);
      return values;
    };
    const entry = (id: string, degrees: number): Entry => ({
      id: `${twin.namespace}.${id}`,
      values: at(degrees),
      namespace: twin.namespace,
    });
    const entries = Array.from({ length: count }, (_, n) => entry(`n${n}`, n / 10));
    if (count > 0) await twin.reach((await twin.index.upsert(entries)).mutationId);
    const ask = (degrees: number, topK: number, more: VectorizeQueryOptions = {}) =>
      twin.index.query(at(degrees), { topK, namespace: twin.namespace, ...more });
    const idsNear = async (degrees: number, topK = 10) =>
      (await ask(degrees, topK)).matches.map(({ id }) => id.slice(twin.namespace.length + 1));
    return { ...twin, at, entry, ask, idsNear };
  }

  test(
    "shows a change only once it names its mutation or a later one, and from then on",
    async () => {
      const { index, entry, idsNear, reach } = await twinWith(0);
      const { mutationId: first } = await index.upsert([entry("a", 0), entry("b", 10)]);
      const { mutationId: second } = await index.upsert([entry("c", 20)]);
      expect(typeof first).toBe("string");
      expect(second).not.toBe(first);
      await reach(second);
      expect(String((await index.describe()).processedUpToMutation)).toBe(second);
      expect(await idsNear(0)).toEqual(["a", "b", "c"]);
    },
    SLOW_MS,
  );

  test(
    "holds what it was told last under an id, and deletes what is not there without complaint",
    async () => {
      const { index, namespace, entry, idsNear, reach } = await twinWith(3);
      await index.upsert([entry("n0", 90)]);
      const gone = [`${namespace}.n1`, `${namespace}.never`];
      await reach((await index.deleteByIds(gone)).mutationId);
      expect(await idsNear(90)).toEqual(["n0", "n2"]);
    },
    SLOW_MS,
  );

  test(
    "gives the best hundred of a namespace by their cosines, and nothing of another",
    async () => {
      const { namespace, ask } = await twinWith(VECTORIZE.topKMax + 20);
      const { matches, count } = await ask(0, VECTORIZE.topKMax, {
        returnMetadata: "none",
        returnValues: false,
      });
      expect(count).toBe(VECTORIZE.topKMax);
      const scores = matches.map(({ score }) => score);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      expect(scores[0]).toBeCloseTo(1, 3);
      expect(matches.every(({ values }) => values === undefined)).toBe(true);
      expect(matches.every(({ id }) => id.startsWith(`${namespace}.`))).toBe(true);
      const { matches: elsewhere } = await ask(0, 5, { namespace: `${namespace}-other` });
      expect(elsewhere).toEqual([]);
    },
    SLOW_MS,
  );

  test(
    "takes as much at once as its limits say, and refuses more",
    async () => {
      const { index, namespace, at, entry, ask, reach } = await twinWith(0);
      const many = Array.from({ length: VECTORIZE.upsertMax + 1 }, (_, n) => entry(`m${n}`, n));
      await expect(index.upsert(many)).rejects.toThrow();
      const taken = many.slice(0, VECTORIZE.upsertMax);
      await reach((await index.upsert(taken)).mutationId);
      const ids = taken.map(({ id }) => id);
      await expect(index.deleteByIds(ids.slice(0, VECTORIZE.deleteMax + 1))).rejects.toThrow();
      let last = "";
      for (let first = 0; first < ids.length; first += VECTORIZE.deleteMax)
        last = (await index.deleteByIds(ids.slice(first, first + VECTORIZE.deleteMax))).mutationId;
      await reach(last);
      expect((await ask(0, 10)).matches).toEqual([]);

      const long = `${namespace}.`.padEnd(VECTORIZE.idBytesMax, "x");
      const values = at(0);
      await expect(index.upsert([{ id: `${long}x`, namespace, values }])).rejects.toThrow();
      const wide = "é".repeat(VECTORIZE.namespaceBytesMax / 2 + 1);
      await expect(index.upsert([{ id: long, namespace: wide, values }])).rejects.toThrow();
      const wrong = new Float32Array(values.length + 1).fill(1);
      await expect(index.upsert([{ id: long, namespace, values: wrong }])).rejects.toThrow();
      await expect(index.query(wrong, { topK: 1 })).rejects.toThrow();
      await expect(ask(0, VECTORIZE.topKMax + 1)).rejects.toThrow();
      await reach((await index.upsert([{ id: long, namespace, values }])).mutationId);
      expect((await ask(0, 1)).matches.map(({ id }) => id)).toEqual([long]);
      await reach((await index.deleteByIds([long])).mutationId);
    },
    SLOW_MS,
  );
}
