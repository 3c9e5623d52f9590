/** What goes in one turn: some ms, 12 where each unit has 34 kB. A page of middles has a megabyte. */
const RECORDS_PER_TURN = 500;
const SHOWN_PER_TURN = 100;
const PAGES_PER_TURN = 8;

/** What of a leaf that has moved is still to go. `after` is the last of its records that was looked at. */
type Leaving = { keeps: "nothing" | "claims"; after: [string, string] };

type RecordKey = { unit_id: string; content_key: string };

/**
 * The rows of a leaf that has moved. Nobody reads them any more, so they go a few at a time, and what a kill cuts off
 * goes on. A directory may go on working in the same tables.
 */
export function leavingRows(storage: DurableObjectStorage) {
  const { sql, kv } = storage;

  /** Of the records after a key; false where there are none. */
  function records({ keeps, after }: Leaving, nowMs: number): boolean {
    const some = sql
      .exec<RecordKey>(
        `SELECT unit_id, content_key FROM record WHERE (unit_id, content_key) > (?, ?)
           ORDER BY unit_id, content_key LIMIT ?`,
        ...after,
        RECORDS_PER_TURN,
      )
      .toArray();
    const last = some.at(-1);
    if (last === undefined) return false;
    const to: [string, string] = [last.unit_id, last.content_key];
    const these = "(unit_id, content_key) > (?1, ?2) AND (unit_id, content_key) <= (?3, ?4)";
    if (keeps === "nothing") sql.exec(`DELETE FROM record WHERE ${these}`, ...after, ...to);
    else {
      // Tombstones stay where claims are kept, and so does the note of a unit whose content is not claimed for it: its
      // removal finds it by that.
      sql.exec(
        `UPDATE record SET slot = NULL, passages = 0, removed_at_ms = CASE WHEN removed_through > 0 THEN ?5 END
           WHERE ${these} AND slot IS NOT NULL AND NOT EXISTS
             (SELECT 1 FROM claim WHERE claim.content_key = record.content_key AND claim.unit_id = record.unit_id
                AND claim.fulfilled = 1)`,
        ...after,
        ...to,
        nowMs,
      );
      sql.exec(`DELETE FROM record WHERE ${these} AND slot IS NOT NULL`, ...after, ...to);
    }
    kv.put("leaving", { keeps, after: to });
    return true;
  }

  const someOf = (table: "shown" | "page", key: "slot" | "id", limit: number): boolean =>
    sql.exec(
      `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} ORDER BY ${key} LIMIT ?)`,
      limit,
    ).rowsWritten > 0;

  /** Gives back some rows; false once none are left. */
  function leaveSome(nowMs: number): boolean {
    const leaving = kv.get<Leaving>("leaving");
    if (leaving === undefined) return false;
    if (records(leaving, nowMs)) return true;
    if (someOf("shown", "slot", SHOWN_PER_TURN) || someOf("page", "id", PAGES_PER_TURN))
      return true;
    kv.delete("leaving");
    return false;
  }

  return {
    leave(keeps: Leaving["keeps"]): void {
      kv.put("leaving", { keeps, after: ["", ""] } satisfies Leaving);
      kv.delete("engine");
    },
    isLeaving: (): boolean => kv.get("leaving") !== undefined,
    /** Gives back all rows, some in a turn. */
    async leaveAll(): Promise<void> {
      while (storage.transactionSync(() => leaveSome(Date.now()))) await scheduler.wait(0);
    },
  };
}
