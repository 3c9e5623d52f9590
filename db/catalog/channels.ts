import { and, count, eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { ChannelRecord } from "#domain/channels/model.ts";
import type { Cursor } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { behind, newestFirst } from "#db/newest-first.ts";
import { channel } from "#db/catalog/channel-tables.ts";

/** The channels of each account, beside it; ids name their catalog shard. */
export function channelStore(shards: readonly D1Database[]) {
  const databases = shards.map((shard) => drizzle(shard, { casing: "snake_case" }));
  const of = (id: string) => databases[Number.parseInt(id.charAt(1), 36)] ?? null;
  return {
    /** The same id again is the same channel. */
    async insertChannel(made: ChannelRecord): Promise<"inserted" | "too-many"> {
      const db = of(made.accountId);
      if (db === null) throw new Error("the account names no catalog shard");
      const [present] = await db
        .select({ channels: count() })
        .from(channel)
        .where(eq(channel.accountId, made.accountId));
      if ((present?.channels ?? 0) >= LIMITS.channelsPerAccountMax) return "too-many";
      await db.insert(channel).values(made).onConflictDoNothing();
      return "inserted";
    },

    /** By id alone: who calls its public address belongs to nobody yet. */
    async channel(id: string): Promise<ChannelRecord | null> {
      const [row] = (await of(id)?.select().from(channel).where(eq(channel.id, id))) ?? [];
      return row ?? null;
    },

    /** Newest first; of one agent where it is named. */
    async channels(
      { accountId, agentId }: { accountId: string; agentId: string | undefined },
      after: Cursor | null,
      limit: number,
    ): Promise<ChannelRecord[]> {
      const rows = await of(accountId)
        ?.select()
        .from(channel)
        .where(
          and(
            eq(channel.accountId, accountId),
            agentId === undefined ? undefined : eq(channel.agentId, agentId),
            behind(channel, after),
          ),
        )
        .orderBy(...newestFirst(channel))
        .limit(limit);
      return rows ?? [];
    },

    /** False where it is not at the version before this one any more. */
    async replaceChannel(next: ChannelRecord): Promise<boolean> {
      const done = await of(next.accountId)
        ?.update(channel)
        .set(next)
        .where(
          and(
            eq(channel.accountId, next.accountId),
            eq(channel.id, next.id),
            eq(channel.version, next.version - 1),
          ),
        )
        .returning({ id: channel.id });
      return (done ?? []).length > 0;
    },

    async removeChannel(accountId: string, id: string): Promise<boolean> {
      const gone = await of(accountId)
        ?.delete(channel)
        .where(and(eq(channel.accountId, accountId), eq(channel.id, id)))
        .returning({ id: channel.id });
      return (gone ?? []).length > 0;
    },
  };
}
