import { agentQualityStore } from "#db/catalog/agent-quality.ts";
import { catalogShardOf } from "#domain/accounts/credential.ts";
import type { Quality } from "#domain/agents/quality.ts";
import {
  after,
  type Doing,
  dueMs,
  outcomeOf,
  passed,
  type Standing,
  toTell,
  unknown,
} from "#domain/agents/standing.ts";
import { measureTask } from "#domain/metrics/of-accounts.ts";
import { log } from "#domain/observability/log.ts";

const KEY = "standing";
/** Where the catalog does not answer, the registry is told later. */
const AGAIN_MS = 10_000;

/**
 * What an agent does with its tasks, added up in one value of its object: nothing is written for each task but that, and
 * the registry is told only of what would change a match. Without a task there is no value.
 */
export class AgentQuality {
  readonly #storage: DurableObjectStorage;
  readonly #env: Env;
  readonly #agentId: string;
  #againAtMs = 0;

  constructor({ storage, id }: DurableObjectState, env: Env) {
    this.#storage = storage;
    this.#env = env;
    this.#agentId = id.name ?? "";
  }

  /** In the transaction of whatever it tells of. */
  did(doing: Doing, nowMs: number): void {
    const before = this.#now();
    const outcome = outcomeOf(before, doing, nowMs);
    if (outcome !== null) measureTask(outcome, nowMs);
    this.#save(after(before, doing, nowMs));
  }

  /** Whether it would change anything to know that its program is there. */
  get isSilent(): boolean {
    return this.#now().health.silentSinceMs !== null;
  }

  dueMs(nowMs: number = Date.now()): number | null {
    const due = dueMs(this.#now(), nowMs);
    return due === null ? null : Math.max(due, this.#againAtMs);
  }

  async work(nowMs: number): Promise<void> {
    const before = this.#now();
    const standing = passed(before, nowMs);
    if (standing !== before) this.#save(standing);
    const told = toTell(standing, nowMs);
    if (told === null) return;
    try {
      await this.#tell(told, nowMs);
    } catch (error) {
      log("warn", "quality-untold", { agentId: this.#agentId, error: String(error) });
      this.#againAtMs = nowMs + AGAIN_MS;
      return;
    }
    // What happened meanwhile is in what is kept by now.
    this.#save({ ...this.#now(), told, toldAtMs: nowMs });
  }

  async #tell(told: Quality, nowMs: number): Promise<void> {
    const shard = `CATALOG_${catalogShardOf(this.#agentId) ?? 0}`;
    // Its card leaves search, or comes back: the catalog's relay sees to that.
    if (told.isOut !== (this.#now().told?.isOut ?? false))
      await this.#env.RELAY.getByName(shard).arm(shard);
    await agentQualityStore([this.#env.CATALOG_0]).tell(this.#agentId, told, nowMs);
  }

  /** Read anew each time: what was rolled back with the transaction it belonged to has not happened. */
  #now(): Standing {
    return this.#storage.kv.get<Standing>(KEY) ?? unknown();
  }

  #save(standing: Standing): void {
    this.#storage.kv.put(KEY, standing);
  }
}
