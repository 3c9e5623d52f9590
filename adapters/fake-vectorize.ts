import { INDEX_VECTORS_MAX } from "#domain/search/bulk/coarse.ts";
import { VECTORIZE } from "#domain/search/bulk/bulk.ts";

type Stored = { values: Float32Array; namespace: string };
type Waiting = { id: string; change: () => void };
/** What goes wrong with the next mutation: it is turned away, it never arrives, or it arrives and the answer is lost. */
type Trouble = "busy" | "lost" | "answer-lost";

const utf8 = new TextEncoder();
const refuse = (code: number, reason: string): never => {
  throw new Error(`VECTOR_ERROR (code = ${code}): ${reason}`);
};

/**
 * An index of Vectorize (its second API) as the vendor's documentation describes it, for tests: it refuses what the
 * real one refuses, mutations have opaque ids, and one is seen only once `process` has come to it (in production some
 * seconds later, in order). `trouble` is what the next mutations meet; `down` makes every call fail.
 */
// oxlint-disable-next-line max-lines-per-function -- one short method a call of the binding
export function fakeVectorize(dimensions: number, capacity = INDEX_VECTORS_MAX) {
  if (dimensions > VECTORIZE.dimensionsMax)
    throw new RangeError(`No index has ${dimensions} dimensions`);
  const visible = new Map<string, Stored>();
  const waiting: Waiting[] = [];
  const trouble: Trouble[] = [];
  let processed = { id: "", atMs: 0 };
  let mutations = 0;
  let queries = 0;
  let isDown = false;
  let hangs = false;
  let pretended = 0;
  const largest = { upsert: 0, deletion: 0, id: 0, namespace: 0, topK: 0 };

  const answerable = () => {
    if (isDown) throw new Error("VECTOR_ERROR (code = 40001): internal error");
  };
  const checkValues = (values: ArrayLike<number>) => {
    if (values.length !== dimensions)
      refuse(40012, `expected ${dimensions} dimensions, and got ${values.length} dimensions`);
  };
  const mutate = async (change: () => void): Promise<VectorizeAsyncMutation> => {
    const met = trouble.shift();
    if (met === "busy") throw new Error("VECTOR_ERROR: too many requests (429)");
    if (met === "lost") throw new Error("Network connection lost");
    // Ids say nothing about their order, as UUIDs do not.
    const mutationId = opaqueId(++mutations);
    waiting.push({ id: mutationId, change });
    if (met === "answer-lost") throw new Error("Network connection lost");
    return { mutationId };
  };

  const put = async (vectors: VectorizeVector[], isUpsert: boolean) => {
    answerable();
    if (vectors.length > VECTORIZE.upsertMax)
      refuse(40008, `too many vectors in payload; max is 1000, got ${vectors.length}`);
    largest.upsert = Math.max(largest.upsert, vectors.length);
    for (const { id, values, namespace = "" } of vectors) {
      const bytes = { id: utf8.encode(id).length, namespace: utf8.encode(namespace).length };
      if (bytes.id > VECTORIZE.idBytesMax || bytes.id === 0) refuse(40010, "id is too long");
      if (bytes.namespace > VECTORIZE.namespaceBytesMax) refuse(40013, "namespace is too long");
      largest.id = Math.max(largest.id, bytes.id);
      largest.namespace = Math.max(largest.namespace, bytes.namespace);
      checkValues(values);
    }
    const copies = vectors.map(({ id, values, namespace = "" }) => ({
      id,
      stored: { values: Float32Array.from(values), namespace },
    }));
    return await mutate(() => {
      for (const { id, stored } of copies) {
        if (!isUpsert && visible.has(id)) continue;
        if (!visible.has(id) && visible.size >= capacity) refuse(40014, "the index is full");
        visible.set(id, stored);
      }
    });
  };

  const binding: Vectorize = {
    insert: (vectors) => put(vectors, false),
    upsert: (vectors) => put(vectors, true),
    async deleteByIds(ids) {
      answerable();
      if (ids.length > VECTORIZE.deleteMax)
        refuse(40007, `too many ids in payload; max id count is 100, got ${ids.length}`);
      largest.deletion = Math.max(largest.deletion, ids.length);
      return await mutate(() => {
        for (const id of ids) visible.delete(id);
      });
    },
    async getByIds(ids) {
      answerable();
      return ids.flatMap((id) => {
        const stored = visible.get(id);
        return stored === undefined ? [] : [{ id, ...stored }];
      });
    },
    async query(vector, options = {}) {
      answerable();
      const { topK = 5, namespace, returnValues = false, returnMetadata = "none" } = options;
      checkValues(vector);
      const isBare = !returnValues && (returnMetadata === "none" || returnMetadata === false);
      const most = isBare ? VECTORIZE.topKMax : VECTORIZE.topKWithDataMax;
      if (topK > most || topK < 1) refuse(40025, `topK must be between 1 and ${most}, got ${topK}`);
      queries++;
      if (hangs) return await new Promise<never>(() => {});
      largest.topK = Math.max(largest.topK, topK);
      const scored = [...visible]
        .filter(([, stored]) => namespace === undefined || stored.namespace === namespace)
        .map(([id, { values, namespace: held }]) => ({
          id,
          namespace: held,
          score: cosineOf(values, vector),
          ...(returnValues ? { values } : {}),
        }))
        .sort((a, b) => b.score - a.score)
        .slice(0, topK);
      return { matches: scored, count: scored.length };
    },
    async queryById(id, options) {
      const stored = visible.get(id) ?? refuse(40009, "no such id");
      return await binding.query(stored.values, options);
    },
    async describe() {
      answerable();
      // The types say number where the documentation and the index say ISO 8601 and UUID.
      return {
        vectorCount: pretended + visible.size,
        dimensions,
        processedUpToDatetime: new Date(processed.atMs).toISOString(),
        processedUpToMutation: processed.id,
      } as unknown as VectorizeIndexInfo;
    },
  };

  return {
    binding,
    /** Comes to the next `count` mutations, or to all. */
    process(count = waiting.length): void {
      for (const { id, change } of waiting.splice(0, count)) {
        change();
        processed = { id, atMs: processed.atMs + 1 };
      }
    },
    trouble: (...kinds: Trouble[]): void => void trouble.push(...kinds),
    down(down: boolean): void {
      isDown = down;
    },
    /** No more trouble. */
    calm: (): void => void trouble.splice(0),
    /** The ids that a query can find, in one namespace or in all. */
    ids: (namespace?: string): string[] =>
      [...visible]
        .filter(([, stored]) => namespace === undefined || stored.namespace === namespace)
        .map(([id]) => id),
    waiting: (): number => waiting.length,
    queries: (): number => queries,
    /** No question is answered any more. */
    hang(hanging: boolean): void {
      hangs = hanging;
    },
    /** Says that it holds so many vectors more. */
    pretend(vectors: number): void {
      pretended = vectors;
    },
    /** Loses all it holds. */
    clear: (): void => visible.clear(),
    /** The most of each that was ever asked of it at once: what a test holds against the limits. */
    largest,
  };
}

export type FakeVectorize = ReturnType<typeof fakeVectorize>;

function cosineOf(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [product, ofA, ofB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    product += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return ofA === 0 || ofB === 0 ? 0 : product / Math.sqrt(ofA * ofB);
}

function opaqueId(number: number): string {
  const hash = (Math.imul(number, 0x9e37_79b1) >>> 0).toString(16).padStart(8, "0");
  return `${hash}-0000-4000-8000-${number.toString(16).padStart(12, "0").split("").toReversed().join("")}`;
}
