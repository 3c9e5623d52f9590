import { analyse } from "#domain/search/engine/analysis.ts";
import {
  type Engine,
  type NewPassage,
  openEngine,
  type SlotRange,
} from "#domain/search/engine/engine.ts";
import { levelNumber } from "#domain/search/engine/filter.ts";
import type {
  ClaimOutcome,
  ContentClaim,
  IndexedUnit,
  SearchHit,
  SearchRequest,
} from "#domain/search/model.ts";
import type { PageCache } from "#domain/search/engine/pages.ts";
import type { NearDuplicate, Role, SimilarAsked } from "#domain/search/protocol.ts";
import { rank } from "#domain/search/engine/rank.ts";
import type { Peaks } from "#domain/search/engine/kernel.ts";
import { overlapOf, similarUnits, termSet } from "#domain/search/engine/similar.ts";
import { needlesOf } from "#domain/search/text/snippet.ts";
import { quantised, type Quantised } from "#domain/search/engine/vectors.ts";
import { decideIndex, decideRemoval, type UnitRecord } from "#domain/search/leaves/versions.ts";
import {
  type CarriedClaim,
  type CarriedUnit,
  claimKey,
  nothingOf,
  recordKey,
} from "#objects/search-records.ts";
import { hitOf, shownUnits } from "#objects/search-shown.ts";
import {
  packVectors,
  type SearchStore,
  type Shown,
  shownOf,
  unpackVectors,
} from "#objects/search-store.ts";

type Staged = {
  killed: SlotRange[];
  added: { slot: number; passages: NewPassage[]; level: number }[];
  next: number;
};

export type Found = { hits: SearchHit[]; peaks: Peaks | null };

export type SearchContents = ReturnType<typeof openContents>;

/** What a shard holds, on disk and in memory. `note` hears of every record and claim that changes, in the same transaction. */
// oxlint-disable-next-line max-lines-per-function -- short methods over one engine and one store
export function openContents(
  storage: DurableObjectStorage,
  store: SearchStore,
  module: WebAssembly.Module,
  cache: PageCache,
  note: (key: string) => void,
) {
  const shownNow = shownUnits(storage, cache);
  let engine: Engine | null = null;
  const known = storage.kv.get<number>("dimensions");
  if (known !== undefined) engine = replayed(openEngine(module, known, store.disk, cache), store);

  function engineFor(dimensions: number): Engine {
    if (engine !== null) {
      if (engine.kernel.dimensions !== dimensions)
        throw new RangeError("Vectors of two spaces never meet in one shard");
      return engine;
    }
    storage.kv.put("dimensions", dimensions);
    engine = openEngine(module, dimensions, store.disk, cache);
    return engine;
  }

  /** Runs `work` in one transaction and brings memory to what it left on disk only once that holds. */
  function change(into: Engine | null, work: (staged: Staged) => void): void {
    const staged: Staged = { killed: [], added: [], next: into?.nextSlot() ?? 0 };
    storage.transactionSync(() => {
      work(staged);
      into?.saveAlive(staged.killed);
    });
    if (into === null) return;
    for (const { passages, level, slot } of staged.added) {
      if (into.add(passages, level) !== slot)
        throw new Error("A unit went to another slot than it was stored for");
    }
    for (const range of staged.killed) into.kill(range);
    if (into.isFlushDue()) into.flush();
  }

  function takeOut(staged: Staged, record: UnitRecord, nowMs: number): void {
    if (record.slot === null) return;
    store.unshow(record.slot);
    staged.killed.push({ first: record.slot, count: record.passages });
    const removedThrough = Math.max(record.removedThrough, record.version);
    store.saveRecord({ ...record, slot: null, removedThrough }, nowMs);
    note(recordKey(record));
    shownNow.forget(record.slot);
  }

  function putIn(
    staged: Staged,
    shown: Shown,
    vectors: readonly Quantised[],
    removedThrough: number,
    nowMs: number,
  ): void {
    const passages = analyse(shown, shown.texts).map((passage, i) => ({
      ...passage,
      vector: vectors[i] ?? quantised(new Float32Array()),
    }));
    const slot = staged.next;
    staged.next += passages.length;
    staged.added.push({ slot, passages, level: levelNumber(shown.level) });
    store.show(slot, shown, packVectors(vectors));
    const record = {
      unitId: shown.unitId,
      contentKey: shown.contentKey,
      version: shown.version,
      level: levelNumber(shown.level),
      slot,
      passages: passages.length,
      removedThrough,
    };
    store.saveRecord(record, nowMs);
    note(recordKey(record));
  }

  function end(onDisk: () => void): void {
    engine?.close();
    storage.transactionSync(() => {
      onDisk();
      storage.kv.delete("dimensions");
    });
    engine = null;
    shownNow.forgetAll();
  }

  function indexOne(staged: Staged, unit: IndexedUnit, role: Role, nowMs: number): void {
    const records = store.records(unit.unitId);
    const decision = decideIndex(records, unit, levelNumber(unit.level));
    if (!decision.store) return;
    for (const old of decision.replaced) {
      takeOut(staged, old, nowMs);
      if (role === "both" && old.contentKey !== unit.contentKey) free({ ...old });
    }
    // A unit replaced by the same version (its level changed) has not been removed for good.
    const removedThrough =
      records.find((record) => record.contentKey === unit.contentKey)?.removedThrough ?? 0;
    putIn(
      staged,
      shownOf(unit),
      unit.passages.map(({ vector }) => quantised(vector)),
      removedThrough,
      nowMs,
    );
    if (role === "leaf") return;
    store.claim(unit, true);
    note(claimKey(unit.contentKey));
  }

  function free(claim: ContentClaim): void {
    store.unclaim(claim, false);
    note(claimKey(claim.contentKey));
  }

  function index(units: readonly IndexedUnit[], role: Role, nowMs: number): void {
    change(engineFor(dimensionsOf(units)), (staged) => {
      for (const unit of units) indexOne(staged, unit, role, nowMs);
    });
  }

  /** Takes the units whose content nobody else has, and says of each who has it: in order, so of equal ones the first. */
  function admit(units: readonly IndexedUnit[], nowMs: number): ClaimOutcome[] {
    if (units.length === 0) return [];
    const outcomes: ClaimOutcome[] = [];
    change(engineFor(dimensionsOf(units)), (staged) => {
      for (const unit of units) {
        const holder = store.holderOf(unit.contentKey)?.unitId ?? unit.unitId;
        const claimed = holder === unit.unitId;
        if (claimed) indexOne(staged, unit, "both", nowMs);
        outcomes.push(claimed ? { claimed } : { claimed, duplicateOf: holder });
      }
    });
    return outcomes;
  }

  return {
    engine: () => engine,

    index,
    admit,
    /** Takes the units of whose content it holds a version; true for those, and for those that must not come back. */
    reindex(units: readonly IndexedUnit[], nowMs: number): boolean[] {
      const held = units.map(({ unitId, contentKey, version }) =>
        store
          .records(unitId)
          .some(
            (record) =>
              record.removedThrough >= version ||
              (record.slot !== null && record.contentKey === contentKey),
          ),
      );
      const mine = units.filter((_, i) => held[i]);
      if (mine.length > 0) index(mine, "leaf", nowMs);
      return held;
    },

    remove(claims: readonly ContentClaim[], role: Role, nowMs: number): void {
      change(engine, (staged) => {
        for (const claim of claims) {
          for (const record of decideRemoval(store.records(claim.unitId), claim))
            takeOut(staged, record, nowMs);
          const record = store.recordAt(claim.unitId, claim.contentKey);
          const base = record ?? nothingOf(claim);
          if (base.removedThrough < claim.version) {
            store.saveRecord({ ...base, removedThrough: claim.version }, nowMs);
            note(recordKey(base));
          }
          if (role === "both") free(claim);
        }
      });
    },

    /** `dense` names the slots to compare with the request's vector; null for whichever are nearest. */
    search(request: SearchRequest, dense: Uint32Array | null = null): Found {
      if (engine === null) return { hits: [], peaks: null };
      const { best, peaks } = rank(engine, request, dense);
      const needles = needlesOf(`${request.text ?? ""}\n${request.gloss ?? ""}`);
      const hits = best.map((ranked) => {
        const hit = hitOf(shownNow.at(ranked.first), ranked, needles);
        return request.explain ? { ...hit, why: ranked.why } : hit;
      });
      return { hits, peaks };
    },

    similar(unit: IndexedUnit, { limit, cosineMin }: SimilarAsked): NearDuplicate[] {
      if (engine === null) return [];
      // Most units have nothing near them, so words are compared only where vectors say so.
      const near = similarUnits(
        engine,
        unit.passages.map(({ vector }) => vector),
        { limit: limit + 1, cosineMin },
      )
        .filter(({ cosine }) => cosine >= cosineMin)
        .map(({ first, cosine }) => ({ shown: shownNow.at(first), cosine }))
        .filter(({ shown }) => shown.unitId !== unit.unitId);
      if (near.length === 0) return [];
      const texts = unit.passages.map(({ text }) => text);
      const own = termSet(unit.title, texts);
      return near.slice(0, limit).map(({ shown, cosine }) => {
        const { unitId, version, title } = shown;
        const overlap = overlapOf(own, termSet(title, shown.texts));
        return { unitId, version, title, cosine, overlap };
      });
    },

    carry(record: UnitRecord): CarriedUnit {
      const stored = record.slot === null ? null : store.shownWithVectors(record.slot);
      return { record, shown: stored?.shown ?? null, vectors: stored?.vectors ?? null };
    },
    /** Makes what this shard knows of the carried units and claims exactly what they say. */
    adopt(
      dimensions: number,
      units: readonly CarriedUnit[],
      claims: readonly CarriedClaim[],
      nowMs: number,
    ): void {
      const into = units.some(({ shown }) => shown !== null) ? engineFor(dimensions) : engine;
      change(into, (staged) => {
        for (const { record, shown, vectors } of units) {
          const mine = store.recordAt(record.unitId, record.contentKey);
          const isThere =
            mine !== undefined &&
            mine.slot !== null &&
            shown !== null &&
            mine.version === record.version &&
            mine.level === record.level;
          if (isThere) {
            if (mine.removedThrough < record.removedThrough)
              store.saveRecord({ ...mine, removedThrough: record.removedThrough }, nowMs);
            continue;
          }
          if (mine !== undefined) takeOut(staged, mine, nowMs);
          if (shown !== null && vectors !== null)
            putIn(
              staged,
              shown,
              unpackVectors(vectors, shown.texts.length),
              record.removedThrough,
              nowMs,
            );
          else if (record.removedThrough > 0 || typeof record.leaf === "string")
            store.saveRecord({ ...record, slot: null, passages: 0 }, nowMs);
          else if (mine !== undefined) store.dropRecord(mine);
        }
        for (const { contentKey, holder } of claims) {
          const mine = store.holderOf(contentKey);
          if (mine !== undefined) store.unclaim({ contentKey, ...mine }, false);
          if (holder !== null)
            store.claim({ contentKey, ...holder }, holder.fulfilled, holder.leaf);
        }
      });
    },
    /** All has moved: what is in memory goes at once, its rows by and by. */
    leave: (keeps: Parameters<typeof store.leave>[0]): void => end(() => store.leave(keeps)),
    forget: (keeps: Parameters<typeof store.emptyLeaf>[0]): void =>
      end(() => store.emptyLeaf(keeps)),
  };
}

function dimensionsOf(units: readonly IndexedUnit[]): number {
  const dimensions = units[0]?.passages[0]?.vector.length ?? 0;
  if (dimensions === 0)
    throw new RangeError("A unit is indexed with at least one passage and its vector");
  return dimensions;
}

/** Takes the units that are not in a segment yet back into memory, each where it was. */
function replayed(engine: Engine, store: SearchStore): Engine {
  for (const { slot, shown, vectors } of store.shownFrom(engine.flushedSlots())) {
    engine.skipTo(slot);
    const kept = unpackVectors(vectors, shown.texts.length);
    const passages = analyse(shown, shown.texts).map((passage, i) => ({
      ...passage,
      vector: kept[i] ?? quantised(new Float32Array()),
    }));
    engine.add(passages, levelNumber(shown.level));
  }
  return engine;
}
