import type { VectorizeBinding } from "#adapters/vectorize.ts";

/**
 * Vectorize as its documentation describes it, for tests: it refuses what the real one refuses, and a write is seen
 * only after `process` (in production some seconds later). `processed` counts mutations as `processedUpToMutation` does.
 */
export function fakeVectorize(dimensions: number) {
  type Stored = { values: Float32Array; namespace: string };
  const visible = new Map<string, Stored>();
  const waiting: (() => void)[] = [];
  let processed = 0;

  const refuse = (reason: string): never => {
    throw new Error(`VECTOR_ERROR: ${reason}`);
  };
  const mutate = (change: () => void) => {
    waiting.push(change);
    return Promise.resolve({ mutationId: `mutation-${processed + waiting.length}` });
  };

  const binding: VectorizeBinding = {
    describe: () => Promise.reject(new Error("not used")),
    upsert(vectors) {
      if (vectors.length > 1_000) refuse("at most 1000 vectors an upsert");
      for (const { id, values, namespace } of vectors) {
        if (new TextEncoder().encode(id).length > 64) refuse("an id is at most 64 bytes");
        if (new TextEncoder().encode(namespace ?? "").length > 64)
          refuse("a namespace is at most 64 bytes");
        if (values.length !== dimensions) refuse(`expected ${dimensions} dimensions`);
      }
      return mutate(() => {
        for (const { id, values, namespace } of vectors)
          visible.set(id, { values: Float32Array.from(values), namespace: namespace ?? "" });
      });
    },
    deleteByIds(ids) {
      if (ids.length > 100) refuse("at most 100 ids a deletion");
      return mutate(() => {
        for (const id of ids) visible.delete(id);
      });
    },
    query(vector, { topK, namespace, returnMetadata, returnValues }) {
      if (vector.length !== dimensions) refuse(`expected ${dimensions} dimensions`);
      if (topK > (returnMetadata === "none" && !returnValues ? 100 : 20))
        refuse("topK is too high");
      const scored = [...visible]
        .filter(([, stored]) => stored.namespace === namespace)
        .map(([id, { values }]) => ({
          id,
          score: values.reduce((sum, value, i) => sum + value * (vector[i] ?? 0), 0),
        }));
      const matches = scored.sort((a, b) => b.score - a.score).slice(0, topK);
      return Promise.resolve({ matches, count: matches.length });
    },
  };

  return {
    binding,
    process(): void {
      for (const change of waiting.splice(0)) {
        change();
        processed++;
      }
    },
    processed: () => processed,
  };
}
