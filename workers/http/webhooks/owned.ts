import type { Context } from "hono";
import type { WebhookRecord } from "#domain/webhooks/model.ts";
import { refusalOf } from "#domain/policies/actions.ts";
import { askingOf, ruledOut } from "#workers/http/guard/policing.ts";
import { type AppEnv, refuse } from "#workers/http/kit.ts";
import { readableTopics } from "#workers/http/topic-rights.ts";

/** The caller's webhook of that id. */
export async function ownWebhook(c: Context<AppEnv>, id: string): Promise<WebhookRecord> {
  const { services, principal } = c.var;
  const record = await services.webhooks.webhook(id);
  if (record === null || record.accountId !== principal.accountId)
    return refuse({ code: "not-found" });
  return record;
}

/** Whoever may not read topics has nothing of them sent anywhere, either. */
export async function eventReader(c: Context<AppEnv>) {
  const { principal, nowMs } = c.var;
  const asking = askingOf(c);
  const refusal =
    refusalOf(principal, "topic.read", nowMs) ?? (await ruledOut(asking, "topic.read"));
  if (refusal !== null) refuse(refusal);
  const { accountId, principalId } = principal;
  return { accountId, principalId, readable: await readableTopics(asking) };
}
