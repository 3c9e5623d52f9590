import type { Draft } from "#domain/mailbox/message.ts";
import type { Given, Queue } from "#domain/scheduling/queue.ts";
import type { Change, Outcome } from "#domain/scheduling/row.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { pauseMs, type Subscription } from "#domain/tasks/subscription.ts";

export const TASK_SUBSCRIBER_STEP = `CREATE TABLE task_subscriber (
    agent_id TEXT PRIMARY KEY, subscription TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`;

/** Of inputs that lie in memory at once; one lease more may come on top. */
const GIVEN_BYTES_MAX = LIMITS.leasedBytesMax;

/** `given`: the tokens of what it has, by place. */
type Subscriber = Subscription & {
  agentId: string;
  given: Map<number, number>;
  silences: number;
  resumesAtMs: number;
};
type Pushed = { agentId: string; given: Given };

/** The agents to whose mailboxes tasks are sent, each no more at a time than it wants. What it has is known again from the rows. */
export class TaskSubscribers {
  readonly #sql: SqlStorage;
  readonly #all = new Map<string, Subscriber>();
  /** There was more to give than one transaction may. */
  #hasMore = false;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    for (const row of sql.exec<{ agent_id: string; subscription: string }>(
      "SELECT * FROM task_subscriber",
    ))
      this.#keep(row.agent_id, JSON.parse(row.subscription) as Subscription);
  }

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  /** False where there are as many as there may be. */
  set(agentId: string, subscription: Subscription): boolean {
    if (!this.#all.has(agentId) && this.#all.size >= LIMITS.taskSubscribersMax) return false;
    this.#sql.exec(
      "INSERT OR REPLACE INTO task_subscriber VALUES (?, ?)",
      agentId,
      JSON.stringify(subscription),
    );
    this.#keep(agentId, subscription);
    return true;
  }

  drop(agentId: string): void {
    this.#sql.exec("DELETE FROM task_subscriber WHERE agent_id = ?", agentId);
    this.#all.delete(agentId);
  }

  get(agentId: string): Subscription | null {
    const one = this.#all.get(agentId);
    if (one === undefined) return null;
    const { types, atOnce, leaseMs, capabilities } = one;
    return { types, atOnce, leaseMs, capabilities };
  }

  /** What an agent has already, as an object that begins again finds it. */
  has({ seq, token, holder }: { seq: number; token: number; holder: string | null }): void {
    if (holder !== null) this.#all.get(holder)?.given.set(seq, token);
  }

  /** What became of a task, so that whoever has one less can be given another. */
  note(change: Change, nowMs: number): void {
    if (this.isEmpty) return;
    const { seq, ...moving } = "row" in change ? change.row : { seq: change.seq, ...change.moving };
    const isHeld = change.kind === "moved" && moving.isHeld;
    for (const one of this.#all.values()) {
      const token = one.given.get(seq);
      const isTheirs = isHeld && moving.holder === one.agentId;
      if (isTheirs && moving.standing === "leased") {
        // A second word under one token: it is at work.
        if (token === moving.token) one.silences = 0;
        one.given.set(seq, moving.token);
      } else if (token !== undefined) {
        one.given.delete(seq);
        // Taken back from it: nobody has said a word, and how long it is left alone stays as it is.
        if (change.kind === "moved" && !isHeld && moving.standing === "waiting") continue;
        // Its lease ran out without a word: the token is good still, as nobody else has it.
        one.silences = isTheirs ? one.silences + 1 : 0;
        one.resumesAtMs = nowMs + pauseMs(one.silences);
      }
    }
  }

  /** Its mailbox would not have it. */
  refused(agentId: string, nowMs: number): void {
    const one = this.#all.get(agentId);
    if (one === undefined) return;
    one.silences += 1;
    one.resumesAtMs = nowMs + pauseMs(one.silences);
  }

  /** When somebody who was left alone is given something again; Infinity: nobody was. */
  dueMs(nowMs: number): number {
    let dueMs = this.#hasMore ? nowMs : Infinity;
    for (const { resumesAtMs } of this.#all.values())
      if (resumesAtMs > nowMs) dueMs = Math.min(dueMs, resumesAtMs);
    return dueMs;
  }

  /** Leases to each what it may have now; the changes are the caller's to write, and to note. */
  give(queue: Queue, nowMs: number): Outcome<Pushed[]> {
    const answer: Pushed[] = [];
    const changes: Change[] = [];
    let bytes = 0;
    this.#hasMore = false;
    for (const one of this.#all.values()) {
      const free = one.atOnce - one.given.size;
      const leaser = { types: one.types, capabilities: one.capabilities, near: null };
      if (free <= 0 || one.resumesAtMs > nowMs || !queue.hasFor(leaser)) continue;
      if (bytes > GIVEN_BYTES_MAX) {
        this.#hasMore = true;
        break;
      }
      const { leaseMs, agentId } = one;
      const given = queue.lease({ ...leaser, limit: free, leaseMs, holder: agentId }, nowMs);
      changes.push(...given.changes);
      for (const each of given.answer) {
        bytes += each.bytes;
        answer.push({ agentId, given: each });
      }
    }
    return { answer, changes };
  }

  #keep(agentId: string, subscription: Subscription): void {
    const before = this.#all.get(agentId);
    this.#all.set(agentId, {
      ...subscription,
      agentId,
      given: before?.given ?? new Map(),
      silences: 0,
      resumesAtMs: 0,
    });
  }
}

/** The message by which an agent is given a task. It is good as long as the lease, and comes once however often it is sent. */
export function taskMessage(
  accountId: string,
  priority: number,
  task: { text: string; id: string; token: number; untilMs: number },
): Draft {
  const body = `{"task":${task.text}}`;
  return {
    from: { accountId, agentId: null },
    isOwn: true,
    kind: "task",
    conversationId: null,
    inReplyTo: null,
    priority,
    deadlineMs: task.untilMs,
    once: [{ key: `t ${task.id} ${task.token}`, bodyHash: "" }],
    body,
    bytes: new TextEncoder().encode(body).length,
  };
}
