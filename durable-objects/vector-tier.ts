import { DurableObject } from "cloudflare:workers";
import { bulkBindings, VECTORIZE } from "#domain/search/bulk/bulk.ts";
import {
  CELLS_MAX,
  type Codebook,
  relieved,
  trainCoarse,
  wholeCodebook,
} from "#domain/search/bulk/coarse.ts";
import { projected, trainProjection } from "#domain/search/bulk/pca.ts";
import { migrate } from "#objects/migrate.ts";
import type { VectorIndex } from "#objects/vector-index.ts";

const STEPS = ["CREATE TABLE sample (key TEXT PRIMARY KEY, vector BLOB NOT NULL) STRICT"];

const SAMPLE_MIN = 2_048;
const SAMPLE_MAX = 4_096;
const LOOK_MS = 600_000;
/** A stored row takes 2 MB. */
const FLOATS_PER_ROW = 250_000;

/** How long the shards of an isolate believe a codebook they read: it only ever gains homes. */
const BELIEVED_MS = 60_000;
const CODEBOOKS_MAX = 100;
const codebooks = new Map<string, { codebook: Codebook; readAtMs: number }>();

export type Sampled = { key: string; vector: Float32Array };

/**
 * Decides how a public collection's vectors are stored in Vectorize: gathers a sample, trains the codebook from it
 * once, and gives cells of an index that gets full a further one. No read or write waits for it: while it is away,
 * the codebook that is known goes on. Named by owner and space.
 */
export class VectorTier extends DurableObject<Env> {
  #codebook: Codebook | null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, STEPS);
    this.#codebook = storedCodebook(ctx.storage.kv);
  }

  /** The codebook, if it is a newer one than the caller knows. */
  codebook(known: number): Codebook | null {
    return this.#codebook !== null && this.#codebook.version > known ? this.#codebook : null;
  }

  /** Vectors to learn from, as long as any are wanted. */
  async offer(offered: Sampled[]): Promise<Codebook | null> {
    const from = offered[0]?.vector.length ?? 0;
    const indexes = bulkBindings(this.env).length;
    if (this.#codebook !== null || from === 0 || indexes === 0) return this.#codebook;
    if (indexes === 1 && this.#dimensions(from) === from) {
      this.#store(wholeCodebook(from));
      await this.ctx.storage.setAlarm(Date.now() + LOOK_MS);
      return this.#codebook;
    }
    for (const { key, vector } of offered) {
      if (this.#sampled() >= SAMPLE_MAX) break;
      this.ctx.storage.sql.exec(
        "INSERT OR IGNORE INTO sample VALUES (?, ?)",
        key,
        vector.slice().buffer,
      );
    }
    const wanted = Math.min(SAMPLE_MAX, Number(this.env.WISHUB_VECTORIZE_SAMPLE ?? SAMPLE_MIN));
    if (this.#sampled() >= wanted && (await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(Date.now());
    return null;
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + LOOK_MS);
    const indexes = bulkBindings(this.env);
    if (this.#codebook === null) await this.#train(indexes.length);
    else await this.#relieve(this.#codebook, indexes);
  }

  async #train(indexes: number): Promise<void> {
    const sample = this.ctx.storage.sql
      .exec<{ vector: ArrayBuffer }>("SELECT vector FROM sample ORDER BY key")
      .toArray()
      .map(({ vector }) => new Float32Array(vector));
    const from = sample[0]?.length ?? 0;
    if (from === 0) return;
    const dimensions = this.#dimensions(from);
    const projection =
      dimensions === from ? null : await inSteps(trainProjection(sample, dimensions));
    const stored =
      projection === null ? sample : sample.map((vector) => projected(projection, vector));
    const cells = await inSteps(trainCoarse(stored, Math.max(1, indexes)));
    this.#store({ version: 1, from, projection, dimensions, ...cells });
  }

  async #relieve(codebook: Codebook, indexes: readonly string[]): Promise<void> {
    const writers = this.env.VECTOR_INDEX as DurableObjectNamespace<VectorIndex>;
    const counts = await Promise.all(indexes.map((name) => writers.getByName(name).vectors(name)));
    const known = counts.filter((count) => count !== null);
    // One that does not answer may be full as well as empty: the next look comes.
    const next = known.length === counts.length ? relieved(codebook, known) : null;
    if (next !== null) this.#store(next);
  }

  #store(codebook: Codebook): void {
    this.ctx.storage.transactionSync(() => {
      storeCodebook(this.ctx.storage.kv, codebook);
      this.ctx.storage.sql.exec("DELETE FROM sample");
    });
    this.#codebook = codebook;
  }

  #dimensions(from: number): number {
    const given = this.env.WISHUB_VECTORIZE_DIMENSIONS;
    const wanted = Number(given ?? from);
    if (!Number.isInteger(wanted) || wanted < 1)
      throw new RangeError(`WISHUB_VECTORIZE_DIMENSIONS is "${given}", not a number of dimensions`);
    return Math.min(from, wanted, VECTORIZE.dimensionsMax);
  }

  #sampled(): number {
    return this.ctx.storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM sample").one().n;
  }
}

/** Trains a little at a time, so that calls pass in between. */
async function inSteps<T>(training: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = training.next();
    if (step.done === true) return step.value;
    await scheduler.wait(0);
  }
}

type Plain = Omit<Codebook, "centroids" | "projection"> & { to: number | null };

function storeCodebook(kv: SyncKvStorage, codebook: Codebook): void {
  const { centroids, projection, ...plain } = codebook;
  kv.put("codebook", { ...plain, to: projection?.to ?? null } satisfies Plain);
  putFloats(kv, "centroids", centroids);
  if (projection !== null) putFloats(kv, "projection", projection.rows);
}

function storedCodebook(kv: SyncKvStorage): Codebook | null {
  const stored = kv.get<Plain>("codebook");
  if (stored === undefined) return null;
  const { to, ...plain } = stored;
  const cells = Math.min(CELLS_MAX, plain.homes.length);
  return {
    ...plain,
    centroids: getFloats(kv, "centroids", cells * plain.dimensions),
    projection:
      to === null
        ? null
        : { from: plain.from, to, rows: getFloats(kv, "projection", plain.from * to) },
  };
}

function putFloats(kv: SyncKvStorage, name: string, floats: Float32Array): void {
  for (let first = 0; first < floats.length; first += FLOATS_PER_ROW)
    kv.put(`${name}/${first}`, floats.slice(first, first + FLOATS_PER_ROW));
}

function getFloats(kv: SyncKvStorage, name: string, count: number): Float32Array {
  const floats = new Float32Array(count);
  for (let first = 0; first < count; first += FLOATS_PER_ROW)
    floats.set(kv.get<Float32Array>(`${name}/${first}`) ?? [], first);
  return floats;
}

/** What shards place their vectors by; null while it is still to be learnt, for which they give some of theirs. */
export async function codebookOf(
  tiers: DurableObjectNamespace<VectorTier>,
  name: string,
  sampled: () => Sampled[],
  isAskedAnew = false,
): Promise<Codebook | null> {
  const known = codebooks.get(name);
  const believed = isAskedAnew ? 0 : BELIEVED_MS;
  if (known !== undefined && Date.now() - known.readAtMs < believed) return known.codebook;
  const tier = tiers.getByName(name);
  const codebook =
    (await tier.codebook(known?.codebook.version ?? 0)) ??
    known?.codebook ??
    (await tier.offer(sampled()));
  if (codebook === null) return null;
  if (codebooks.size >= CODEBOOKS_MAX) codebooks.clear();
  codebooks.set(name, { codebook, readAtMs: Date.now() });
  return codebook;
}
