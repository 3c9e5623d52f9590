import { DurableObject } from "cloudflare:workers";
import searchKernel from "#kernels/search.wasm";
import type {
  ClaimOutcome,
  ContentClaim,
  IndexedUnit,
  SearchHit,
  SearchRequest,
} from "#domain/search/model.ts";
import { pageCache } from "#domain/search/pages.ts";
import { done, type NearDuplicate, type ShardAnswer } from "#domain/search/protocol.ts";
import { childrenOf, type Place } from "#domain/search/ranges.ts";
import { migrate } from "#objects/migrate.ts";
import {
  type CarriedClaim,
  type CarriedUnit,
  openContents,
  type SearchContents,
} from "#objects/search-contents.ts";
import { copySome, type SplitState } from "#objects/search-split.ts";
import { type SearchStore, searchStore, STEPS } from "#objects/search-store.ts";

/** What all shards of an isolate may hold in memory beside their codes (ARCHITECTURE.md, One isolate's memory). */
const PAGE_CACHE_BYTES = 48_000_000;
export const pages = pageCache(PAGE_CACHE_BYTES);

const PASSAGES_MAX = 100_000;
/** Longer than any queue redelivers (14 days): after that nobody can bring a removed version back. */
const REMOVALS_KEPT_MS = 30 * 86_400_000;
const DAY_MS = 86_400_000;

/** One range of content hashes of one collection: finds, shows and de-duplicates its units. Named by its place. */
export class SearchShard extends DurableObject<Env> {
  readonly #store: SearchStore;
  readonly #contents: SearchContents;
  #split: SplitState | null;
  #moved: Place[] | null;
  #sequence: number;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, STEPS);
    this.#store = searchStore(ctx.storage);
    this.#moved = ctx.storage.kv.get<Place[]>("moved") ?? null;
    this.#split = ctx.storage.kv.get<SplitState>("split") ?? null;
    this.#sequence = Date.now();
    // A crash may have come between beginning and the alarm.
    if (this.#split !== null) void ctx.storage.setAlarm(Date.now());
    this.#contents = openContents(ctx.storage, this.#store, searchKernel, pages, (key) => {
      if (this.#split !== null) this.#store.noteChanged(key, ++this.#sequence);
    });
  }

  /** Durable when it answers. Delivering a unit again, or an older version of it, changes nothing. */
  async index(place: Place, units: IndexedUnit[]): Promise<ShardAnswer<null>> {
    if (this.#moved !== null) return { kind: "moved", to: this.#moved };
    this.#contents.index(units, Date.now());
    await this.#lookAfter(place);
    return done(null);
  }

  async remove(place: Place, claims: ContentClaim[]): Promise<ShardAnswer<null>> {
    if (this.#moved !== null) return { kind: "moved", to: this.#moved };
    this.#contents.remove(claims, Date.now());
    await this.#lookAfter(place);
    return done(null);
  }

  claim(claims: ContentClaim[]): ShardAnswer<ClaimOutcome[]> {
    return this.#moved === null
      ? done(this.#contents.claim(claims))
      : { kind: "moved", to: this.#moved };
  }

  release(claims: ContentClaim[]): ShardAnswer<null> {
    if (this.#moved !== null) return { kind: "moved", to: this.#moved };
    this.#contents.release(claims);
    return done(null);
  }

  search(request: SearchRequest): ShardAnswer<SearchHit[]> {
    return this.#moved === null
      ? done(this.#contents.search(request))
      : { kind: "moved", to: this.#moved };
  }

  similar(unit: IndexedUnit, limit: number): ShardAnswer<NearDuplicate[]> {
    return this.#moved === null
      ? done(this.#contents.similar(unit, limit))
      : { kind: "moved", to: this.#moved };
  }

  /** Forgets all units and claims; for a collection that is not in use. A split that is under way ends first. */
  async clear(): Promise<ShardAnswer<null>> {
    while (this.#split !== null) await this.#copyOn(this.#split);
    if (this.#moved !== null) return { kind: "moved", to: this.#moved };
    this.#contents.forget();
    return done(null);
  }

  /** A part of a full shard's content. Nobody else writes here until that shard has moved. */
  async adopt(
    place: Place,
    dimensions: number,
    units: CarriedUnit[],
    claims: CarriedClaim[],
  ): Promise<void> {
    this.#contents.adopt(dimensions, units, claims, Date.now());
    await this.#lookAfter(place);
  }

  override async alarm(): Promise<void> {
    await this.#mergeAll();
    while (this.#split !== null) await this.#copyOn(this.#split);
    if (this.#moved === null) this.#store.forgetRemovals(Date.now() - REMOVALS_KEPT_MS);
    else this.#contents.forget();
    if (this.#moved === null) await this.ctx.storage.setAlarm(Date.now() + DAY_MS);
  }

  /** Merges step by step, so that a read waits for one step at most. */
  async #mergeAll(): Promise<void> {
    for (
      let merge = this.#contents.engine()?.merge() ?? null;
      merge !== null;
      merge = this.#contents.engine()?.merge() ?? null
    ) {
      while (merge.next().done !== true) await scheduler.wait(0);
    }
  }

  async #copyOn(split: SplitState): Promise<void> {
    const next = await copySome(split, this.#store, this.#contents, (child) =>
      (this.env.SEARCH_SHARD as DurableObjectNamespace<SearchShard>).getByName(child.name),
    );
    this.ctx.storage.transactionSync(() => {
      if (this.#split === null) return; // whoever copied beside us was done first
      if (next !== "copied") {
        this.#split = next;
        this.ctx.storage.kv.put("split", next);
        return;
      }
      // Nothing has changed since the last look and nothing can before this ends: from here on the children answer.
      if (this.#store.changed(1).length > 0) return;
      this.ctx.storage.kv.put("moved", split.children);
      this.ctx.storage.kv.delete("split");
      this.#moved = split.children;
      this.#split = null;
    });
  }

  /** Sees to it that an alarm comes when there is something to merge, or when the shard is full. */
  async #lookAfter(place: Place): Promise<void> {
    const engine = this.#contents.engine();
    if (engine === null) return;
    if (this.#split === null) this.#beginSplit(place, engine.alive(), engine.nextSlot());
    const isBusy = this.#split !== null || engine.isMergeDue();
    const alarm = await this.ctx.storage.getAlarm();
    if (isBusy && (alarm === null || alarm > Date.now() + 1_000))
      await this.ctx.storage.setAlarm(Date.now());
    else if (alarm === null) await this.ctx.storage.setAlarm(Date.now() + DAY_MS);
  }

  #beginSplit(place: Place, alive: number, slots: number): void {
    const full = Number(this.env.WISHUB_SHARD_PASSAGES ?? PASSAGES_MAX);
    if (alive < full && slots < 2 * full) return;
    const children = childrenOf(place, alive < full / 2 ? 1 : 2);
    this.#split = { children, phase: "records", after: ["", ""] };
    this.ctx.storage.kv.put("split", this.#split);
  }
}
