import { DurableObject } from "cloudflare:workers";
import searchKernel from "#kernels/search.wasm";
import type {
  ClaimOutcome,
  ContentClaim,
  IndexedUnit,
  SearchHit,
  SearchRequest,
} from "#domain/search/model.ts";
import type { FollowState } from "#domain/search/follow.ts";
import { pageCache } from "#domain/search/pages.ts";
import {
  done,
  type LeafAnswer,
  type Located,
  type NearDuplicate,
  type Placing,
  type Question,
  type Reply,
  type Role,
  type ShardAnswer,
  type SimilarAsked,
  type Withdrawn,
} from "#domain/search/protocol.ts";
import { directoriesUnder, keepsClaims, type Place } from "#domain/search/ranges.ts";
import type { Moved } from "#domain/search/tree.ts";
import { migrate } from "#objects/migrate.ts";
import { openContents, type SearchContents } from "#objects/search-contents.ts";
import { type Followed, openLog, type ShardLog } from "#objects/search-follow.ts";
import { type Leases, openLeases } from "#objects/search-leases.ts";
import { openDirectory, type SearchDirectory } from "#objects/search-directory.ts";
import { bulkOf, type SearchBulk } from "#objects/search-bulk.ts";
import { type CarriedClaim, type CarriedUnit, unitOfKey } from "#objects/search-records.ts";
import { type SketchAnswer, sketcher } from "#objects/search-sketch.ts";
import { childrenFor, copySome, type SplitState } from "#objects/search-split.ts";
import { type SearchStore, searchStore, STEPS } from "#objects/search-store.ts";
import { BULK_LOOK_MS, lookAfterBulk, mergeAll } from "#objects/search-upkeep.ts";

/** What all shards of an isolate may hold in memory beside their codes (ARCHITECTURE.md, One isolate's memory). */
const PAGE_CACHE_BYTES = 48_000_000;
export const pages = pageCache(PAGE_CACHE_BYTES);

const PASSAGES_MAX = 100_000;
/** Claims of a directory, for each passage of a full leaf: 2 million, some 300 MB. */
const CLAIMS_PER_PASSAGE = 20;
/** Longer than any queue redelivers (14 days): after that nobody can bring a removed version back. */
const REMOVALS_KEPT_MS = 30 * 86_400_000;
const SPLIT_AGAIN_MS = 5_000;
const DAY_MS = 86_400_000;

/**
 * A shard of one collection, named by its place. As a leaf it finds and shows units that are alike; as a directory it
 * has the claims of a range of content hashes and knows their leaves. A collection's root begins as both, and each
 * part of it moves on its own when it is full.
 */
export class SearchShard extends DurableObject<Env> {
  readonly #store: SearchStore;
  readonly #contents: SearchContents;
  readonly #directory: SearchDirectory;
  readonly #log: ShardLog;
  /** Null where all dense vectors stay here. */
  readonly #bulk: SearchBulk | null;
  readonly #sketch = sketcher();
  readonly #leases: Leases;
  #split: SplitState | null;
  /** As its parent named it; a root or directory is told with each change. */
  #place: Place | null;
  #movedLeaf: Moved | null;
  #movedDirectory: Moved | null;
  /** A child of a split takes what is copied to it until it is written to as a shard of its own. */
  #isOpen: boolean;
  #sequence: number;
  /** An upper bound; exact when it is first needed and when it comes near the limit. */
  #claims: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, STEPS);
    const { kv } = ctx.storage;
    this.#store = searchStore(ctx.storage);
    const both = kv.get<Place[]>("moved");
    const legacy: Moved | null = both === undefined ? null : { of: "both", to: both };
    this.#movedLeaf = kv.get<Moved>("moved-leaf") ?? legacy;
    this.#movedDirectory = kv.get<Moved>("moved-directory") ?? legacy;
    this.#place = kv.get<Place>("place") ?? null;
    this.#isOpen = kv.get<boolean>("open") ?? false;
    this.#split = kv.get<SplitState>("split") ?? null;
    this.#sequence = Math.max(Date.now(), this.#store.newestChange());
    this.#bulk = bulkOf(ctx.storage, env, this.#store, ctx.id.name);
    // A crash may have come between beginning and the alarm.
    if (this.#split !== null) void ctx.storage.setAlarm(Date.now());
    this.#log = openLog(ctx.storage, this.#store);
    const note = (key: string): void => {
      if (this.#split !== null) this.#store.noteChanged(key, ++this.#sequence);
      this.#log.note(key);
      if (key.startsWith("u")) this.#bulk?.reconcile(unitOfKey(key));
    };
    this.#contents = openContents(ctx.storage, this.#store, searchKernel, pages, (key) => {
      this.#leases.changed();
      note(key);
    });
    this.#directory = openDirectory(ctx.storage, this.#store, note);
    this.#leases = openLeases(this.#contents.engine() !== null);
    this.#leases.showTo(ctx.id.name, (request) =>
      this.#movedLeaf === null ? this.#found(request) : null,
    );
  }

  /** Durable when it answers, and found by whoever asks from then on. Delivering a unit again, or an older version of it, changes nothing. */
  async index(place: Place, units: IndexedUnit[], role: Role): Promise<ShardAnswer<null>> {
    const moved = this.#whereTo(role);
    if (moved !== null) return moved;
    this.#open(place);
    this.#contents.index(units, role, Date.now());
    await Promise.all([this.#leases.runOut(), this.#lookAfter(place)]);
    return done(null);
  }

  async reindex(units: IndexedUnit[]): Promise<ShardAnswer<boolean[]>> {
    const moved = this.#whereTo("leaf");
    if (moved !== null) return moved;
    const taken = this.#contents.reindex(units, Date.now());
    await this.#leases.runOut();
    return done(taken);
  }

  async remove(place: Place, claims: ContentClaim[], role: Role): Promise<ShardAnswer<null>> {
    const moved = this.#whereTo(role);
    if (moved !== null) return moved;
    this.#open(place);
    this.#contents.remove(claims, role, Date.now());
    await Promise.all([this.#leases.runOut(), this.#lookAfter(place)]);
    return done(null);
  }

  claim(claims: ContentClaim[]): ShardAnswer<ClaimOutcome[]> {
    return this.#whereTo("directory") ?? done(this.#directory.claim(claims));
  }

  release(claims: ContentClaim[]): ShardAnswer<null> {
    const moved = this.#whereTo("directory");
    if (moved !== null) return moved;
    this.#directory.release(claims);
    return done(null);
  }

  async locate(place: Place, placings: Placing[]): Promise<ShardAnswer<Located[]>> {
    const moved = this.#whereTo("directory");
    if (moved !== null) return moved;
    this.#open(place);
    const located = this.#directory.locate(placings);
    await this.#lookAfterClaims(place, placings.length);
    return done(located);
  }

  withdraw(claims: ContentClaim[]): ShardAnswer<Withdrawn[]> {
    return this.#whereTo("directory") ?? done(this.#directory.withdraw(claims, Date.now()));
  }

  ask({ request, unless, leaseMs }: Question): ShardAnswer<Reply> {
    const moved = this.#whereTo("leaf");
    if (moved !== null) return moved;
    const revision = this.#leases.revision();
    const hits = revision === unless ? null : JSON.stringify(this.#found(request));
    return done({ hits, revision, leaseMs: this.#leases.grant(leaseMs) });
  }

  similar(units: IndexedUnit[], asked: SimilarAsked): ShardAnswer<NearDuplicate[][]> {
    return this.#whereTo("leaf") ?? done(units.map((unit) => this.#contents.similar(unit, asked)));
  }

  /** What a replica that stands at `asked` needs to go on. */
  follow(asked: FollowState): ShardAnswer<Followed> {
    return this.#whereTo("leaf") ?? done(this.#log.follow(asked, this.#contents));
  }

  /** A search of a reader in another region, whose replica could not answer. */
  read(request: SearchRequest): LeafAnswer {
    const moved = this.#whereTo("leaf");
    if (moved !== null) return moved;
    const hits = this.#contents.search(request);
    return done({ hits, seenMs: this.#log.changedAtMs(), spread: 0 });
  }

  sketch(known: number): ShardAnswer<SketchAnswer> {
    return this.#whereTo("leaf") ?? done(this.#sketch(this.#contents.engine(), known));
  }

  /** Forgets all units, or all claims; for a collection that is not in use. A split that is under way ends first. */
  async clear(what: "leaf" | "directory"): Promise<ShardAnswer<null>> {
    while (this.#split !== null) await this.#copyOn(this.#split);
    const moved = this.#whereTo(what);
    if (moved !== null) return moved;
    if (what === "directory") {
      this.#store.emptyDirectory(false);
      return done(null);
    }
    this.ctx.storage.transactionSync(() => {
      this.#contents.forget(false);
      this.#bulk?.leaveAll();
      this.#log.end();
    });
    this.#leases.changed();
    await this.#leases.runOut();
    return done(null);
  }

  /** A part of a full shard's content. Nobody else writes here until that shard has moved, and then it writes no more. */
  async adopt(
    place: Place,
    dimensions: number,
    units: CarriedUnit[],
    claims: CarriedClaim[],
  ): Promise<void> {
    if (this.#isOpen) return;
    if (this.#place === null) this.ctx.storage.kv.put("place", place);
    this.#place = place;
    this.#contents.adopt(dimensions, units, claims, Date.now());
    await this.#alarmIfBusy();
  }

  override async alarm(): Promise<void> {
    await mergeAll(this.#contents);
    try {
      while (this.#split !== null) await this.#copyOn(this.#split);
    } catch (error) {
      // A child that does not answer. The platform would give up after six attempts, and the shard be full for good.
      console.error({ event: "search-split-waits", error: String(error) });
      await this.ctx.storage.setAlarm(Date.now() + SPLIT_AGAIN_MS);
      return;
    }
    this.#forgetMoved();
    const waitMs = await lookAfterBulk(this.#bulk, this.ctx.id.name ?? "");
    if (waitMs !== null) await this.ctx.storage.setAlarm(Date.now() + waitMs);
    if (this.#movedLeaf !== null && this.#movedDirectory !== null) return;
    this.#store.forgetRemovals(Date.now() - REMOVALS_KEPT_MS);
    if (waitMs === null) await this.ctx.storage.setAlarm(Date.now() + DAY_MS);
  }

  #found(request: SearchRequest): SearchHit[] {
    const { bulk } = request;
    const dense = bulk === undefined ? null : (this.#bulk?.denseSlots(bulk) ?? null);
    return this.#contents.search(request, dense);
  }

  #whereTo(role: Role | "directory"): ({ kind: "moved" } & Moved) | null {
    const leaf = role === "directory" ? null : this.#movedLeaf;
    const moved = leaf ?? (role === "leaf" ? null : this.#movedDirectory);
    return moved === null ? null : { kind: "moved", ...moved };
  }

  #open({ depth }: Place): void {
    if (this.#isOpen || depth === 0) return;
    this.ctx.storage.kv.put("open", true);
    this.#isOpen = true;
    // The shard that has just moved here may have given leases that still stand.
    this.#leases.hold();
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
      if (this.#store.changesAfter(split.through ?? 0, 1).length > 0) return;
      this.#move({ of: split.of ?? "both", to: split.children });
      this.ctx.storage.kv.delete("split");
      this.#store.forgetChanges(Number.MAX_SAFE_INTEGER);
      this.#split = null;
    });
  }

  #move(moved: Moved): void {
    const { kv } = this.ctx.storage;
    if (moved.of !== "directory") {
      kv.put("moved-leaf", moved);
      this.#bulk?.leaveAll();
      this.#movedLeaf = moved;
    }
    if (moved.of !== "leaf") {
      kv.put("moved-directory", moved);
      this.#movedDirectory = moved;
    }
  }

  /** Gives back the space of what has moved. Done again after a crash. */
  #forgetMoved(): void {
    if (this.#movedLeaf !== null && this.#contents.engine() !== null) {
      const { of, to } = this.#movedLeaf;
      const name = to[0]?.name.slice(0, -1) ?? "";
      this.#contents.forget(of === "leaf" && keepsClaims(name) && this.#movedDirectory === null);
    }
    if (this.#movedDirectory !== null) this.#store.emptyDirectory(this.#movedLeaf === null);
  }

  /** Sees to it that an alarm comes when there is something to merge, or when the shard is full. */
  async #lookAfter(place: Place): Promise<void> {
    const engine = this.#contents.engine();
    if (engine === null) return;
    if (this.#split === null) this.#beginSplit(place, engine.alive(), engine.nextSlot());
    await this.#alarmIfBusy();
  }

  async #alarmIfBusy(): Promise<void> {
    const isBusy = this.#split !== null || this.#contents.engine()?.isMergeDue() === true;
    const alarm = await this.ctx.storage.getAlarm();
    if (isBusy && (alarm === null || alarm > Date.now() + 1_000))
      await this.ctx.storage.setAlarm(Date.now());
    else if (this.#bulk?.isBusy() === true && (alarm ?? Infinity) > Date.now() + BULK_LOOK_MS)
      await this.ctx.storage.setAlarm(Date.now() + BULK_LOOK_MS);
    else if (alarm === null) await this.ctx.storage.setAlarm(Date.now() + DAY_MS);
  }

  #passagesMax(): number {
    return Number(this.env.WISHUB_SHARD_PASSAGES ?? PASSAGES_MAX);
  }

  #beginSplit(told: Place, alive: number, slots: number): void {
    const place = this.#place ?? told;
    const full = this.#passagesMax();
    if (alive < full && slots < 2 * full) return;
    const dimensions = this.#contents.engine()?.kernel.dimensions ?? 0;
    const children = childrenFor(place, alive < full / 2, dimensions, this.#store);
    this.#begin({ of: "leaf", name: place.name, children, phase: "records", after: ["", ""] });
  }

  /** A directory divides once its leaf has gone: until then it has no more claims than a leaf has units. */
  async #lookAfterClaims(place: Place, added: number): Promise<void> {
    if (this.#split !== null) return;
    const full = CLAIMS_PER_PASSAGE * this.#passagesMax();
    this.#claims = (this.#claims ?? this.#store.claimCount()) + added;
    if (this.#claims < full) return;
    this.#claims = this.#store.claimCount();
    const isLeaf = this.#movedLeaf === null && this.#contents.engine() !== null;
    if (this.#claims < full || isLeaf || place.to - place.from < 2) return;
    const children = directoriesUnder(place);
    this.#begin({ of: "directory", name: place.name, children, phase: "records", after: ["", ""] });
    await this.#alarmIfBusy();
  }

  #begin(split: SplitState): void {
    this.ctx.storage.kv.put("split", split);
    this.#split = split;
  }
}
