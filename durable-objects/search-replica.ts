import { DurableObject } from "cloudflare:workers";
import searchKernel from "#kernels/search.wasm";
import { log } from "#domain/observability/log.ts";
import { objectNamed } from "#domain/regions/objects.ts";
import type { Behind } from "#domain/regions/replicas.ts";
import {
  type AskingReader,
  type FollowState,
  isLookDue,
  LOOK_EVERY_MS,
  looksAgainInMs,
  mayAnswer,
  NOTHING_YET,
  type RecordKey,
  takeOver,
} from "#domain/search/leaves/follow.ts";
import { openPace } from "#domain/search/engine/pace.ts";
import type { SearchRequest } from "#domain/search/model.ts";
import type { LeafAnswer, ShardAnswer } from "#domain/search/protocol.ts";
import type { Moved } from "#domain/search/leaves/tree.ts";
import type { UnitRecord } from "#domain/search/leaves/versions.ts";
import { migrate } from "#objects/migrate.ts";
import { openContents, type SearchContents } from "#objects/search-contents.ts";
import type { CarriedUnit } from "#objects/search-records.ts";
import { type Followed, liveBetween } from "#objects/search-follow.ts";
import { heatMeter } from "#objects/search-heat.ts";
import { pages } from "#objects/search-shard.ts";
import { type SearchStore, searchStore, STEPS } from "#objects/search-store.ts";
import { openMerging } from "#objects/search-upkeep.ts";

type LeaderStub = { follow(asked: FollowState): Promise<ShardAnswer<Followed>> };

/** How long an answer waits for the leader before it is given from what is here. */
const LOOK_WAIT_MS = 300;
const LEADER_TIMEOUT_MS = 2_000;
/** `asOfMs` moves on without a change; so often it is written down all the same. */
const SAVE_EVERY_MS = 10_000;

/**
 * A copy of one leaf in another region, or of a hot one beside it: follows its leader's log and answers searches, and
 * has no way to take a write. Named `<leaf>@<region>`, with `.<n>` for more than one (docs/decisions/025-regions.md).
 */
export class SearchReplica extends DurableObject<Env> {
  readonly #store: SearchStore;
  readonly #contents: SearchContents;
  #leader: string | null;
  #state: FollowState;
  #moved: Moved | null;
  #looking: Promise<void> | null = null;
  #isAwake = false;
  #failures = 0;
  #heardAtMs = Date.now();
  #savedAtMs = 0;
  #lastReadMs = Date.now();
  readonly #spread = heatMeter();
  readonly #pace = openPace();
  readonly #merging: ReturnType<typeof openMerging>;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, STEPS);
    const { kv } = ctx.storage;
    this.#leader = kv.get<string>("leader") ?? null;
    this.#state = kv.get<FollowState>("follow") ?? NOTHING_YET;
    this.#moved = kv.get<Moved>("moved-leaf") ?? null;
    this.#store = searchStore(ctx.storage);
    this.#contents = openContents(ctx.storage, this.#store, searchKernel, pages, () => {});
    this.#merging = openMerging(this.#contents, this.#pace);
  }

  /** Searches for a reader who has seen the leader at `atLeastMs`, looking at the leader first when that is due. Nobody keeps the answer. */
  async read(
    leader: string,
    reader: AskingReader,
    request: SearchRequest,
  ): Promise<LeafAnswer | Behind> {
    this.#lastReadMs = Date.now();
    await this.#wake(leader);
    const isDue = !reader.hasAskedLeader && this.#failures === 0;
    if (isDue && isLookDue(this.#state, reader, this.#lastReadMs))
      await atMost(LOOK_WAIT_MS, this.#look());
    if (this.#moved !== null) return { kind: "moved", ...this.#moved };
    const heard = { atMs: this.#heardAtMs, failures: this.#failures };
    if (!mayAnswer(this.#state, reader, heard, Date.now())) return { kind: "behind" };
    const { asOfMs, newestMs } = this.#state;
    const { hits } = this.#contents.search(request);
    return { kind: "done", value: { hits, seenMs: newestMs, spread: this.#spread() }, asOfMs };
  }

  override async alarm(): Promise<void> {
    if (this.#leader === null) return;
    this.#isAwake = true;
    await this.#look();
    await this.#merging.all();
    if (this.#moved !== null) {
      if (this.#contents.engine() !== null) this.#contents.leave("nothing");
      return await this.#store.leaveAll();
    }
    const again = looksAgainInMs(Date.now() - this.#lastReadMs, this.#failures);
    this.#isAwake = again !== null;
    if (again !== null) await this.ctx.storage.setAlarm(Date.now() + again);
  }

  async #wake(leader: string): Promise<void> {
    if (this.#leader === null) {
      this.#leader = leader;
      this.ctx.storage.kv.put("leader", leader);
    }
    if (this.#isAwake || this.#moved !== null) return;
    this.#isAwake = true;
    await this.ctx.storage.setAlarm(Date.now() + LOOK_EVERY_MS);
  }

  /** One look at a time: whoever wants one while it is under way waits for that. */
  #look(): Promise<void> {
    this.#looking ??= this.#takeAll().finally(() => (this.#looking = null));
    return this.#looking;
  }

  async #takeAll(): Promise<void> {
    while (this.#leader !== null && this.#moved === null) {
      const asked = this.#state;
      const answer = await this.#ask(this.#leader, asked);
      if (answer === null) {
        this.#failures++;
        return;
      }
      this.#failures = 0;
      this.#heardAtMs = Date.now();
      if (answer.kind === "moved") {
        this.#moved = { of: answer.of, to: answer.to };
        this.ctx.storage.kv.put("moved-leaf", this.#moved);
        // Gives the space back; the alarm comes although nothing is followed any more.
        await this.ctx.storage.setAlarm(Date.now());
        return;
      }
      if (answer.kind !== "done") return;
      const { dimensions, answer: page } = answer.value;
      const next = takeOver(this.#held(dimensions), this.#state, asked, page);
      if (next === null) return;
      this.#stand(next);
      if (page.kind === "changes" && page.isAll) return;
    }
  }

  async #ask(leader: string, asked: FollowState): Promise<ShardAnswer<Followed> | null> {
    const shards = this.env.SEARCH_SHARD as DurableObjectNamespace;
    try {
      const stub = objectNamed(shards, leader) as unknown as LeaderStub;
      return await atMost(LEADER_TIMEOUT_MS, stub.follow(asked));
    } catch (error) {
      log("warn", "search-leader-unreachable", { error: String(error) });
      return null;
    }
  }

  /** Stored after the records it speaks of: a crash in between repeats a page. */
  #stand(next: FollowState): void {
    const { log, through, copying } = this.#state;
    const nowMs = Date.now();
    const isElsewhere = next.log !== log || next.through !== through || next.copying !== copying;
    this.#state = next;
    if (!isElsewhere && nowMs - this.#savedAtMs < SAVE_EVERY_MS) return;
    this.#savedAtMs = nowMs;
    this.ctx.storage.kv.put("follow", next);
  }

  #held(dimensions: number) {
    return {
      records: this.#store.records,
      liveBetween: (after: RecordKey, to: RecordKey | null, limit: number) =>
        liveBetween(this.ctx.storage, after, to, limit),
      adopt: (units: readonly CarriedUnit[], gone: readonly UnitRecord[]): void => {
        const taken = gone.map((record): CarriedUnit => ({
          record: { ...record, slot: null },
          shown: null,
          vectors: null,
        }));
        const all = [...taken, ...units];
        if (all.length === 0) return;
        this.#pace.wrote(all.length);
        this.#contents.adopt(dimensions, all, [], Date.now());
      },
    };
  }
}

/** Null when it takes longer. The timer ends with it: one that runs on keeps the object in memory. */
async function atMost<T>(ms: number, work: Promise<T>): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), ms)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
