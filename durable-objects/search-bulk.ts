import { log } from "#domain/observability/log.ts";
import {
  type BulkAnswer,
  type BulkChange,
  bulkBindings,
  bulkIdOf,
  bulkNamespaceOf,
  leafTag,
} from "#domain/search/bulk/bulk.ts";
import { type Codebook, homeOf, storedAs } from "#domain/search/bulk/coarse.ts";
import { normalised } from "#domain/search/bulk/pca.ts";
import { restored } from "#domain/search/engine/vectors.ts";
import {
  GIVEN,
  GONE,
  LEAVING,
  openRows,
  REFUSED,
  type Row,
  STORED,
  TAIL,
  UNITS_PER_STEP,
} from "#objects/search-bulk-rows.ts";
import { type SearchStore, unpackVectors } from "#objects/search-store.ts";
import { openTail, type SlotRun } from "#objects/search-tail.ts";
import type { VectorIndex } from "#objects/vector-index.ts";
import { codebookOf, type VectorTier } from "#objects/vector-tier.ts";

const WAITING_PER_STEP = 2_000;
const DENSE_MAX = 4_096;
/** What an index refused is offered to it again so often, unless a newer codebook has another place for it. */
const REFUSED_AGAIN_MS = 60_000;
/** Records looked at in one go for units that were there before the first index was bound. */
const FILLED_PER_STEP = 200;

type Waiting = [index: number, number: number][];

type Objects = Env & {
  VECTOR_INDEX: DurableObjectNamespace<VectorIndex>;
  VECTOR_TIER: DurableObjectNamespace<VectorTier>;
};

export type SearchBulk = ReturnType<typeof openBulk>;

/** Null where all dense vectors stay in the shard. */
export function bulkOf(
  storage: DurableObjectStorage,
  env: Env,
  store: SearchStore,
  leaf: string | undefined,
): SearchBulk | null {
  if (!mayLeave(leaf ?? storage.kv.get<string>("leaf") ?? "")) return null;
  if (bulkBindings(env).length > 0) return openBulk(storage, env, store);
  // What changes from now on is not noted: should an index be bound again, all units are looked through anew.
  if (storage.kv.get("bulkAfter") !== undefined) storage.kv.delete("bulkAfter");
  return null;
}

/**
 * Keeps a public shard's dense vectors and their Vectorize indexes in step. A unit is in the tail, where the shard
 * finds it by itself, until every index that takes a passage of it has passed the change; what left the shard stays
 * noted as leaving until its deletion has passed. Driven by the shard's alarm; any step may be cut off and repeated.
 */
// oxlint-disable-next-line max-lines-per-function -- short methods over one table
function openBulk(storage: DurableObjectStorage, env: Env, store: SearchStore) {
  const { sql, kv } = storage;
  const bindings = bulkBindings(env);
  const objects = env as Objects;
  let stepping = false;
  let retryAtMs = 0;
  /** When something last left the tail; what did so before the object was evicted, it knows no time of. */
  let settledAtMs = Date.now();
  let newest = sql
    .exec<{ codebook: number }>("SELECT coalesce(max(codebook), 0) AS codebook FROM bulk")
    .one().codebook;

  const nameOf = (): string => kv.get<string>("leaf") ?? "";
  const rows = openRows(storage, store, (unitId) => tail.touch(unitId));
  const { open } = rows;

  const tail = openTail(
    (most) => open("state <= ? LIMIT ?", GIVEN, most).map(({ unit_id }) => unit_id),
    slotsOf,
  );

  function liveRecord(
    unitId: string,
    version: number,
  ): { slot: number; passages: number } | undefined {
    for (const { slot, passages, version: held } of store.records(unitId))
      if (slot !== null && held === version) return { slot, passages };
    return undefined;
  }

  function vectorsOf(row: Row): Float32Array[] {
    const slot = liveRecord(row.unit_id, row.version)?.slot;
    const stored = slot === undefined ? null : store.shownWithVectors(slot);
    if (stored === null) return [];
    const dimensions = kv.get<number>("dimensions") ?? 0;
    return unpackVectors(stored.vectors, stored.shown.texts.length).map((vector) =>
      normalised(restored(vector, dimensions)),
    );
  }

  const idsOf = (row: Row): string[] =>
    Array.from({ length: row.passages }, (_, passage) =>
      bulkIdOf({
        leaf: leafTag(nameOf()),
        unitId: row.unit_id,
        version: row.version,
        passage,
        life: row.life,
      }),
    );

  /** What is to be told of a row to which index; a row in the tail gets its places first, and they are kept. */
  function changesOf(row: Row, codebook: Codebook, namespace: string): Map<number, BulkChange[]> {
    const ids = idsOf(row);
    const isGoing = row.state === GONE;
    const stored = isGoing ? [] : vectorsOf(row).map((vector) => storedAs(codebook, vector));
    const place: number[] =
      row.place === null
        ? stored.map((vector) => homeOf(codebook, vector))
        : (JSON.parse(row.place) as number[]);
    newest = Math.max(newest, codebook.version);
    if (row.state === TAIL)
      sql.exec(
        "UPDATE bulk SET state = ?, place = ?, codebook = ? WHERE life = ?",
        GIVEN,
        JSON.stringify(place),
        codebook.version,
        row.life,
      );
    const changes = ids.flatMap((id, passage) => {
      const index = place[passage];
      const values = isGoing ? null : stored[passage];
      return index === undefined || values === undefined
        ? []
        : [{ index, change: { id, namespace, values } }];
    });
    const byIndex = Map.groupBy(changes, ({ index }) => index);
    return new Map([...byIndex].map(([index, all]) => [index, all.map(({ change }) => change)]));
  }

  /** Hands the oldest of the work to the writers; answers how it went. */
  async function handOver(codebook: Codebook): Promise<"taken" | "overloaded"> {
    const namespace = bulkNamespaceOf(collectionOf(nameOf()));
    const some = rows.next();
    const wanted = storage.transactionSync(() =>
      some.map((row) => ({ row, changes: changesOf(row, codebook, namespace) })),
    );
    const indexes = new Set(wanted.flatMap(({ changes }) => [...changes.keys()]));
    const numbers = new Map<number, number>();
    const refused = new Set<number>();
    await Promise.all(
      [...indexes].map(async (index) => {
        const binding = bindings[index];
        if (binding === undefined) return;
        const changes = wanted.flatMap((each) => each.changes.get(index) ?? []);
        const answer = await objects.VECTOR_INDEX.getByName(binding).append(binding, changes);
        if (answer.kind === "taken") numbers.set(index, answer.number);
        else if (answer.kind === "refused") {
          refused.add(index);
          log("error", "vector-refused", { binding, reason: answer.reason });
        }
      }),
    );
    storage.transactionSync(() => {
      for (const { row, changes } of wanted) {
        const waiting: Waiting = [...changes.keys()].flatMap((index) => {
          const number = numbers.get(index);
          return number === undefined ? [] : [[index, number] as [number, number]];
        });
        if (waiting.length < changes.size) {
          // Out of the way of what other indexes have room for.
          if ([...changes.keys()].some((index) => refused.has(index)))
            sql.exec(
              "UPDATE bulk SET state = ? WHERE life = ? AND state = ?",
              REFUSED,
              row.life,
              GIVEN,
            );
          continue;
        }
        // What was removed meanwhile is told so by a later step: its state is another one by now.
        const [from, to] = row.state === GONE ? [GONE, LEAVING] : [GIVEN, GIVEN];
        sql.exec(
          "UPDATE bulk SET state = ?, waiting = ? WHERE life = ? AND state = ?",
          to,
          JSON.stringify(waiting),
          row.life,
          from,
        );
      }
    });
    return numbers.size + refused.size === indexes.size ? "taken" : "overloaded";
  }

  /** Drops from the tail what the indexes have passed, and forgets what they have forgotten. */
  async function settle(): Promise<void> {
    const waitingRows = open(
      "state IN (?, ?) AND waiting IS NOT NULL ORDER BY life LIMIT ?",
      GIVEN,
      LEAVING,
      WAITING_PER_STEP,
    ).map((row) => ({ ...row, numbers: JSON.parse(row.waiting ?? "[]") as Waiting }));
    const indexes = new Set(waitingRows.flatMap(({ numbers }) => numbers.map(([index]) => index)));
    const passed = new Map<number, number>();
    await Promise.all(
      [...indexes].map(async (index) => {
        const binding = bindings[index];
        if (binding === undefined) return;
        passed.set(index, (await objects.VECTOR_INDEX.getByName(binding).passed()).through);
      }),
    );
    storage.transactionSync(() => {
      for (const { life, unit_id, state, waiting, numbers } of waitingRows) {
        if (!numbers.every(([index, number]) => number <= (passed.get(index) ?? 0))) continue;
        if (state === LEAVING) sql.exec("DELETE FROM bulk WHERE life = ?", life);
        else
          sql.exec(
            "UPDATE bulk SET state = ?, waiting = NULL WHERE life = ? AND state = ? AND waiting = ?",
            STORED,
            life,
            GIVEN,
            waiting,
          );
        settledAtMs = Date.now();
        tail.touch(unit_id);
      }
    });
  }

  async function currentCodebook(isRefused: boolean): Promise<Codebook | null> {
    const { owner, space } = collectionOf(nameOf());
    const sampled = () =>
      open("state = ? ORDER BY life LIMIT ?", TAIL, UNITS_PER_STEP).flatMap((row) =>
        vectorsOf(row).map((vector, i) => ({ key: `${row.unit_id} ${row.version} ${i}`, vector })),
      );
    return await codebookOf(objects.VECTOR_TIER, `${owner}|${space}`, sampled, isRefused);
  }

  const isRefused = (): boolean => open("state = ? LIMIT 1", REFUSED).length > 0;

  /** What was refused gets its next chance. */
  function retry({ version }: Codebook): void {
    const isTime = Date.now() >= retryAtMs;
    storage.transactionSync(() => rows.retry(version, isTime));
    if (isTime) retryAtMs = Date.now() + REFUSED_AGAIN_MS;
  }

  function slotsOf(unitId: string): SlotRun | null {
    const [row] = open("unit_id = ? AND state <= ?", unitId, GIVEN);
    const live = row === undefined ? undefined : liveRecord(row.unit_id, row.version);
    return live === undefined ? null : { first: live.slot, count: live.passages };
  }

  /** Units that were there before an index was bound, or came from a shard that split. */
  function fillSome(): boolean {
    const after = kv.get<[string, string] | "all">("bulkAfter") ?? ["", ""];
    if (after === "all") return false;
    storage.transactionSync(() => {
      const records = store.recordsAfter(after[0], after[1], FILLED_PER_STEP);
      for (const unitId of new Set(records.map((record) => record.unitId))) rows.reconcile(unitId);
      const last = records.at(-1);
      kv.put("bulkAfter", last === undefined ? "all" : [last.unitId, last.contentKey]);
    });
    return true;
  }

  return {
    isBound: bindings.length > 0,
    reconcile: rows.reconcile,
    /** Whether the indexes and the shard are not in step yet. */
    isBusy: (): boolean => open("life > 0 LIMIT 1").length > 0,
    /** All that is stored leaves: the shard has moved or was emptied, and its rows are what is left of it. */
    leaveAll(): void {
      rows.leaveAll();
      tail.reset();
    },
    /** One round of work: hands over a little, and settles what the indexes have passed. */
    async step(leaf: string): Promise<"idle" | "more" | "later" | "refused"> {
      if (leaf !== "" && nameOf() !== leaf) kv.put("leaf", leaf);
      if (stepping || nameOf() === "") return "later";
      stepping = true;
      try {
        const filled = fillSome();
        if (open("life > 0 LIMIT 1").length === 0) return filled ? "more" : "idle";
        const codebook = await currentCodebook(isRefused());
        if (codebook === null) return "later";
        retry(codebook);
        const handed = await handOver(codebook);
        await settle();
        if (filled || (handed === "taken" && rows.next().length > 0)) return "more";
        if (open("life > 0 LIMIT 1").length === 0) return "idle";
        return open("state <> ? LIMIT 1", REFUSED).length > 0 ? "later" : "refused";
      } finally {
        stepping = false;
      }
    },
    /**
     * The slots a search must look at itself beside what Vectorize found: the tail, and the candidates that are still
     * what they were. Null when it must look at everything: not every index was asked, the tail is long, the asker's codebook is an old one, units
     * that were there before are not noted yet, or some left the tail when Vectorize had been asked already.
     */
    denseSlots(answer: BulkAnswer): Uint32Array | null {
      const isFilled = kv.get("bulkAfter") === "all";
      if (!answer.isWhole) return null;
      const isBehind = newest > answer.codebook || answer.askedAtMs < settledAtMs;
      const own = isBehind || !isFilled ? null : tail.current();
      if (own === null) return null;
      const slots = new Set<number>();
      for (const { first, count } of own)
        for (let passage = 0; passage < count; passage++) slots.add(first + passage);
      for (const { unitId, version, passage } of answer.candidates) {
        const live = liveRecord(unitId, version);
        if (live !== undefined && passage < live.passages) slots.add(live.slot + passage);
      }
      return slots.size > DENSE_MAX ? null : Uint32Array.from(slots).sort();
    },
  };
}

/** The collection that a shard's name begins with. */
function collectionOf(leaf: string): { owner: string; space: string } {
  const [owner = "", space = ""] = leaf.split("|");
  return { owner, space };
}

/** Only what is public may leave the shards, and only once: a replica (`leaf@region`) has it from its leader. */
export const mayLeave = (leaf: string): boolean =>
  collectionOf(leaf).owner === "public" && !leaf.slice(leaf.lastIndexOf("|")).includes("@");
