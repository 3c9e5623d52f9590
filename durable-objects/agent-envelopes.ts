import type { Admitted, EnvelopeName } from "#domain/envelope/admit.ts";
import type { AgentPart } from "#objects/agent-parts.ts";
import { LIMITS } from "#domain/shared/limits.ts";

/** What an envelope is known by (domain/envelope/open.ts), for as long as it could be sent again. */
export const ENVELOPE_STEP =
  "CREATE TABLE envelope_seen (name TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID";

/** The envelopes that an agent was sent lately; nothing is left of them some minutes later. */
export class AgentEnvelopes implements AgentPart {
  readonly #sql: SqlStorage;
  #dueMs: number | null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#dueMs = this.#nextMs();
  }

  /** Inside the transaction of what it brings: what is not stored was not seen either. */
  admit({ name, untilMs }: EnvelopeName): Admitted {
    const known = this.#sql.exec("SELECT 1 FROM envelope_seen WHERE name = ?", name).toArray();
    if (known.length > 0) return "seen";
    const { n } = this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM envelope_seen").one();
    if (n >= LIMITS.envelopesSeenMax) return "full";
    this.#sql.exec("INSERT INTO envelope_seen VALUES (?, ?)", name, untilMs);
    this.#dueMs = Math.min(this.#dueMs ?? untilMs, untilMs);
    return "taken";
  }

  dueMs(): number | null {
    return this.#dueMs;
  }

  work(nowMs: number): void {
    this.#sql.exec("DELETE FROM envelope_seen WHERE until_ms <= ?", nowMs);
    this.#dueMs = this.#nextMs();
  }

  #nextMs(): number | null {
    return this.#sql
      .exec<{ at: number | null }>("SELECT min(until_ms) AS at FROM envelope_seen")
      .one().at;
  }
}
