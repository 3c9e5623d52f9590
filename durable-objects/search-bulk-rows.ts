import type { SearchStore } from "#objects/search-store.ts";

/**
 * Refused by an index that can take no more · in the shard alone · handed over · passed by its indexes · to be deleted
 * there · deletion handed over. Up to "handed over" the shard finds it by itself.
 */
export const [REFUSED, TAIL, GIVEN, STORED, GONE, LEAVING] = [-1, 0, 1, 2, 3, 4];

export const UNITS_PER_STEP = 64;

/** A unit's version of this leaf, in or on its way to or from Vectorize. `life` is new each time it is placed. */
export type Row = {
  life: number;
  unit_id: string;
  version: number;
  passages: number;
  state: number;
  /** The index of each passage, as JSON. */
  place: string | null;
  /** The version of the codebook that placed it. */
  codebook: number;
  /** What its indexes have to pass, as JSON: pairs of an index and a number of its writer. */
  waiting: string | null;
};

/** The table of what of a leaf is where. `touched` hears of each unit whose rows change, in the same transaction. */
export function openRows(
  { sql }: DurableObjectStorage,
  store: SearchStore,
  touched: (unitId: string) => void,
) {
  const rows = (where: string, ...values: (string | number)[]): Row[] =>
    sql.exec<Row>(`SELECT * FROM bulk WHERE ${where}`, ...values).toArray();
  /** The rows that something is still to be done for: few, and indexed. */
  const open = (where: string, ...values: (string | number)[]): Row[] =>
    rows(`state <> ${STORED} AND ${where}`, ...values);

  function enter({ unit_id, version, passages }: Pick<Row, "unit_id" | "version" | "passages">) {
    sql.exec(
      "INSERT INTO bulk (unit_id, version, passages, state, codebook) VALUES (?, ?, ?, ?, 0)",
      unit_id,
      version,
      passages,
      TAIL,
    );
  }

  function turn({ life }: Row, state: number): void {
    sql.exec("UPDATE bulk SET state = ?, waiting = NULL WHERE life = ?", state, life);
  }

  return {
    open,

    /** Brings the rows of a unit to what its records say. Runs in the transaction that changed them. */
    reconcile(unitId: string): void {
      const live = store.records(unitId).filter(({ slot }) => slot !== null);
      const all = rows("unit_id = ? AND state <> ?", unitId, LEAVING);
      const held = all.filter(({ state }) => state !== GONE);
      for (const row of held) {
        if (live.some(({ version }) => version === row.version)) continue;
        if (row.state === TAIL) sql.exec("DELETE FROM bulk WHERE life = ?", row.life);
        else turn(row, GONE);
      }
      for (const { version, passages } of live) {
        if (held.some((row) => row.version === version)) continue;
        // Taken out and put in again before anybody was told: told again what is so, since it may have been meanwhile.
        const back = all.find((row) => row.version === version && row.passages === passages);
        if (back === undefined) enter({ unit_id: unitId, version, passages });
        else turn(back, GIVEN);
      }
      touched(unitId);
    },

    /** The next to be handed over: what is to go, alone, because it makes room; then what was cut off and the tail. */
    next(): Row[] {
      const gone = open("state = ? ORDER BY life LIMIT ?", GONE, UNITS_PER_STEP);
      if (gone.length > 0) return gone;
      const given = open(
        "state = ? AND waiting IS NULL ORDER BY life LIMIT ?",
        GIVEN,
        UNITS_PER_STEP,
      );
      const left = UNITS_PER_STEP - given.length;
      return [...given, ...open("state = ? ORDER BY life LIMIT ?", TAIL, left)];
    },

    /** Gives what was refused a new place once a newer codebook has one, and otherwise, if it is time, another try. */
    retry(codebook: number, isTime: boolean): void {
      const where = "state = ? AND codebook < ? ORDER BY life LIMIT ?";
      const placedAnew = open(where, REFUSED, codebook, UNITS_PER_STEP);
      for (const row of placedAnew) {
        // Some of its passages may have been taken by other indexes: they go, and their ids with them.
        turn(row, GONE);
        enter(row);
        touched(row.unit_id);
      }
      if (!isTime || placedAnew.length > 0) return;
      for (const row of open("state = ? ORDER BY life LIMIT ?", REFUSED, UNITS_PER_STEP))
        turn(row, GIVEN);
    },

    /** All that is stored leaves: the shard has moved or was emptied, and its rows are what is left of it. */
    leaveAll(): void {
      sql.exec("DELETE FROM bulk WHERE state = ?", TAIL);
      sql.exec("UPDATE bulk SET state = ?, waiting = NULL WHERE state < ?", GONE, GONE);
    },
  };
}
