import { waitUntil } from "cloudflare:workers";
import {
  type BulkCandidate,
  bulkBindings,
  bulkNamespaceOf,
  candidatesByLeaf,
  VECTORIZE,
} from "#domain/search/bulk.ts";
import { type Codebook, PROBES_MAX, probesFor, storedAs } from "#domain/search/coarse.ts";
import type { Collection } from "#domain/search/model.ts";

/** A search does without an index that takes longer. */
const ANSWER_MS = 500;
/** And without all of them for so long once one has failed, so that not every search waits for it. */
const REST_MS = 5_000;
/** Vectors placed by a newer codebook are in their shards' own hands for anyone who knows an older one. */
const BELIEVED_MS = 30_000;
const TIERS_MAX = 100;

/**
 * What Vectorize knows near a question: nothing because it holds nothing of the collection ("unused"), nothing because
 * it did not answer ("down"), or candidates by the tag of the leaf that held them (`leafTag`).
 */
export type BulkFound =
  | { kind: "unused" }
  | { kind: "down" }
  | {
      kind: "found";
      codebook: number;
      askedAtMs: number;
      byLeaf: Map<string, BulkCandidate[]>;
    };

type TierCalls = { codebook(known: number): Promise<Codebook | null> };
type Known = { codebook: Codebook | null; readAtMs: number; refreshing: boolean };

/** The dense side of public collections in Vectorize. With no index bound it answers "unused" and asks nothing. */
export function bulkPort(env: { VECTOR_TIER?: DurableObjectNamespace }) {
  const indexes = bulkBindings(env).map(
    (name) => new Map<string, unknown>(Object.entries(env)).get(name) as Vectorize,
  );
  const tiers = new Map<string, Known>();
  let restUntilMs = 0;

  async function load(name: string): Promise<Codebook | null> {
    const tier = env.VECTOR_TIER?.getByName(name) as unknown as TierCalls | undefined;
    const before = tiers.get(name)?.codebook ?? null;
    const codebook = (await tier?.codebook(before?.version ?? 0)) ?? before;
    if (tiers.size >= TIERS_MAX) tiers.clear();
    tiers.set(name, { codebook, readAtMs: Date.now(), refreshing: false });
    return codebook;
  }

  /** Read beside the search, which goes on with what is known: shards find everything without it. */
  function codebookOf({ owner, space }: Collection): Codebook | null {
    const name = `${owner}|${space}`;
    const known = tiers.get(name) ?? { codebook: null, readAtMs: 0, refreshing: false };
    if (!known.refreshing && Date.now() - known.readAtMs >= BELIEVED_MS) {
      tiers.set(name, { ...known, refreshing: true });
      waitUntil(
        load(name).catch(() => tiers.set(name, { ...known, readAtMs: Date.now() - REST_MS })),
      );
    }
    return known.codebook;
  }

  async function ask(collection: Collection, codebook: Codebook, vector: Float32Array) {
    const stored = storedAs(codebook, vector);
    const probed = probesFor(codebook, stored, PROBES_MAX).flatMap((i) => indexes[i] ?? []);
    const answers = await Promise.all(
      probed.map((index) =>
        index.query(stored, {
          topK: VECTORIZE.topKMax,
          namespace: bulkNamespaceOf(collection),
          returnMetadata: "none",
          returnValues: false,
        }),
      ),
    );
    return candidatesByLeaf(answers.flatMap(({ matches }) => matches));
  }

  return {
    /** Whether there is any index to ask. */
    isBound: indexes.length > 0,

    /** Learns the newest codebook of a collection now; a search learns it beside itself. */
    refresh: async ({ owner, space }: Collection): Promise<void> =>
      void (await load(`${owner}|${space}`)),

    async near(collection: Collection, vector: Float32Array): Promise<BulkFound> {
      if (indexes.length === 0 || collection.owner !== "public") return { kind: "unused" };
      const codebook = codebookOf(collection);
      if (codebook === null || codebook.from !== vector.length) return { kind: "unused" };
      const askedAtMs = Date.now();
      if (askedAtMs < restUntilMs) return { kind: "down" };
      try {
        const byLeaf = await Promise.race([
          ask(collection, codebook, vector),
          scheduler.wait(ANSWER_MS).then(() => null),
        ]);
        if (byLeaf !== null)
          return { kind: "found", codebook: codebook.version, askedAtMs, byLeaf };
      } catch (error) {
        console.error({
          event: "vectorize-failed",
          error: error instanceof Error ? error.message : String(error),
        });
      }
      restUntilMs = Date.now() + REST_MS;
      return { kind: "down" };
    },
  };
}
