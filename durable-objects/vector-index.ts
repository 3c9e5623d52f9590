import { DurableObject } from "cloudflare:workers";
import { log } from "#domain/observability/log.ts";
import { type BulkChange, coalesced, VECTORIZE } from "#domain/search/bulk/bulk.ts";
import { isOverfull } from "#domain/search/bulk/coarse.ts";
import { migrate } from "#objects/migrate.ts";

const STEPS = [
  `CREATE TABLE sent (position INTEGER PRIMARY KEY AUTOINCREMENT, mutation_id TEXT NOT NULL UNIQUE,
     through INTEGER NOT NULL, sent_at_ms INTEGER NOT NULL) STRICT`,
  // Vectors that the mutation may add: the index counts them only once it has come to it.
  "ALTER TABLE sent ADD COLUMN vectors INTEGER NOT NULL DEFAULT 0",
];

/** What waits to be sent; whoever comes when there is more keeps its own for later. */
const QUEUED_MAX = 50_000;
/** Mutations that the index has not passed yet. */
const SENT_MAX = 5_000;
const GROUPS_PER_ALARM = 20;
/** A stored row takes 2 MB; a list of changes is cut into numbers below that. */
const NUMBER_BYTES_MAX = 1_000_000;
const LOOK_MS = 1_000;
const LOOK_MAX_MS = 60_000;
/** An index that names a mutation we do not know for so long is sent one that changes nothing, to be known again. */
const UNKNOWN_MS = 30_000;
const MARKER = "-";

type Mutation = { id: string; vectors: number };

/** Waiting is what the numbers up to `next` hold that the index was not told yet. */
type State = { next: number; queued: number; passed: number; passedPosition: number };
const FIRST: State = { next: 1, queued: 0, passed: 0, passedPosition: 0 };

export type Appended =
  | { kind: "taken"; number: number }
  | { kind: "overloaded" }
  /** The index can hold nothing more, or not vectors like these. */
  | { kind: "refused"; reason: string };

/**
 * The one writer of a Vectorize index: numbers what it is to change, tells the index in that order, and answers which
 * numbers the index has passed. What it took is durable and is sent at least once; a crash between sending and noting
 * it sends again, which changes nothing. Named by the index's binding.
 */
export class VectorIndex extends DurableObject<Env> {
  #state: State;
  #failures = 0;
  /** As last described; unknown until then. */
  #info: { dimensions: number; vectors: number } | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, STEPS);
    this.#state = ctx.storage.kv.get<State>("state") ?? FIRST;
  }

  /** Takes changes under one number, higher than all before it. Durable when it answers. */
  async append(binding: string, changes: BulkChange[]): Promise<Appended> {
    this.ctx.storage.kv.put("binding", binding);
    const refused = await this.#refusal(changes);
    if (refused !== null) return refused;
    const appended = this.ctx.storage.transactionSync((): Appended => {
      if (this.#state.queued + changes.length > QUEUED_MAX) return { kind: "overloaded" };
      let { next } = this.#state;
      for (const part of cut(changes)) this.ctx.storage.kv.put(keyOf(next++), part);
      this.#save({ ...this.#state, next, queued: this.#state.queued + changes.length });
      return { kind: "taken", number: next - 1 };
    });
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now());
    return appended;
  }

  /** The highest number whose changes, and all before, every query of the index sees. */
  passed(): { through: number } {
    return { through: this.#state.passed };
  }

  /** How many vectors the index holds; null when it does not answer. */
  async vectors(binding: string): Promise<number | null> {
    this.ctx.storage.kv.put("binding", binding);
    try {
      this.#info = await this.#describe();
      return this.#info.vectors;
    } catch {
      return null;
    }
  }

  override async alarm(): Promise<void> {
    // Set first: whatever happens below, the next look comes.
    await this.ctx.storage.setAlarm(Date.now() + LOOK_MS);
    try {
      for (let group = 0; group < GROUPS_PER_ALARM && (await this.#sendSome()); group++);
      await this.#look();
      this.#failures = 0;
    } catch (error) {
      this.#failures++;
      log("error", "vector-index-failed", {
        error: error instanceof Error ? error.message : String(error),
      });
    }
    const waitMs = Math.min(LOOK_MAX_MS, LOOK_MS * 2 ** Math.min(this.#failures, 10));
    if (this.#isIdle()) await this.ctx.storage.deleteAlarm();
    else await this.ctx.storage.setAlarm(Date.now() + (this.#failures > 0 ? waitMs : LOOK_MS));
  }

  #save(state: State): void {
    this.ctx.storage.kv.put("state", state);
    this.#state = state;
  }

  #index(): Vectorize {
    const name = this.ctx.storage.kv.get<string>("binding") ?? "";
    const index = new Map<string, unknown>(Object.entries(this.env)).get(name);
    if (index === undefined) throw new Error(`The index ${name} is not bound`);
    return index as Vectorize;
  }

  async #refusal(changes: readonly BulkChange[]): Promise<Appended | null> {
    try {
      this.#info ??= await this.#describe();
    } catch {
      return { kind: "overloaded" };
    }
    const { dimensions, vectors } = this.#info;
    const upserts = changes.filter(({ values }) => values !== null);
    const misfit = upserts.find(({ values }) => values?.length !== dimensions);
    if (misfit !== undefined)
      return {
        kind: "refused",
        reason: `the index has ${dimensions} dimensions, the vectors ${misfit.values?.length ?? 0}`,
      };
    const coming = this.#state.queued + this.#unpassed().vectors + upserts.length;
    return upserts.length > 0 && isOverfull(vectors + coming - 1)
      ? { kind: "refused", reason: "the index is full" }
      : null;
  }

  async #describe(): Promise<{ dimensions: number; vectors: number; mutation: string }> {
    const info = await this.#index().describe();
    // An id in truth, whatever its type says.
    const mutation = String(info.processedUpToMutation);
    return { dimensions: info.dimensions, vectors: info.vectorCount, mutation };
  }

  /** Tells the index the oldest changes it was not told yet; answers whether there are more. */
  async #sendSome(): Promise<boolean> {
    if (this.#unpassed().mutations >= SENT_MAX) return false;
    const changes: BulkChange[] = [];
    const keys: string[] = [];
    for (const [key, part] of this.ctx.storage.kv.list<BulkChange[]>({
      prefix: NUMBERS,
      limit: VECTORIZE.upsertMax,
    })) {
      if (changes.length > 0 && changes.length + part.length > VECTORIZE.upsertMax) break;
      changes.push(...part);
      keys.push(key);
    }
    const lastKey = keys.at(-1);
    if (lastKey === undefined) return false;
    const through = Number(lastKey.slice(NUMBERS.length));
    const mutations = await this.#tell(changes);
    this.ctx.storage.transactionSync(() => {
      // Only the last of them says that the whole group was passed.
      for (const [i, { id, vectors }] of mutations.entries())
        this.#note(id, i === mutations.length - 1 ? through : through - keys.length, vectors);
      for (const key of keys) this.ctx.storage.kv.delete(key);
      this.#save({ ...this.#state, queued: this.#state.queued - changes.length });
    });
    return true;
  }

  async #tell(changes: readonly BulkChange[]): Promise<Mutation[]> {
    const index = this.#index();
    const { upserts, deletions } = coalesced(changes);
    const mutations: Mutation[] = [];
    if (upserts.length > 0) {
      const vectors = upserts.map(({ id, namespace, values }) => ({
        id,
        namespace,
        values: values ?? new Float32Array(),
      }));
      mutations.push({ id: (await index.upsert(vectors)).mutationId, vectors: vectors.length });
    }
    for (let first = 0; first < deletions.length; first += VECTORIZE.deleteMax) {
      const ids = deletions.slice(first, first + VECTORIZE.deleteMax);
      mutations.push({ id: (await index.deleteByIds(ids)).mutationId, vectors: 0 });
    }
    return mutations;
  }

  #note(mutation: string, through: number, vectors: number): void {
    this.ctx.storage.sql.exec(
      "INSERT INTO sent (mutation_id, through, sent_at_ms, vectors) VALUES (?, ?, ?, ?)",
      mutation,
      through,
      Date.now(),
      vectors,
    );
  }

  /** Asks the index how far it is. A mutation it names that we do not know says nothing. */
  async #look(): Promise<void> {
    if (this.#unpassed().mutations === 0) return;
    const { mutation, ...info } = await this.#describe();
    this.#info = info;
    const { sql } = this.ctx.storage;
    const known = sql
      .exec<{
        position: number;
        through: number;
      }>("SELECT position, through FROM sent WHERE mutation_id = ?", mutation)
      .toArray()[0];
    if (known === undefined) return await this.#makeKnown();
    this.ctx.storage.transactionSync(() => {
      const { passed, passedPosition } = this.#state;
      this.#save({
        ...this.#state,
        passed: Math.max(passed, known.through),
        passedPosition: Math.max(passedPosition, known.position),
      });
      // The mutation itself stays: the index goes on naming it until the next one.
      sql.exec("DELETE FROM sent WHERE position < ?", this.#state.passedPosition);
    });
  }

  async #makeKnown(): Promise<void> {
    const newest = this.ctx.storage.sql
      .exec<{
        through: number;
        sent_at_ms: number;
      }>("SELECT through, sent_at_ms FROM sent ORDER BY position DESC LIMIT 1")
      .toArray()[0];
    if (newest === undefined || Date.now() - newest.sent_at_ms < UNKNOWN_MS) return;
    const { mutationId } = await this.#index().deleteByIds([MARKER]);
    this.#note(mutationId, newest.through, 0);
  }

  #unpassed(): { mutations: number; vectors: number } {
    return this.ctx.storage.sql
      .exec<{
        mutations: number;
        vectors: number;
      }>(
        "SELECT count(*) AS mutations, coalesce(sum(vectors), 0) AS vectors FROM sent WHERE position > ?",
        this.#state.passedPosition,
      )
      .one();
  }

  #isIdle(): boolean {
    return this.#state.queued === 0 && this.#unpassed().mutations === 0;
  }
}

const NUMBERS = "number/";
const DIGITS = 16;
const keyOf = (number: number): string => NUMBERS + String(number).padStart(DIGITS, "0");

/** Parts that each fit a stored row and one call of the index. */
function cut(changes: readonly BulkChange[]): BulkChange[][] {
  const parts: BulkChange[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const change of changes) {
    const size = 300 + (change.values?.byteLength ?? 0);
    const part = parts.at(-1);
    if (
      part === undefined ||
      bytes + size > NUMBER_BYTES_MAX ||
      part.length >= VECTORIZE.upsertMax
    ) {
      parts.push([change]);
      bytes = size;
    } else {
      part.push(change);
      bytes += size;
    }
  }
  return parts;
}
