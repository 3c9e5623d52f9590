import { and, count, eq } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { catalogShardOf } from "#domain/accounts/credential.ts";
import type { Cursor } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { WebhookReason, WebhookRecord } from "#domain/webhooks/model.ts";
import { account } from "#db/catalog/tables.ts";
import { webhook } from "#db/catalog/webhook-tables.ts";
import { behind, newestFirst } from "#db/newest-first.ts";

/** The webhooks of each account, beside it. A webhook's id names its shard. */
export function webhookStore(shards: readonly D1Database[]) {
  const databases = shards.map((shard) => drizzle(shard, { casing: "snake_case" }));
  const of = (id: string) => databases[catalogShardOf(id) ?? -1] ?? null;
  return {
    async webhook(id: string): Promise<WebhookRecord | null> {
      const [row] = (await of(id)?.select().from(webhook).where(eq(webhook.id, id))) ?? [];
      return row ?? null;
    },

    /** Newest first. */
    async webhooks(
      accountId: string,
      after: Cursor | null,
      limit: number,
    ): Promise<WebhookRecord[]> {
      const rows = await of(accountId)
        ?.select()
        .from(webhook)
        .where(and(eq(webhook.accountId, accountId), behind(webhook, after)))
        .orderBy(...newestFirst(webhook))
        .limit(limit);
      return rows ?? [];
    },

    /** With whether its account is at work, for the object that delivers. */
    async webhookInForce(id: string): Promise<{ record: WebhookRecord; status: string } | null> {
      const [row] =
        (await of(id)
          ?.select({ record: webhook, status: account.status })
          .from(webhook)
          .innerJoin(account, eq(account.id, webhook.accountId))
          .where(eq(webhook.id, id))) ?? [];
      return row ?? null;
    },

    ...writing(of),
  };
}

function writing(of: (id: string) => DrizzleD1Database | null) {
  return {
    /** The same id again is the same webhook, as it stands. */
    async insertWebhook(made: WebhookRecord): Promise<"inserted" | "too-many"> {
      const db = of(made.accountId);
      if (db === null) throw new Error("the account names no catalog shard");
      const [present] = await db
        .select({ webhooks: count() })
        .from(webhook)
        .where(eq(webhook.accountId, made.accountId));
      if ((present?.webhooks ?? 0) >= LIMITS.webhooksPerAccountMax) return "too-many";
      await db.insert(webhook).values(made).onConflictDoNothing();
      return "inserted";
    },

    /** False where it is not at the version before this one any more. */
    async replaceWebhook(changed: WebhookRecord): Promise<boolean> {
      const done = await of(changed.id)
        ?.update(webhook)
        .set(changed)
        .where(
          and(
            eq(webhook.id, changed.id),
            eq(webhook.accountId, changed.accountId),
            eq(webhook.version, changed.version - 1),
          ),
        )
        .returning({ id: webhook.id });
      return (done ?? []).length > 0;
    },

    async removeWebhook({ id, accountId }: Pick<WebhookRecord, "id" | "accountId">): Promise<void> {
      await of(id)
        ?.delete(webhook)
        .where(and(eq(webhook.id, id), eq(webhook.accountId, accountId)));
    },

    /** The endpoint wants nothing, or takes nothing, or nobody may have it sent: told once, and not over what somebody has set since. */
    async disableWebhook(
      { id, version }: Pick<WebhookRecord, "id" | "version">,
      reason: WebhookReason,
      nowMs: number,
    ): Promise<boolean> {
      const done = await of(id)
        ?.update(webhook)
        .set({ state: "disabled", reason, version: version + 1, updatedAtMs: nowMs })
        .where(and(eq(webhook.id, id), eq(webhook.version, version), eq(webhook.state, "active")))
        .returning({ id: webhook.id });
      return (done ?? []).length > 0;
    },
  };
}
