import type { DeliveryItem, Endpoint } from "#domain/delivery/model.ts";
import type { Draft } from "#domain/mailbox/message.ts";
import type { Lease } from "#domain/scheduling/queue.ts";
import { log } from "#domain/observability/log.ts";

/** What a queue has to tell others of: written with what it tells of, handed on by the alarm, so a crash forgets nothing. */
export const TASK_OUT_STEP = `CREATE TABLE task_out (
    n INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, target TEXT NOT NULL, body TEXT NOT NULL,
    due_ms INTEGER NOT NULL DEFAULT 1
  ) STRICT;
  CREATE INDEX task_out_due ON task_out (due_ms)`;

/** `callback`: to the object that delivers to a receiver. `message`: into an agent's mailbox. `blobs`: results that nobody reads any more. */
export type Outgoing =
  | { kind: "callback"; target: string; endpoint: Endpoint; item: DeliveryItem }
  | { kind: "message"; target: string; draft: Draft; lease: Lease }
  | { kind: "blobs"; target: string };

const AT_ONCE = 100;
const AGAIN_MS = 5_000;
type Row = { n: number; kind: Outgoing["kind"]; target: string; body: string };
type Needs = Pick<Env, "DELIVERY" | "AGENT" | "BLOBS">;

/** A message that its mailbox would not have: its task is given to somebody else. An earlier release noted no lease. */
type Refused = (target: string, lease: Lease | undefined) => void;
type Message = { draft: Draft; lease?: Lease };

export class TaskOutbox {
  readonly #sql: SqlStorage;
  readonly #env: Needs;
  readonly #refused: Refused;
  /** Infinity while there is nothing to hand on; null: not known. */
  #dueMs: number | null = null;

  constructor(sql: SqlStorage, env: Needs, refused: Refused) {
    [this.#sql, this.#env, this.#refused] = [sql, env, refused];
  }

  /** Inside the transaction of what it tells of. */
  add(outgoing: Outgoing): void {
    const { kind, target, ...rest } = outgoing;
    this.#sql.exec(
      "INSERT INTO task_out (kind, target, body) VALUES (?, ?, ?)",
      kind,
      target,
      JSON.stringify(rest),
    );
    this.#dueMs = 1;
  }

  get dueMs(): number {
    this.#dueMs ??=
      this.#sql.exec<{ at: number | null }>("SELECT min(due_ms) AS at FROM task_out").one().at ??
      Infinity;
    return this.#dueMs;
  }

  /** A transaction was taken back, and perhaps what was added in it. */
  forget(): void {
    this.#dueMs = null;
  }

  async work(nowMs: number): Promise<void> {
    const rows = this.#sql
      .exec<Row>("SELECT * FROM task_out WHERE due_ms <= ? ORDER BY n LIMIT ?", nowMs, AT_ONCE)
      .toArray();
    const targets = Map.groupBy(rows, ({ kind, target }) => `${kind} ${target}`);
    for (const group of targets.values()) {
      const isDone = await this.#hand(group).catch((error: unknown) => {
        log("warn", "task-news-not-handed-on", { error: String(error) });
        return false;
      });
      if (isDone) this.#drop(group);
      else this.#putOff(group, nowMs + AGAIN_MS);
    }
    this.#dueMs = null;
  }

  /** All of one receiver's; false where it is to be tried again. */
  async #hand(rows: readonly Row[]): Promise<boolean> {
    const [first] = rows;
    if (first === undefined) return true;
    const { kind, target } = first;
    if (kind === "blobs") {
      const { objects, truncated } = await this.#env.BLOBS.list({ prefix: target });
      await this.#env.BLOBS.delete(objects.map(({ key }) => key));
      return !truncated;
    }
    if (kind === "callback") {
      const all = rows.map(({ body }) => JSON.parse(body) as Callback);
      const [one] = all;
      if (one === undefined) return true;
      const stub = this.#env.DELIVERY.getByName(target);
      const taken = await stub.pass(
        one.endpoint,
        all.map(({ item }) => item),
      );
      return taken.ok;
    }
    const all = rows.map(({ body }) => JSON.parse(body) as Message);
    const placed = await this.#env.AGENT.getByName(target).send(all.map(({ draft }) => draft));
    for (const [at, { lease }] of all.entries())
      if (placed[at]?.ok !== true) this.#refused(target, lease);
    return true;
  }

  #drop(rows: readonly Row[]): void {
    this.#sql.exec(
      "DELETE FROM task_out WHERE n IN (SELECT value FROM json_each(?))",
      JSON.stringify(rows.map(({ n }) => n)),
    );
  }

  /** Everything of that receiver, so that one that is full holds up no other. */
  #putOff([first]: readonly Row[], dueMs: number): void {
    if (first === undefined) return;
    const { kind, target } = first;
    this.#sql.exec(
      "UPDATE task_out SET due_ms = ? WHERE kind = ? AND target = ?",
      dueMs,
      kind,
      target,
    );
  }
}

type Callback = { endpoint: Endpoint; item: DeliveryItem };
