import type { Contents, Shown, ShownState } from "#domain/mailbox/outcome.ts";
import type { Cursor } from "#domain/shared/cursor.ts";
import { DEAD, type FullRow, HELD, storedOf } from "#objects/mailbox-tables.ts";

/** Looks into a mailbox without taking anything out; what has run out since the last write is shown as it was then. */
export class MailboxReading {
  readonly #sql: SqlStorage;
  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  one(seq: number): Shown | null {
    const [row] = this.#sql.exec<FullRow>("SELECT * FROM message WHERE seq = ?", seq);
    return row === undefined ? null : this.#shown(row);
  }

  /** Oldest first; dead letters in the order they died. */
  page(state: ShownState | null, after: Cursor | null, limit: number): Shown[] {
    const [atMs, seq] = [after?.atMs ?? -1, Number(after?.id ?? -1)];
    const rows =
      state === "dead"
        ? this.#sql.exec<FullRow>(
            "SELECT * FROM message WHERE state = 3 AND (died_at_ms, seq) > (?, ?) ORDER BY died_at_ms, seq LIMIT ?",
            atMs,
            seq,
            limit,
          )
        : this.#sql.exec<FullRow>(
            `SELECT * FROM message WHERE seq > ? ${state === null ? "" : STATES[state]} ORDER BY seq LIMIT ?`,
            seq,
            limit,
          );
    return rows.toArray().map((row) => this.#shown(row));
  }

  contents(): Contents {
    const count = (where: string) =>
      this.#sql.exec<{ n: number }>(`SELECT count(*) AS n FROM message WHERE ${where}`).one().n;
    const [leased, dead, all] = [count("state = 1 AND token > 0"), count("state = 3"), count("1")];
    const [held] = this.#sql.exec<{ bytes: number }>(
      "SELECT bytes FROM mailbox_held WHERE who = ''",
    );
    const [oldest] = this.#sql.exec<{ at: number }>(
      "SELECT sent_at_ms AS at FROM message WHERE state <> 3 ORDER BY seq LIMIT 1",
    );
    return {
      waiting: all - leased - dead,
      leased,
      dead,
      bytes: held?.bytes ?? 0,
      oldestMs: oldest?.at ?? null,
    };
  }

  #shown(row: FullRow): Shown {
    const isLeased = row.state === HELD && row.token > 0;
    return {
      ...storedOf(this.#sql, row),
      state: row.state === DEAD ? "dead" : isLeased ? "leased" : "waiting",
      token: row.token,
      leasedUntilMs: isLeased ? row.until_ms : null,
      died:
        row.died_at_ms === null || row.cause === null
          ? null
          : { atMs: row.died_at_ms, cause: row.cause },
      reason: row.reason,
    };
  }
}

const STATES = {
  waiting: "AND (state IN (0, 2) OR (state = 1 AND token = 0))",
  leased: "AND state = 1 AND token > 0",
} as const;
