import { and, eq, or, type SQL, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { AgentFilter, Looked } from "#domain/agents/listing.ts";
import type { Cursor } from "#domain/shared/cursor.ts";
import { agent } from "#db/catalog/agent-tables.ts";
import { behind, newestFirst } from "#db/newest-first.ts";

/** Rows that one request looks through, however rare what it asks for is. */
const ROWS_PER_LOOK = 1_000;

/** Written out, since a partial index serves no condition that is a parameter. */
export const IS_FOUND = sql`${agent.visibility} = 'listed' AND ${agent.state} = 'active'`;

/** What a filter leaves of the next rows of one shard, at most `limit`; where those rows end, unless they were all. */
export async function lookThrough(
  db: DrizzleD1Database,
  whose: SQL | undefined,
  { filter, after, limit }: { filter: AgentFilter; after: Cursor | null; limit: number },
): Promise<Looked> {
  const rows = () =>
    db
      .select()
      .from(agent)
      .where(and(whose, behind(agent, after)))
      .orderBy(...newestFirst(agent));
  const isAll = Object.values(filter).every((asked) => asked === undefined);
  const looked = isAll ? limit : ROWS_PER_LOOK;
  const near = rows().limit(looked).as("near");
  const { type, state, visibility, capability, words } = filter;
  const asked = [
    type && eq(near.type, type),
    state && eq(near.state, state),
    visibility && eq(near.visibility, visibility),
    capability &&
      sql`EXISTS (SELECT 1 FROM json_each(near.capabilities) WHERE json_each.value = ${capability})`,
    words &&
      or(
        sql`instr(${near.nameKey}, ${words.inName}) > 0`,
        sql`instr(lower(${near.description}), ${words.inDescription}) > 0`,
      ),
  ].flatMap((one) => (one === undefined || one === "" ? [] : [one]));
  const [found, ends] = await db.batch([
    db
      .select()
      .from(near)
      .where(and(...asked))
      .orderBy(...newestFirst(near))
      .limit(limit),
    rows()
      .limit(2)
      .offset(looked - 1),
  ]);
  const [last, next] = ends;
  return {
    found,
    endsAt:
      last === undefined || next === undefined ? null : { atMs: last.createdAtMs, id: last.id },
  };
}
