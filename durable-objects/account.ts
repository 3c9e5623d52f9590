import { DurableObject } from "cloudflare:workers";
import {
  ANSWER_LIFE_MS,
  ATTEMPT_LEASE_MS,
  begin,
  type StoredAnswer,
} from "#domain/accounts/idempotency.ts";
import type { AuditFilter, Draft } from "#domain/audit/model.ts";
import type { Row } from "#domain/audit/verify.ts";
import type { Hold, Settlement } from "#domain/inference/infer.ts";
import { auditDaysOf, PLAN_DEFAULT, planOf } from "#domain/limits/plans.ts";
import { log } from "#domain/observability/log.ts";
import { groupCommit } from "#domain/shared/group-commit.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { heldKeys } from "#db/catalog/held-keys.ts";
import { planStore } from "#db/catalog/plans.ts";
import { AUDIT_STEP, AuditLog, type AuditPage, type AuditState } from "#objects/account-audit.ts";
import { auditDueMs, headOf, keepAudit, type OwnHead } from "#objects/account-heads.ts";
import { AccountInference, type Held, INFERENCE_STEP } from "#objects/account-inference.ts";
import { AuditTold } from "#objects/account-told.ts";
import { migrate } from "#objects/migrate.ts";
import { topicPort } from "#objects/topics.ts";

// A rowid table on purpose: rows are purged in the order they came, and answers may be large.
const STEPS = [
  `CREATE TABLE operation (
     id TEXT NOT NULL UNIQUE, body_hash TEXT NOT NULL, started_at_ms INTEGER NOT NULL, attempt INTEGER NOT NULL,
     lease_until_ms INTEGER NOT NULL, status INTEGER, headers TEXT, body BLOB
   ) STRICT`,
  AUDIT_STEP,
  INFERENCE_STEP,
];
const PURGE_ROWS = 1_000;
/** About 1 MB of entries. */
const AUDIT_ROWS_MAX = 1_000;
const AUDIT_PAUSE_MS = 60_000;
const TELL_AGAIN_MS = 5_000;
const AUDIT_WRITE = {
  itemsMax: 200,
  bytesMax: 2_000_000,
  waitingMax: 2_000,
  gathersFirst: true,
} as const;
type Waiting = { draft: Draft; bytes: number; seq: number };

export type Beginning =
  | { state: "run"; startedAtMs: number; attempt: number }
  | { state: "answered"; answer: StoredAnswer }
  | { state: "conflict" }
  | { state: "in-flight"; retryAfterMs: number }
  | { state: "full"; retryAfterMs: number };

type OperationRow = {
  body_hash: string;
  started_at_ms: number;
  attempt: number;
  lease_until_ms: number;
  status: number | null;
  headers: string | null;
  body: ArrayBuffer | null;
};

/** One account's operations under idempotency keys (CONTRACT.md, HTTP conventions). Named by account id. */
export class Account extends DurableObject<Env> {
  #operations: number;
  readonly #audit: AuditLog;
  readonly #told: AuditTold;
  #append: ((waiting: Waiting[]) => Promise<true | null>) | null = null;
  readonly #keys: ReturnType<typeof heldKeys>;
  #ownHead: OwnHead | null = null;
  #tokens: AccountInference | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, STEPS);
    this.#audit = new AuditLog(ctx.storage);
    this.#told = new AuditTold(ctx.storage, this.#audit, topicPort(env));
    this.#keys = heldKeys(env);
    this.#operations = ctx.storage.sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM operation")
      .one().n;
  }

  /** Whether the operation is to be carried out now; of two who ask at once, one is told to. */
  async begin(id: string, bodyHash: string): Promise<Beginning> {
    const nowMs = Date.now();
    const beginning = this.ctx.storage.transactionSync(() => this.#begin(id, bodyHash, nowMs));
    if (beginning.state === "run") await this.#wake(nowMs + ANSWER_LIFE_MS);
    return beginning;
  }

  /** Keeps the answer, or, with none, lets the next repetition try again. An attempt that lost its lease changes nothing. */
  finish(id: string, attempt: number, answer: StoredAnswer | null): void {
    const { sql } = this.ctx.storage;
    if (answer === null) {
      sql.exec(
        "UPDATE operation SET lease_until_ms = 0 WHERE id = ? AND attempt = ? AND status IS NULL",
        id,
        attempt,
      );
      return;
    }
    sql.exec(
      "UPDATE operation SET status = ?, headers = ?, body = ? WHERE id = ? AND attempt = ? AND status IS NULL",
      answer.status,
      JSON.stringify(answer.headers),
      answer.body,
      id,
      attempt,
    );
  }

  override async alarm(): Promise<void> {
    const { sql } = this.ctx.storage;
    const purged = sql.exec(
      `DELETE FROM operation WHERE rowid IN (SELECT rowid FROM operation ORDER BY rowid LIMIT ${PURGE_ROWS})
         AND started_at_ms <= ?`,
      Date.now() - ANSWER_LIFE_MS,
    ).rowsWritten;
    this.#operations = sql.exec<{ n: number }>("SELECT count(*) AS n FROM operation").one().n;
    const oldest = this.#oldestMs();
    if (oldest !== null) await this.#wake(purged > 0 ? Date.now() : oldest + ANSWER_LIFE_MS);
    await this.#keepAudit();
  }

  /**
   * Adds an entry to the account's audit log and answers its number: it is stored by then, and signed. Those that come
   * while others are signed share the next transaction. Null when too many wait.
   */
  async record(accountId: string, draft: Draft): Promise<number | null> {
    const { kv } = this.ctx.storage;
    if (kv.get("accountId") === undefined) kv.put("accountId", accountId);
    this.#append ??= groupCommit(
      AUDIT_WRITE,
      (waiting) => this.#recordAll(accountId, waiting),
      // One turn: whoever has come meanwhile shares the write to disk, which is most of what an entry costs.
      () => scheduler.wait(0),
    );
    const one: Waiting = { draft, bytes: LIMITS.auditEntryCharsMax, seq: 0 };
    return (await this.#append([one])) === null ? null : one.seq;
  }

  async #recordAll(accountId: string, waiting: Waiting[]): Promise<true> {
    const nowMs = Date.now();
    const drafts = waiting.map(({ draft }) => draft);
    const prepared = this.#audit.prepare(drafts, nowMs);
    const head = await headOf(this.#auditNeeds(accountId, nowMs), prepared).catch(
      (error: unknown) => {
        // Where it cannot be signed now, the alarm tries again.
        log("error", "audit-head-unsigned", { accountId, error: String(error) });
        return null;
      },
    );
    this.#audit.commit(prepared, head);
    for (const [i, one] of waiting.entries()) one.seq = prepared.from + i + 1;
    const dueMs = auditDueMs(this.#audit);
    if (dueMs !== null) await this.#wake(dueMs);
    this.ctx.waitUntil(this.#told.tell(accountId));
    return true;
  }

  /** What a call of a model may take at most, held until it is settled or its time is over. */
  holdTokens(hold: Hold, planTokens: number | null): Held {
    return this.#inference().hold(hold, planTokens, Date.now());
  }

  settleTokens(settlements: Settlement[]): void {
    this.#inference().settle(settlements, Date.now());
  }

  tokenState() {
    return this.#inference().state(Date.now());
  }

  /** The account's own bound of tokens a day; null: what its plan allows. */
  bindTokens(bound: number | null): void {
    this.#inference().bind(bound);
  }

  /** Most accounts' objects never hear of a model. */
  #inference(): AccountInference {
    return (this.#tokens ??= new AccountInference(this.ctx.storage, Date.now()));
  }

  /** Forgets what answers said; a repetition of one of them is refused and not carried out again. */
  forgetAnswers(): number {
    return this.ctx.storage.sql.exec(
      "UPDATE operation SET body_hash = '', headers = NULL, body = NULL WHERE status IS NOT NULL AND body_hash <> ''",
    ).rowsWritten;
  }

  auditPage(filter: AuditFilter, before: number | null, limit: number): AuditPage {
    return this.#audit.page(filter, before, Math.min(limit, AUDIT_ROWS_MAX));
  }

  auditRange(after: number, limit: number): Row[] {
    return this.#audit.range(after, Math.min(limit, AUDIT_ROWS_MAX));
  }

  auditState(): AuditState {
    return this.#audit.state();
  }

  auditProof(seq: number, size: number): { text: string; proof: Uint8Array[] } | null {
    return this.#audit.proof(seq, size);
  }

  auditConsistency(first: number, size: number): Uint8Array[] | null {
    return this.#audit.consistency(first, size);
  }

  async #keepAudit(): Promise<void> {
    const accountId = this.ctx.storage.kv.get<string>("accountId");
    if (accountId === undefined) return;
    await keepAudit(this.#auditNeeds(accountId, Date.now())).catch((error: unknown) =>
      log("error", "audit-upkeep-failed", { accountId, error: String(error) }),
    );
    await this.#told.tell(accountId);
    this.#told.keep();
    if (this.#told.isBehind) await this.#wake(Date.now() + TELL_AGAIN_MS);
    const dueMs = auditDueMs(this.#audit);
    // What could not be done now, a minute later: never in a circle without a pause.
    if (dueMs !== null) await this.#wake(Math.max(dueMs, Date.now() + AUDIT_PAUSE_MS));
  }

  #auditNeeds(accountId: string, nowMs: number) {
    return {
      log: this.#audit,
      accountId,
      nowMs,
      blobs: this.env.BLOBS,
      signer: () => this.#keys.signer(),
      ownHead: () => this.#ownHead,
      keepOwnHead: (head: OwnHead) => {
        this.#ownHead = head;
      },
      days: async () => {
        const plan = await planStore(this.env.CATALOG_0).planName(accountId);
        return auditDaysOf(planOf(plan ?? PLAN_DEFAULT));
      },
    };
  }

  /** The alarm rings for whatever is due first. */
  async #wake(atMs: number): Promise<void> {
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > atMs) await this.ctx.storage.setAlarm(atMs);
  }

  #begin(id: string, bodyHash: string, nowMs: number): Beginning {
    const { sql } = this.ctx.storage;
    const [row] = sql.exec<OperationRow>("SELECT * FROM operation WHERE id = ?", id);
    const begun = begin(row === undefined ? null : recordOf(row), bodyHash, nowMs);
    if (begun.state === "answered") return { state: "answered", answer: answerOf(row) };
    if (begun.state !== "run") return begun;
    if (row === undefined && this.#isFull()) {
      return {
        state: "full",
        retryAfterMs: Math.max(1_000, (this.#oldestMs() ?? nowMs) + ANSWER_LIFE_MS - nowMs),
      };
    }
    if (begun.attempt === 1 && row !== undefined)
      sql.exec("DELETE FROM operation WHERE id = ?", id);
    const leaseUntilMs = nowMs + ATTEMPT_LEASE_MS;
    if (begun.attempt === 1) {
      const columns = "id, body_hash, started_at_ms, attempt, lease_until_ms";
      const values = [id, bodyHash, begun.startedAtMs, leaseUntilMs];
      sql.exec(`INSERT INTO operation (${columns}) VALUES (?, ?, ?, 1, ?)`, ...values);
      if (row === undefined) this.#operations++;
    } else {
      const values = [begun.attempt, leaseUntilMs, id];
      sql.exec("UPDATE operation SET attempt = ?, lease_until_ms = ? WHERE id = ?", ...values);
    }
    return begun;
  }

  #isFull(): boolean {
    return (
      this.#operations >= LIMITS.idempotencyRecordsMax ||
      this.ctx.storage.sql.databaseSize >= LIMITS.idempotencyBytesMax
    );
  }

  #oldestMs(): number | null {
    const [row] = this.ctx.storage.sql.exec<{ at: number }>(
      "SELECT started_at_ms AS at FROM operation ORDER BY rowid LIMIT 1",
    );
    return row?.at ?? null;
  }
}

const recordOf = (row: OperationRow) => ({
  bodyHash: row.body_hash,
  startedAtMs: row.started_at_ms,
  attempt: row.attempt,
  leaseUntilMs: row.lease_until_ms,
  answered: row.status !== null,
});

function answerOf(row: OperationRow | undefined): StoredAnswer {
  if (row?.status == null) throw new Error("an answered operation has its answer");
  return {
    status: row.status,
    headers: JSON.parse(row.headers ?? "{}"),
    body: new Uint8Array(row.body ?? new ArrayBuffer()),
  };
}
