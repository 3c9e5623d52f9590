import { and, eq, inArray, or, type SQL, sql } from "drizzle-orm";
import type { Cursor } from "#domain/shared/cursor.ts";
import { unitShardOf } from "#domain/units/id.ts";
import type { Status } from "#domain/units/model.ts";
import type { UnitRef } from "#domain/units/publish.ts";
import type { Placement } from "#domain/units/shard-map.ts";
import { isVisible, type StoredUnit, type UnitVersion } from "#domain/units/record.ts";
import { behind } from "#db/newest-first.ts";
import { changeFeed } from "#db/units/changes.ts";
import { unit, unitVersion } from "#db/units/tables.ts";
import {
  copyOf,
  grouped,
  IDS_PER_QUERY,
  inChunks,
  isNamedIn,
  type UnitsDb,
  unitsDb,
} from "#db/units/shards.ts";
import { selectStandings, selectUnits, unitQuery, versionStore } from "#db/units/versions.ts";
import {
  addVersionIn,
  type Inserted,
  type NewUnit,
  newUnitOf,
  retractIn,
} from "#db/units/write.ts";

export type ListFilter = { status?: Status; visibility?: "private" | "public" };

const REFS_PER_QUERY = 500;

/** Which shards take new units; told how large one has grown whenever something was written. */
type Shards = {
  placement(nowMs: number): Promise<Placement>;
  grown(shard: number, bytes: number, nowMs: number): void;
};

/** The `units` family: an id names its shard, callers never see one. `hasCopies` where D1 keeps replicas to read. */
export function unitStore(shards: readonly D1Database[], map: Shards, hasCopies = false) {
  const databases = shards.map(unitsDb);
  return {
    placement: async (nowMs: number) => await map.placement(nowMs),
    shards: databases,
    ...changeFeed(databases, hasCopies),
    ...versionStore(databases, shardOf(databases)),
    ...changing(databases, map),
    ...readingOne(databases),
    ...readingMany(databases),
  };
}

const shardOf =
  (databases: readonly UnitsDb[]) =>
  (unitId: string): UnitsDb | null =>
    databases[unitShardOf(unitId) ?? -1] ?? null;

function changing(databases: readonly UnitsDb[], map: Shards) {
  const databaseOf = shardOf(databases);
  return {
    /**
     * Inserts what is not there yet by `write`, shard by shard, and answers what now stands under each id; null when a
     * shard's writer has too much to do.
     */
    async inserted(
      units: StoredUnit[],
      nowMs: number,
      write: (shard: number, units: NewUnit[]) => Promise<Inserted | null>,
    ): Promise<StoredUnit[] | null> {
      const byShard = [...Map.groupBy(units, ({ head }) => unitShardOf(head.id) ?? -1)];
      const stored = await Promise.all(
        byShard.map(async ([shard, members]) => {
          const written = await write(shard, members.map(newUnitOf));
          if (written === null) return null;
          const inserted = new Set(written.ids);
          map.grown(shard, written.bytes, nowMs);
          const repeated = members.filter(({ head }) => !inserted.has(head.id));
          const db = databases[shard];
          if (repeated.length === 0 || db === undefined) return members;
          const standing = await versionOne(
            db,
            repeated.map(({ head }) => head.id),
          );
          return [...members.filter(({ head }) => inserted.has(head.id)), ...standing];
        }),
      );
      return stored.some((part) => part === null) ? null : stored.flatMap((part) => part ?? []);
    },

    async addVersion(version: UnitVersion, nowMs: number): Promise<boolean> {
      const db = databaseOf(version.unitId);
      return db !== null && (await addVersionIn(db, version, nowMs));
    },

    async retract(unitId: string, expectedVersion: number | null, nowMs: number): Promise<boolean> {
      const db = databaseOf(unitId);
      return db !== null && (await retractIn(db, unitId, expectedVersion, nowMs));
    },
  };
}

/** The newest version, and the one that a search serves. */
const isCurrent = or(
  eq(unitVersion.version, unit.version),
  eq(unitVersion.version, unit.servedVersion),
);

function readingOne(databases: readonly UnitsDb[]) {
  const databaseOf = shardOf(databases);
  // The read that most requests make: its SQL is written once an isolate.
  const isAsked = and(eq(unit.id, sql.placeholder("id")), isCurrent);
  const currentIn = databases.map((db) => unitQuery(db, isAsked).prepare());
  return {
    async newest(id: string): Promise<StoredUnit | null> {
      const db = databaseOf(id);
      if (db === null) return null;
      const [row] = await selectUnits(
        db,
        and(eq(unit.id, id), eq(unitVersion.version, unit.version)),
      );
      return row ?? null;
    },

    /** Of units of one shard the newest version and the one that a search serves, newest first; one row where they are the same. */
    async current(
      ids: readonly string[],
      bookmark: string | null = null,
    ): Promise<Map<string, StoredUnit[]>> {
      const [id = ""] = ids;
      const primary = databaseOf(id);
      if (primary === null) return new Map();
      const among = (some: readonly string[]) => and(inArray(unit.id, [...some]), isCurrent);
      let rows: StoredUnit[] = [];
      let left = ids;
      if (bookmark !== null) {
        rows = await selectUnits(copyOf(primary, bookmark), among(ids));
        // A copy may not have heard of a new unit yet.
        const found = new Set(rows.map(({ head }) => head.id));
        left = ids.filter((one) => !found.has(one));
      }
      if (left.length === 1)
        rows.push(
          ...((await currentIn[databases.indexOf(primary)]?.execute({ id: left[0] })) ?? []),
        );
      else if (left.length > 1) rows.push(...(await selectUnits(primary, among(left))));
      return Map.groupBy(rows.sort(newestFirst), ({ head }) => head.id);
    },

    /** The owner reads the newest version, everybody else the one that a search serves. */
    async visible(id: string, accountId: string): Promise<StoredUnit | null> {
      const db = databaseOf(id);
      if (db === null) return null;
      const rows = await selectUnits(
        db,
        and(
          eq(unit.id, id),
          or(
            and(eq(unit.accountId, accountId), eq(unitVersion.version, unit.version)),
            eq(unitVersion.version, unit.servedVersion),
          ),
        ),
      );
      return rows.sort(newestFirst).find((row) => isVisible(row, accountId)) ?? null;
    },

    async version(id: string, version: number): Promise<StoredUnit | null> {
      const db = databaseOf(id);
      if (db === null) return null;
      const [row] = await selectUnits(db, and(eq(unit.id, id), eq(unitVersion.version, version)));
      return row ?? null;
    },
  };
}

function readingMany(databases: readonly UnitsDb[]) {
  return {
    existing: async (ids: string[]) => await existingIn(databases, ids),

    /** The versions named, those that exist, in no order. */
    async many(refs: UnitRef[]): Promise<StoredUnit[]> {
      const rows = await Promise.all(
        grouped(databases, refs, (ref) => ref.unitId).map(
          async ([db, members]) =>
            await inChunks(
              members,
              REFS_PER_QUERY,
              async (chunk) => await selectUnits(db, isNamedIn(chunk)),
            ),
        ),
      );
      return rows.flat();
    },

    async visibleIds(ids: string[], accountId: string): Promise<Set<string>> {
      const rows = await Promise.all(
        grouped(databases, [...new Set(ids)], (id) => id).map(
          async ([db, members]) =>
            await inChunks(
              members,
              IDS_PER_QUERY,
              async (chunk) =>
                await selectStandings(
                  db,
                  and(
                    inArray(unit.id, chunk),
                    or(
                      eq(unitVersion.version, unit.version),
                      eq(unitVersion.version, unit.servedVersion),
                    ),
                  ),
                ),
            ),
        ),
      );
      return new Set(
        rows
          .flat()
          .filter((row) => isVisible(row, accountId))
          .map(({ id }) => id),
      );
    },

    /** An account's units, newest first, after `cursor`. Asks every shard for a page and merges. */
    async list(
      accountId: string,
      filter: ListFilter,
      cursor: Cursor | null,
      limit: number,
    ): Promise<StoredUnit[]> {
      const where = listed(accountId, filter, cursor);
      const pages = await Promise.all(
        databases.map(async (db) => await selectUnits(db, where, limit)),
      );
      return pages
        .flat()
        .sort((a, b) => b.head.createdAtMs - a.head.createdAtMs || (a.head.id < b.head.id ? 1 : -1))
        .slice(0, limit);
    },
  };
}

function listed(accountId: string, filter: ListFilter, cursor: Cursor | null): SQL | undefined {
  return and(
    eq(unit.accountId, accountId),
    eq(unitVersion.version, unit.version),
    filter.status && eq(unit.status, filter.status),
    filter.visibility && eq(unit.visibility, filter.visibility),
    behind(unit, cursor),
  );
}

const newestFirst = (a: StoredUnit, b: StoredUnit) => b.version.version - a.version.version;

async function versionOne(db: UnitsDb, ids: string[]): Promise<StoredUnit[]> {
  return await inChunks(
    ids,
    IDS_PER_QUERY,
    async (chunk) =>
      await selectUnits(db, and(inArray(unit.id, chunk), eq(unitVersion.version, 1))),
  );
}

async function existingIn(databases: readonly UnitsDb[], ids: string[]): Promise<Set<string>> {
  const rows = await Promise.all(
    grouped(databases, ids, (id) => id).map(
      async ([db, members]) =>
        await inChunks(
          members,
          IDS_PER_QUERY,
          async (chunk) =>
            await db.select({ id: unit.id }).from(unit).where(inArray(unit.id, chunk)),
        ),
    ),
  );
  return new Set(rows.flat().map(({ id }) => id));
}
