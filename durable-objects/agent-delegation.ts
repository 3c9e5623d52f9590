import {
  type Asked,
  type HeldHop,
  type Hop,
  type HopState,
  nextHop,
  parentOf,
  type Refused,
} from "#domain/delegation/hop.ts";
import { log } from "#domain/observability/log.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { DEAD, HELD } from "#objects/mailbox-tables.ts";
import { AWAY_HELD_MS } from "#objects/agent-away.ts";
import type { AgentPart } from "#objects/agent-parts.ts";

/** `hop`: what the agent was given; `hop_made`: what it handed on, until its deadline or until its cancellation was heard. */
export const DELEGATION_STEP = `
  CREATE TABLE hop (
    id TEXT PRIMARY KEY, seq INTEGER, task_id TEXT, root_id TEXT NOT NULL, chain TEXT NOT NULL, budget INTEGER NOT NULL,
    deadline_ms INTEGER NOT NULL, state TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX hop_by_seq ON hop (seq) WHERE seq IS NOT NULL;
  CREATE INDEX hop_by_task ON hop (task_id) WHERE task_id IS NOT NULL;
  CREATE TABLE hop_made (
    id TEXT PRIMARY KEY, parent_id TEXT, to_agent TEXT NOT NULL, hop TEXT NOT NULL, cost INTEGER NOT NULL,
    deadline_ms INTEGER NOT NULL, cancel_at_ms INTEGER, tries INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX hop_made_cancel ON hop_made (cancel_at_ms) WHERE cancel_at_ms IS NOT NULL;
`;

/** What is over is found by its end, and what was taken late by its token: both without looking at the rest. */
export const DELEGATION_END_STEP = `
  CREATE INDEX hop_by_deadline ON hop (deadline_ms);
  CREATE INDEX message_late ON message (seq) WHERE state = 0 AND token > 0;
`;

const DAY_MS = 86_400_000;
const TOLD_AT_ONCE = 20;
const ENDED_AT_ONCE = 100;
const TELL_AGAIN_MS = 1_000;
const TRIES_DOUBLED_MAX = 8;

/** The answer to work whose cancellation came before it. */
export const OVER: Problem<"delegation-over"> = {
  code: "delegation-over",
  detail: "it was cancelled before it came",
};

type HopRow = {
  id: string;
  seq: number | null;
  task_id: string | null;
  root_id: string;
  chain: string;
  budget: number;
  deadline_ms: number;
  state: HopState;
};
type MadeRow = { id: string; to_agent: string; tries: number };
/** Where the work of a hop lies. */
export type Place = { seq: number | null; taskId: string | null };
/** `of`: the work that it is for, as the agent names it. */
export type Delegated = Asked & { of: string | null };
export type DelegateRefused =
  | Refused
  | Problem<"delegation-unclear" | "too-many-requests" | "budget-exhausted">;

/** `isNew` is false for one that was made before: whoever was given it may be at work, so it is not taken back. */
export type Made = { hop: Hop; isNew: boolean };

/**
 * What one agent was given by others and handed on to others. The chain of each piece of work is what is stored here,
 * never what somebody says; a hop is refused before anything is stored anywhere else. Cancelling one reaches every hop
 * that came of it: each object tells those that its agent handed work on to, until they have heard.
 */
export class AgentDelegation implements AgentPart {
  readonly #storage: DurableObjectStorage;
  readonly #env: Env;

  constructor(storage: DurableObjectStorage, env: Env) {
    [this.#storage, this.#env] = [storage, env];
  }

  /** The hop that its agent may make now. The same id again is the same hop, at no further cost. */
  delegate(self: string, asked: Delegated, nowMs: number): Result<Made, DelegateRefused> {
    const { sql } = this.#storage;
    return this.#storage.transactionSync((): Result<Made, DelegateRefused> => {
      const [known] = sql.exec<{ hop: string }>("SELECT hop FROM hop_made WHERE id = ?", asked.id);
      if (known !== undefined) return ok({ hop: JSON.parse(known.hop) as Hop, isNew: false });
      this.#forgetReceived(nowMs);
      sql.exec("DELETE FROM hop_made WHERE deadline_ms < ? AND cancel_at_ms IS NULL", nowMs);
      const held = [...this.#held(), ...this.#away(asked.of, nowMs)];
      const parent = parentOf(held, asked.of);
      if (!parent.ok) return parent;
      const next = nextHop(self, parent.value, asked, nowMs);
      if (!next.ok) return next;
      const { hop, cost } = next.value;
      const { open } = sql.exec<{ open: number }>("SELECT count(*) AS open FROM hop_made").one();
      if (open >= LIMITS.delegationsOpenMax)
        return err({
          code: "too-many-requests",
          detail: "the agent has handed on as much as it may",
          retryAfterS: 60,
        });
      if (parent.value === null) {
        if (!this.#spendToday(cost, nowMs))
          return err({ code: "budget-exhausted", detail: "the agent's budget of today is spent" });
      } else sql.exec("UPDATE hop SET budget = budget - ? WHERE id = ?", cost, parent.value.id);
      sql.exec(
        "INSERT INTO hop_made VALUES (?, ?, ?, ?, ?, ?, NULL, 0)",
        hop.id,
        parent.value?.id ?? null,
        asked.to,
        JSON.stringify(hop),
        cost,
        hop.deadlineMs,
      );
      return ok({ hop, isNew: true });
    });
  }

  /** The work found no taker: it cost nothing. */
  takeBack(id: string): void {
    const { sql } = this.#storage;
    this.#storage.transactionSync(() => {
      const [made] = sql.exec<{ parent_id: string | null; cost: number }>(
        "DELETE FROM hop_made WHERE id = ? RETURNING parent_id, cost",
        id,
      );
      if (made !== undefined && made.parent_id !== null)
        sql.exec("UPDATE hop SET budget = budget + ? WHERE id = ?", made.cost, made.parent_id);
    });
  }

  /** Whether its cancellation came before it did. */
  isCanceled(id: string): boolean {
    return (
      this.#storage.sql.exec("SELECT 1 FROM hop WHERE id = ? AND state = 'canceled'", id).toArray()
        .length > 0
    );
  }

  /** The same for messages, as far as they were placed. */
  receiveAll(
    drafts: readonly { hop?: Hop }[],
    placed: readonly Result<{ seq: number }, Problem>[],
    nowMs: number,
  ): void {
    for (const [i, { hop }] of drafts.entries()) {
      const one = placed[i];
      if (hop !== undefined && one?.ok === true)
        this.receive(hop, { seq: one.value.seq, taskId: null }, nowMs);
    }
  }

  /** Notes under what hop its agent was given a message or a task: call it in the turn that stores that. */
  receive(
    { id, rootId, chain, budget, deadlineMs }: Hop,
    { seq, taskId }: Place,
    nowMs: number,
  ): void {
    this.#forgetReceived(nowMs);
    this.#storage.sql.exec(
      "INSERT INTO hop VALUES (?, ?, ?, ?, ?, ?, ?, 'open') ON CONFLICT DO NOTHING",
      id,
      seq,
      taskId,
      rootId,
      JSON.stringify(chain),
      budget,
      deadlineMs,
    );
  }

  /** The hops under which messages came, by place in the mailbox. */
  hopsOf(seqs: readonly number[]): Map<number, Hop> {
    const rows = this.#storage.sql.exec<HopRow & { at: number }>(
      `SELECT value AS at, hop.* FROM json_each(?1) JOIN hop ON hop.seq = value
         UNION ALL SELECT part.seq AS at, hop.* FROM json_each(?1) JOIN task_message AS part ON part.seq = value
           JOIN hop ON hop.task_id = part.task_id`,
      JSON.stringify(seqs),
    );
    return new Map(rows.toArray().map((row) => [row.at, heldOf(row)]));
  }

  /** Ends a hop that its agent was given, and all that came of it; answers where its work lies. */
  cancel(id: string, nowMs: number): Place | null {
    const { sql } = this.#storage;
    return this.#storage.transactionSync(() => {
      // Also where it has not come yet: then it is refused when it comes.
      sql.exec(
        "INSERT INTO hop VALUES (?1, NULL, NULL, ?1, '[]', 0, ?2, 'canceled') ON CONFLICT (id) DO UPDATE SET state = 'canceled'",
        id,
        nowMs + DAY_MS,
      );
      sql.exec(
        "UPDATE hop_made SET cancel_at_ms = ? WHERE parent_id = ? AND cancel_at_ms IS NULL",
        nowMs,
        id,
      );
      const [row] = sql.exec<HopRow>("SELECT * FROM hop WHERE id = ?", id);
      return row === undefined ? null : { seq: row.seq, taskId: row.task_id };
    });
  }

  /** The same for the work of a task. */
  cancelTask(taskId: string, nowMs: number): void {
    const rows = this.#storage.sql.exec<{ id: string }>(
      "SELECT id FROM hop WHERE task_id = ? AND task_id IS NOT NULL",
      taskId,
    );
    for (const { id } of rows.toArray()) this.cancel(id, nowMs);
  }

  /** Ends what its agent handed on itself: one hop, or all of them. False where there is none of that name. */
  cancelMade(id: string | null, nowMs: number): boolean {
    const { sql } = this.#storage;
    if (id === null) {
      sql.exec("UPDATE hop_made SET cancel_at_ms = ? WHERE cancel_at_ms IS NULL", nowMs);
      return true;
    }
    sql.exec(
      "UPDATE hop_made SET cancel_at_ms = ? WHERE id = ? AND cancel_at_ms IS NULL",
      nowMs,
      id,
    );
    return sql.exec("SELECT 1 FROM hop_made WHERE id = ?", id).toArray().length > 0;
  }

  dueMs(): number | null {
    return this.#storage.sql
      .exec<{ due: number | null }>(
        "SELECT min(cancel_at_ms) AS due FROM hop_made WHERE cancel_at_ms IS NOT NULL",
      )
      .one().due;
  }

  /** Tells those that have not heard of a cancellation. */
  async work(nowMs: number): Promise<void> {
    const { sql } = this.#storage;
    const due = sql
      .exec<MadeRow>(
        `SELECT id, to_agent, tries FROM hop_made WHERE cancel_at_ms IS NOT NULL AND cancel_at_ms <= ?
           ORDER BY cancel_at_ms LIMIT ${TOLD_AT_ONCE}`,
        nowMs,
      )
      .toArray();
    await Promise.all(
      due.map(async ({ id, to_agent: to, tries }) => {
        try {
          if (!(await this.#env.AGENT.getByName(to).cancelHop(id))) throw new Error("it is busy");
          sql.exec("DELETE FROM hop_made WHERE id = ?", id);
        } catch (error) {
          log("warn", "hop-cancel-unheard", { to, error: String(error) });
          const waitMs = TELL_AGAIN_MS * 2 ** Math.min(tries, TRIES_DOUBLED_MAX);
          sql.exec(
            "UPDATE hop_made SET tries = tries + 1, cancel_at_ms = ? WHERE id = ?",
            nowMs + waitMs,
            id,
          );
        }
      }),
    );
  }

  /**
   * The work that its agent has in hand: under the lease of a message, of a task's too. A lease that ran out is good until
   * the message is given out again, and so is the chain.
   */
  #held(): HeldHop[] {
    return this.#storage.sql
      .exec<HopRow>(
        `WITH taken(seq) AS (SELECT seq FROM message WHERE state = ${HELD} AND token > 0
             UNION ALL SELECT seq FROM message WHERE state = 0 AND token > 0)
           SELECT hop.* FROM taken JOIN hop ON hop.seq = taken.seq
           UNION SELECT hop.* FROM taken JOIN task_message AS part ON part.seq = taken.seq
             JOIN hop ON hop.task_id = part.task_id`,
      )
      .toArray()
      .map(heldOf);
  }

  /** The same of an agent that runs elsewhere: what it was called for and, as far as anybody heard, has not ended. */
  #away(named: string | null, nowMs: number): HeldHop[] {
    return this.#storage.sql
      .exec<HopRow>(
        `SELECT hop.* FROM away JOIN hop ON hop.id = away.hop_id
           WHERE begun_at_ms > ?1 AND deadline_ms > ?2 AND (?3 IS NULL OR hop.id = ?3 OR hop.task_id = ?3) LIMIT 2`,
        nowMs - AWAY_HELD_MS,
        nowMs,
        named,
      )
      .toArray()
      .map(heldOf);
  }

  /** Under which id the agent knows the work of a hop. */
  named(id: string, taskId: string): void {
    this.#storage.sql.exec("UPDATE hop SET task_id = ? WHERE id = ?", taskId, id);
  }

  /** The work of a hop is over: nothing can come of it any more. */
  over(id: string): void {
    this.#storage.sql.exec("DELETE FROM hop WHERE id = ? AND state = 'open'", id);
  }

  #spendToday(cost: number, nowMs: number): boolean {
    const { kv } = this.#storage;
    const day = Math.floor(nowMs / DAY_MS);
    const known = kv.get<{ day: number; spent: number }>("hopsOfDay");
    const spent = (known?.day === day ? known.spent : 0) + cost;
    if (spent > LIMITS.delegationBudgetPerDay) return false;
    kv.put("hopsOfDay", { day, spent });
    return true;
  }

  /** What is past its deadline is over, and nobody needs to hear of it; whoever is at work on it still is not let off its chain. */
  #forgetReceived(nowMs: number): void {
    this.#storage.sql.exec(
      `DELETE FROM hop WHERE id IN (SELECT id FROM hop WHERE deadline_ms < ?
         AND NOT EXISTS (SELECT 1 FROM message WHERE message.seq = hop.seq AND message.state <> ${DEAD})
         AND (task_id IS NULL OR task_id NOT IN (SELECT task_id FROM task_message))
         ORDER BY deadline_ms LIMIT ${ENDED_AT_ONCE})`,
      nowMs,
    );
  }
}

const heldOf = (row: HopRow): HeldHop => ({
  id: row.id,
  rootId: row.root_id,
  chain: JSON.parse(row.chain) as string[],
  budget: row.budget,
  deadlineMs: row.deadline_ms,
  state: row.state,
  taskId: row.task_id,
});
