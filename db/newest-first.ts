import { and, type Column, desc, eq, lt, or } from "drizzle-orm";
import type { Cursor } from "#domain/shared/cursor.ts";

type Listed = { createdAtMs: Column; id: Column };

/** The order of a list: the newest first, and of those made in one millisecond the one with the greater id. */
export const newestFirst = ({ createdAtMs, id }: Listed) => [desc(createdAtMs), desc(id)];

/** What comes behind a cursor in that order; everything where there is none. */
export const behind = ({ createdAtMs, id }: Listed, after: Cursor | null) =>
  after === null
    ? undefined
    : or(lt(createdAtMs, after.atMs), and(eq(createdAtMs, after.atMs), lt(id, after.id)));
