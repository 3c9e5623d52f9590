import { DurableObject, env } from "cloudflare:workers";
import searchKernel from "#kernels/search.wasm";
import { log } from "#domain/observability/log.ts";
import type {
  ClaimOutcome,
  ContentClaim,
  IndexedUnit,
  SearchRequest,
} from "#domain/search/model.ts";
import type { FollowState } from "#domain/search/leaves/follow.ts";
import { openPace } from "#domain/search/engine/pace.ts";
import { pageCache } from "#domain/search/engine/pages.ts";
import {
  type Admitted,
  done,
  type LeafAnswer,
  type LeafState,
  type Located,
  type NearDuplicate,
  type Placing,
  type Question,
  type ReadAsked,
  type Reply,
  type Role,
  type ShardAnswer,
  type SimilarAsked,
  type UnitsPage,
  type Withdrawn,
} from "#domain/search/protocol.ts";
import { type Place, placeNamed } from "#domain/search/leaves/ranges.ts";
import { migrate } from "#objects/migrate.ts";
import { type Found, openContents, type SearchContents } from "#objects/search-contents.ts";
import { type Followed, openLog, type ShardLog } from "#objects/search-follow.ts";
import { heatMeter } from "#objects/search-heat.ts";
import { type Leases, openLeases } from "#objects/search-leases.ts";
import { openDirectory, type SearchDirectory } from "#objects/search-directory.ts";
import { bulkOf, type SearchBulk } from "#objects/search-bulk.ts";
import { type LeftBehind, openMoves, type SearchMoves } from "#objects/search-moves.ts";
import { unitsFrom } from "#objects/search-reading.ts";
import { type CarriedClaim, type CarriedUnit, unitOfKey } from "#objects/search-records.ts";
import { type SketchAnswer, sketcher } from "#objects/search-sketch.ts";
import { type SearchStore, searchStore, STEPS } from "#objects/search-store.ts";
import {
  alarmFor,
  leafState,
  lookAfterBulk,
  openMerging,
  openRecall,
  openStay,
} from "#objects/search-upkeep.ts";

/** What all shards of an isolate may hold in memory beside their codes, where an isolate has 128 MB. */
const PAGE_CACHE_BYTES = 48_000_000;
export const pages = pageCache(Number((env as Env).WISHUB_PAGE_CACHE_BYTES ?? PAGE_CACHE_BYTES));

/** Longer than any queue redelivers (14 days): after that nobody can bring a removed version back. */
const REMOVALS_KEPT_MS = 30 * 86_400_000;
const SPLIT_AGAIN_MS = 5_000;

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
  readonly #heat = heatMeter();
  readonly #leases: Leases;
  readonly #recall: ReturnType<typeof openRecall>;
  readonly #moves: SearchMoves;
  readonly #pace = openPace();
  readonly #merging: ReturnType<typeof openMerging>;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, STEPS);
    this.#store = searchStore(ctx.storage);
    this.#bulk = bulkOf(ctx.storage, env, this.#store, ctx.id.name);
    this.#log = openLog(ctx.storage, this.#store);
    const note = (key: string): void => {
      this.#moves.note(key);
      this.#log.note(key);
      if (key.startsWith("u") && this.#moves.whereTo("leaf") === null)
        this.#bulk?.reconcile(unitOfKey(key));
    };
    this.#contents = openContents(ctx.storage, this.#store, searchKernel, pages, (key) => {
      this.#leases.changed();
      note(key);
    });
    this.#recall = openRecall(this.#contents);
    this.#merging = openMerging(this.#contents, this.#pace);
    this.#directory = openDirectory(ctx.storage, this.#store, note);
    const leafMoved = (): void => this.#bulk?.leaveAll();
    const own = (): Env => this.env;
    const { storage } = ctx;
    this.#moves = openMoves(storage, own, this.#store, this.#contents, leafMoved, this.#pace);
    this.#leases = openLeases(this.#contents.engine() !== null, openStay(ctx, this.#contents, env));
    this.#leases.showTo(ctx.id.name, (request) =>
      this.#moves.whereTo("leaf") === null ? this.#found(request, false) : null,
    );
  }

  /** Durable when it answers, and found by whoever asks from then on. Delivering a unit again, or an older version of it, changes nothing. */
  async index(place: Place, units: IndexedUnit[], role: Role): Promise<ShardAnswer<null>> {
    await this.#moves.held();
    const moved = this.#moves.whereTo(role);
    if (moved !== null) return moved;
    this.#open(place);
    this.#contents.index(units, role, Date.now());
    await Promise.all([this.#leases.runOut(), this.#lookAfter(place, units.length)]);
    return done(null);
  }

  async admit(
    place: Place,
    units: IndexedUnit[],
    refused: ContentClaim[],
    asked: SimilarAsked,
  ): Promise<ShardAnswer<Admitted>> {
    await this.#moves.held();
    const moved = this.#moves.whereTo("both");
    if (moved !== null) return moved;
    this.#open(place);
    const outcomes = this.#contents.admit(units, Date.now());
    const held = this.#directory.claim(refused);
    this.#directory.release(refused);
    const near = units.map((unit, i) =>
      outcomes[i]?.claimed === true ? this.#contents.similar(unit, asked) : [],
    );
    await Promise.all([this.#leases.runOut(), this.#lookAfter(place, units.length)]);
    return done({
      units: outcomes.map((outcome, i) => ({ ...outcome, near: near[i] ?? [] })),
      refused: held,
    });
  }

  async reindex(units: IndexedUnit[]): Promise<ShardAnswer<boolean[]>> {
    await this.#moves.held();
    const moved = this.#moves.whereTo("leaf");
    if (moved !== null) return moved;
    this.#open(placeNamed(this.ctx.id.name ?? ""));
    const taken = this.#contents.reindex(units, Date.now());
    await Promise.all([this.#leases.runOut(), this.#lookAfter(null, units.length)]);
    return done(taken);
  }

  async remove(place: Place, claims: ContentClaim[], role: Role): Promise<ShardAnswer<null>> {
    await this.#moves.held();
    const moved = this.#moves.whereTo(role);
    if (moved !== null) return moved;
    this.#open(place);
    this.#contents.remove(claims, role, Date.now());
    await Promise.all([this.#leases.runOut(), this.#lookAfter(place, claims.length)]);
    return done(null);
  }

  restore(
    place: Place,
    claims: ContentClaim[],
    beforeMs: number,
    role: Role | "directory",
  ): ShardAnswer<Withdrawn[]> {
    const moved = this.#moves.whereTo(role);
    if (moved !== null) return moved;
    this.#open(place);
    return done(this.#directory.restore(claims, beforeMs));
  }

  claim(claims: ContentClaim[]): ShardAnswer<ClaimOutcome[]> {
    this.#pace.wrote(claims.length);
    return this.#moves.whereTo("directory") ?? done(this.#directory.claim(claims));
  }

  release(claims: ContentClaim[]): ShardAnswer<null> {
    const moved = this.#moves.whereTo("directory");
    if (moved !== null) return moved;
    this.#directory.release(claims);
    return done(null);
  }

  async locate(place: Place, placings: Placing[]): Promise<ShardAnswer<Located[]>> {
    await this.#moves.held();
    const moved = this.#moves.whereTo("directory");
    if (moved !== null) return moved;
    this.#open(place);
    this.#pace.wrote(placings.length);
    const located = this.#directory.locate(placings);
    if (this.#moves.lookAtClaims(place, placings.length)) await this.#alarmIfBusy();
    return done(located);
  }

  withdraw(claims: ContentClaim[]): ShardAnswer<Withdrawn[]> {
    return this.#moves.whereTo("directory") ?? done(this.#directory.withdraw(claims, Date.now()));
  }

  ask({ request, unless, leaseMs }: Question): ShardAnswer<Reply> {
    const moved = this.#moves.whereTo("leaf");
    if (moved !== null) return moved;
    const revision = this.#leases.revision();
    const found = revision === unless ? null : this.#found(request, true);
    const granted = this.#leases.grant(leaseMs);
    const hits = found && JSON.stringify(found.hits);
    const peaks = found?.peaks ?? null;
    return done({ hits, peaks, revision, leaseMs: granted, spread: this.#heat() });
  }

  similar(units: IndexedUnit[], asked: SimilarAsked): ShardAnswer<NearDuplicate[][]> {
    return (
      this.#moves.whereTo("leaf") ?? done(units.map((unit) => this.#contents.similar(unit, asked)))
    );
  }

  readUnits(asked: ReadAsked): ShardAnswer<UnitsPage> {
    const dimensions = this.#contents.engine()?.kernel.dimensions ?? 0;
    return this.#moves.whereTo("leaf") ?? done(unitsFrom(this.#store, dimensions, asked));
  }

  /** What a replica that stands at `asked` needs to go on. */
  follow(asked: FollowState): ShardAnswer<Followed> {
    return this.#moves.whereTo("leaf") ?? done(this.#log.follow(asked, this.#contents));
  }

  /** A search of a reader in another region, whose replica could not answer. */
  read(request: SearchRequest): LeafAnswer {
    const moved = this.#moves.whereTo("leaf");
    if (moved !== null) return moved;
    const { hits } = this.#contents.search(request);
    return done({ hits, seenMs: this.#log.changedAtMs(), spread: this.#heat() });
  }

  state(): ShardAnswer<LeafState> {
    const { sql } = this.ctx.storage;
    const now = () =>
      leafState(this.#contents.engine(), sql, this.#moves.isSplitting(), this.#recall.recall());
    return this.#moves.whereTo("leaf") ?? done(now());
  }

  /** True once nothing is left here of what was removed before this was asked: until then it is being moved away from. */
  async scrub(removal: string): Promise<ShardAnswer<boolean>> {
    const moved = this.#moves.whereTo("leaf");
    if (moved !== null) return moved;
    const place = placeNamed(this.ctx.id.name ?? "");
    // What was sent here late, before the removal, comes no more.
    this.#open(place);
    const isBusy = this.#moves.scrub(place, removal);
    await this.#alarmIfBusy(isBusy);
    return done(!isBusy && (await this.#moves.isAlone(place.name)));
  }

  leftBehind(): LeftBehind {
    return this.#moves.leftBehind();
  }

  /** A place that this one leads to has moved to a fresh one. */
  leadOn(name: string, to: Place[]): void {
    this.#moves.leadOn(name, to);
  }

  sketch(known: number): ShardAnswer<SketchAnswer> {
    return this.#moves.whereTo("leaf") ?? done(this.#sketch(this.#contents.engine(), known));
  }

  /** Forgets all units, or all claims; for a collection that is not in use. A split that is under way ends first. */
  async clear(what: "leaf" | "directory"): Promise<ShardAnswer<null>> {
    await this.#moves.copy();
    const moved = this.#moves.whereTo(what);
    if (moved !== null) return moved;
    if (what === "directory") {
      this.#store.emptyDirectory(false);
      return done(null);
    }
    this.ctx.storage.transactionSync(() => {
      this.#contents.forget("nothing");
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
    clearOf: string[],
  ): Promise<void> {
    if (!this.#moves.takesOver(place, clearOf)) return;
    this.#contents.adopt(dimensions, units, claims, Date.now());
    await this.#alarmIfBusy();
  }

  override async alarm(): Promise<void> {
    // What moves away needs no merging, and merges come to no end where a full shard goes on growing.
    const isMoved = await this.#moved();
    await this.#merging.all();
    if (!isMoved) return await this.ctx.storage.setAlarm(Date.now() + SPLIT_AGAIN_MS);
    const waitMs = await lookAfterBulk(this.#bulk, this.ctx.id.name ?? "");
    if (waitMs !== null) await this.ctx.storage.setAlarm(Date.now() + waitMs);
    if (!this.#moves.hasLeft()) this.#store.forgetRemovals(Date.now() - REMOVALS_KEPT_MS);
    // A split may have begun meanwhile.
    if (!this.#moves.hasLeft() || this.#moves.isSplitting()) await this.#alarmIfBusy();
  }

  async #moved(): Promise<boolean> {
    try {
      await this.#moves.copy();
    } catch (error) {
      // A child that does not answer. The platform would give up after six attempts, and the shard be full for good.
      log("error", "search-split-waits", { error: String(error) });
      return false;
    }
    await this.#moves.giveBack();
    await this.#moves.shorten();
    return true;
  }

  /** `isCalled` by whoever asks the object itself: to measure takes the disk, which what reads its memory may not touch. */
  #found(request: SearchRequest, isCalled: boolean): Found {
    const { bulk } = request;
    const dense = bulk === undefined ? null : (this.#bulk?.denseSlots(bulk) ?? null);
    const recall = isCalled && dense === null ? this.#recall.due(request, Date.now()) : null;
    if (recall !== null) this.ctx.waitUntil(recall());
    return this.#contents.search(request, dense);
  }

  #open(place: Place): void {
    // The shard that has just moved here may have given leases that still stand.
    if (this.#moves.open(place)) this.#leases.hold();
  }

  /** Sees to it that an alarm comes when there is something to merge, to move or to give back. */
  async #lookAfter(place: Place | null, written: number): Promise<void> {
    this.#pace.wrote(written);
    if (this.#contents.engine() === null) return;
    await this.#alarmIfBusy(this.#moves.lookAtRoom(place));
  }

  async #alarmIfBusy(isDue = false): Promise<void> {
    const isBusy = isDue || this.#moves.isSplitting();
    await alarmFor(this.ctx.storage, isBusy ? 0 : this.#merging.dueAtMs(), this.#bulk);
  }
}
