import { and, type Column, desc, lt, lte, or } from "drizzle-orm";
import type { Cursor } from "#domain/shared/cursor.ts";

type Listed = { createdAtMs: Column; id: Column };

/** The order of a list: the newest first, and of those made in one millisecond the one with the greater id. */
export const newestFirst = ({ createdAtMs, id }: Listed) => [desc(createdAtMs), desc(id)];

/** What comes behind a cursor in that order; everything where there is none. */
export const behind = ({ createdAtMs, id }: Listed, after: Cursor | null) =>
  after === null
    ? undefined
    : and(
        lte(createdAtMs, after.atMs), // what an index can begin at; the rest it cannot
        or(lt(createdAtMs, after.atMs), lt(id, after.id)),
      );
