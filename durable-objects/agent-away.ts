import type { Ending } from "#domain/agents/standing.ts";
import type { Hop } from "#domain/delegation/hop.ts";
import type { AgentDelegation } from "#objects/agent-delegation.ts";
import type { AgentQuality } from "#objects/agent-quality.ts";

/** Work that an agent which runs elsewhere was given and, as far as anybody has heard, has not ended. */
export const AWAY_STEP = `
  CREATE TABLE away (
    hop_id TEXT PRIMARY KEY, task_id TEXT, account_id TEXT NOT NULL, is_own INTEGER NOT NULL, classes TEXT NOT NULL,
    begun_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX away_by_task ON away (task_id) WHERE task_id IS NOT NULL;
  CREATE INDEX away_by_begin ON away (begun_at_ms);
`;

/** Its callers hear of an end only where they ask: what is older is taken to be over, by the chains and by everybody. */
export const AWAY_HELD_MS = 3_600_000;
/** More are not remembered: the oldest go. */
const KEPT_MAX = 10_000;
const SWEPT_MAX = 100;

/** For whom it is, and what kind of work. */
export type AwayAsking = { accountId: string; isOwn: boolean; classes: string[] };

/**
 * What is heard of it. `begun`: the agent took it as a task of its own; `unreachable`: it never had it. Only whoever asks
 * the agent hears anything.
 */
export type AwayHeard =
  | { kind: "begun"; taskId: string }
  | { kind: "ended"; ending: Ending }
  | { kind: "unreachable" };

type Row = {
  hop_id: string;
  task_id: string | null;
  account_id: string;
  is_own: number;
  classes: string;
  begun_at_ms: number;
};

/** The work of an agent elsewhere, as far as chains of delegations and its quality need to know of it. */
export class AgentAway {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #env: Pick<Env, "OPERATIONS">;
  readonly #agentId: string;
  readonly #delegation: AgentDelegation;
  readonly #did: AgentQuality["did"];

  constructor(
    { storage, id }: DurableObjectState,
    env: Pick<Env, "OPERATIONS">,
    delegation: AgentDelegation,
    quality: AgentQuality,
  ) {
    [this.#storage, this.#sql, this.#env] = [storage, storage.sql, env];
    this.#agentId = id.name ?? "";
    this.#delegation = delegation;
    this.#did = (...did) => quality.did(...did);
  }

  /** Before it is called: from here on it is at work, also where nobody hears of it again. */
  begin(hop: Hop, asking: AwayAsking, nowMs: number): void {
    this.#storage.transactionSync(() => {
      this.#delegation.receive(hop, { seq: null, taskId: null }, nowMs);
      this.#begin(hop.id, asking, nowMs);
    });
  }

  /** False where the work was cancelled meanwhile, so that it is to be taken back. */
  heard(of: { hopId: string } | { taskId: string }, heard: AwayHeard, nowMs: number): boolean {
    return this.#storage.transactionSync(() => {
      const id = this.#heard(of, heard, nowMs);
      if (id === null) return true;
      if (heard.kind === "begun") this.#delegation.named(id, heard.taskId);
      // With what was taken back goes what came of it.
      else if (heard.kind === "ended" && heard.ending === "dropped")
        this.#delegation.cancel(id, nowMs);
      else this.#delegation.over(id);
      return !this.#delegation.isCanceled(id);
    });
  }

  /** Takes back there what came by a hop. False where that cannot be done now: ask again. */
  async cancel(hopId: string): Promise<boolean> {
    const row = this.#of(hopId);
    // Where it has no name there yet, whoever is calling the agent is told that it is over.
    if (row === null || row.task_id === null) return true;
    if (!(await this.#env.OPERATIONS.cancelOutside(this.#agentId, row.task_id))) return false;
    this.heard({ hopId }, { kind: "ended", ending: "dropped" }, Date.now());
    return true;
  }

  #begin(hopId: string, { accountId, isOwn, classes }: AwayAsking, nowMs: number): void {
    this.#sql.exec(
      `DELETE FROM away WHERE hop_id IN (SELECT hop_id FROM away WHERE begun_at_ms < ?
         ORDER BY begun_at_ms LIMIT ${SWEPT_MAX})`,
      nowMs - AWAY_HELD_MS,
    );
    const { n } = this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM away").one();
    if (n >= KEPT_MAX)
      this.#sql.exec(
        `DELETE FROM away WHERE hop_id IN (SELECT hop_id FROM away ORDER BY begun_at_ms LIMIT ${SWEPT_MAX})`,
      );
    this.#sql.exec(
      "INSERT INTO away VALUES (?, NULL, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      hopId,
      accountId,
      isOwn ? 1 : 0,
      JSON.stringify(classes),
      nowMs,
    );
    this.#did({ kind: "asked", task: { id: hopId, classes, accountId, isOwn } }, nowMs);
  }

  /** Answers the hop that it is of; null where nothing is known of it (any more). */
  #heard(
    of: { hopId: string } | { taskId: string },
    heard: AwayHeard,
    nowMs: number,
  ): string | null {
    const row = "hopId" in of ? this.#of(of.hopId) : this.#ofTask(of.taskId);
    if (row === null) return null;
    const { hop_id: id, task_id: taskId } = row;
    if (heard.kind === "begun") {
      this.#sql.exec("UPDATE away SET task_id = ? WHERE hop_id = ?", heard.taskId, id);
      // It goes on there, and what becomes of it is heard of late or never: silence is none of its faults.
      this.#did({ kind: "ended", id, ending: "dropped", credits: null }, nowMs);
      this.#did({ kind: "heard" }, nowMs);
      return id;
    }
    this.#sql.exec("DELETE FROM away WHERE hop_id = ?", id);
    // What it was not reached for stays asked: one that is not reached again has fallen silent.
    if (heard.kind === "unreachable") return id;
    const { ending } = heard;
    if (taskId === null || ending === "dropped")
      this.#did({ kind: "ended", id, ending, credits: null }, nowMs);
    else
      this.#did({ kind: "outcome", outcome: outcomeOf(row, ending, nowMs), isAnswer: true }, nowMs);
    return id;
  }

  #of(hopId: string): Row | null {
    return this.#sql.exec<Row>("SELECT * FROM away WHERE hop_id = ?", hopId).toArray()[0] ?? null;
  }

  #ofTask(taskId: string): Row | null {
    const found = this.#sql.exec<Row>(
      "SELECT * FROM away WHERE task_id = ? AND task_id IS NOT NULL",
      taskId,
    );
    return found.toArray()[0] ?? null;
  }
}

const outcomeOf = (row: Row, ending: Ending, nowMs: number) => ({
  classes: JSON.parse(row.classes) as string[],
  accountId: row.account_id,
  isOwn: row.is_own === 1,
  done: ending === "done",
  latencyMs: nowMs - row.begun_at_ms,
  credits: null,
});
