import { waitUntil } from "cloudflare:workers";
import { log } from "#domain/observability/log.ts";
import {
  type BulkCandidate,
  bulkBindings,
  bulkNamespaceOf,
  candidatesByLeaf,
  VECTORIZE,
} from "#domain/search/bulk/bulk.ts";
import {
  type Codebook,
  PROBES_MAX,
  probesFor,
  spreadOf,
  storedAs,
} from "#domain/search/bulk/coarse.ts";
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
      isWhole: boolean;
      byLeaf: Map<string, BulkCandidate[]>;
    };

type Bindings = { VECTOR_TIER?: DurableObjectNamespace };
type TierCalls = { codebook(known: number): Promise<Codebook | null> };
type Known = { codebook: Codebook | null; spread: number; readAtMs: number };

const NOTHING_KNOWN: Known = { codebook: null, spread: 0, readAtMs: 0 };

/** The dense side of public collections in Vectorize. With no index bound it answers "unused" and asks nothing. */
export function bulkPort(env: Bindings) {
  const indexes = bulkBindings(env).map(
    (name) => new Map<string, unknown>(Object.entries(env)).get(name) as Vectorize,
  );
  const { load, knownOf } = codebooks(env);
  let restUntilMs = 0;

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
    const byLeaf = candidatesByLeaf(answers.flatMap(({ matches }) => matches));
    return { byLeaf, asked: probed.length };
  }

  return {
    /** Whether there is any index to ask. */
    isBound: indexes.length > 0,

    /** Learns the newest codebook of a collection now; a search learns it beside itself. */
    refresh: load,

    async near(collection: Collection, vector: Float32Array): Promise<BulkFound> {
      if (indexes.length === 0 || collection.owner !== "public") return { kind: "unused" };
      const { codebook, spread } = knownOf(collection);
      if (codebook === null || codebook.from !== vector.length) return { kind: "unused" };
      const askedAtMs = Date.now();
      if (askedAtMs < restUntilMs) return { kind: "down" };
      try {
        const answer = await Promise.race([
          ask(collection, codebook, vector),
          scheduler.wait(ANSWER_MS).then(() => null),
        ]);
        if (answer !== null) {
          const isWhole = answer.asked >= spread;
          const { byLeaf } = answer;
          return { kind: "found", codebook: codebook.version, askedAtMs, isWhole, byLeaf };
        }
      } catch (error) {
        log("error", "vectorize-failed", {
          error: error instanceof Error ? error.message : String(error),
        });
      }
      restUntilMs = Date.now() + REST_MS;
      return { kind: "down" };
    },
  };
}

/** The codebooks that an isolate knows. */
function codebooks(env: Bindings) {
  const tiers = new Map<string, Known>();

  async function load({ owner, space }: Collection): Promise<void> {
    const name = `${owner}|${space}`;
    const tier = env.VECTOR_TIER?.getByName(name) as unknown as TierCalls | undefined;
    const before = tiers.get(name)?.codebook ?? null;
    const codebook = (await tier?.codebook(before?.version ?? 0)) ?? before;
    if (tiers.size >= TIERS_MAX) tiers.clear();
    const spread = codebook === null ? 0 : spreadOf(codebook);
    tiers.set(name, { codebook, spread, readAtMs: Date.now() });
  }

  return {
    load,

    /** Read beside the search, which goes on with what is known: shards find everything without it. */
    knownOf(collection: Collection): Known {
      const name = `${collection.owner}|${collection.space}`;
      const known = tiers.get(name) ?? NOTHING_KNOWN;
      if (Date.now() - known.readAtMs >= BELIEVED_MS) {
        // Tried again so soon unless it is read by then: whoever reads it may be cut off without a word.
        tiers.set(name, { ...known, readAtMs: Date.now() - BELIEVED_MS + REST_MS });
        waitUntil(load(collection).catch(() => {}));
      }
      return known;
    },
  };
}
