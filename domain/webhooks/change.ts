import { memberId } from "#domain/accounts/credential.ts";
import type { Principal } from "#domain/accounts/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { type TopicName, topicsOfPattern } from "#domain/topics/topics.ts";
import type { WebhookInput, WebhookPatch, WebhookRecord } from "#domain/webhooks/model.ts";

type Deps = {
  webhooks: {
    /** Why a receiver may not be reached, or null. */
    refusalOf(url: string): Problem<"egress-refused"> | null;
    /** Its object, which sends nothing before it is told that the catalog has it. */
    prepare(record: WebhookRecord, secret: string): Promise<void>;
    insertWebhook(record: WebhookRecord): Promise<"inserted" | "too-many">;
    webhook(id: string): Promise<WebhookRecord | null>;
    /** In the place of the version before it; false where another one is there by now. */
    replaceWebhook(record: WebhookRecord): Promise<boolean>;
    changed(id: string): Promise<void>;
    /** Ends its object. */
    end(id: string): Promise<void>;
  };
};
type By = Pick<Principal, "accountId" | "principalId"> & {
  /** The topics that whoever asks may read. */
  readable: readonly TopicName[];
};

/** The topics that a webhook reads, of those that have events that it wants: `*` is all that its maker may read. */
export function topicsFor(
  { events, topics }: { events: readonly string[]; topics?: readonly TopicName[] | undefined },
  { readable }: Pick<By, "readable">,
): Result<TopicName[], Problem<"invalid-request" | "forbidden">> {
  const found = new Set<TopicName>();
  for (const [at, pattern] of events.entries()) {
    const own = topicsOfPattern(pattern).filter((one) => topics?.includes(one) ?? true);
    if (own.length === 0)
      return err({
        code: "invalid-request",
        errors: [{ pointer: `/events/${at}`, detail: "no topic that it reads has such events" }],
      });
    const isNamed = pattern !== "*" || topics !== undefined;
    const hidden = own.find((one) => !readable.includes(one));
    if (hidden !== undefined && isNamed)
      return err({ code: "forbidden", detail: `you may not read ${hidden}` });
    for (const one of own) if (readable.includes(one)) found.add(one);
  }
  return ok([...found]);
}

/** Why whoever asks may not see what a webhook reads, nor have it led elsewhere; undefined where they may. */
export function hiddenOf(
  topics: readonly TopicName[],
  { readable }: Pick<By, "readable">,
): Problem<"forbidden"> | undefined {
  const hidden = topics.find((one) => !readable.includes(one));
  return hidden && { code: "forbidden", detail: `you may not read ${hidden}` };
}

export async function makeWebhook(
  { webhooks }: Deps,
  by: By,
  given: WebhookInput & { secret: string },
  idBytes: Uint8Array,
  nowMs: number,
): Promise<
  Result<WebhookRecord, Problem<"invalid-request" | "forbidden" | "egress-refused" | "conflict">>
> {
  const { secret, topics: _, ...input } = given;
  const refusal = webhooks.refusalOf(input.url);
  if (refusal !== null) return err(refusal);
  const topics = topicsFor(given, by);
  if (!topics.ok) return topics;
  const { accountId, principalId } = by;
  const record: WebhookRecord = {
    ...input,
    topics: topics.value,
    id: memberId("webhook", Number.parseInt(accountId.charAt(1), 36), idBytes),
    accountId,
    principalId,
    state: "active",
    reason: null,
    version: 1,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  await webhooks.prepare(record, secret);
  if ((await webhooks.insertWebhook(record)) === "too-many") {
    await webhooks.end(record.id);
    return err({
      code: "conflict",
      detail: `an account has at most ${LIMITS.webhooksPerAccountMax} webhooks`,
    });
  }
  await webhooks.changed(record.id);
  return ok(record);
}

type Asked = { id: string; patch: WebhookPatch; expected: number | "any" | undefined };
type Refused = Problem<
  | "not-found"
  | "version-required"
  | "version-stale"
  | "invalid-request"
  | "forbidden"
  | "egress-refused"
>;

export async function changeWebhook(
  { webhooks }: Deps,
  by: By,
  { id, patch, expected }: Asked,
  nowMs: number,
): Promise<Result<WebhookRecord, Refused>> {
  const record = await webhooks.webhook(id);
  if (record === null || record.accountId !== by.accountId) return err({ code: "not-found" });
  if (expected === undefined) return err({ code: "version-required" });
  if (expected !== "any" && expected !== record.version) return err({ code: "version-stale" });
  const refusal = patch.url === undefined ? null : webhooks.refusalOf(patch.url);
  if (refusal !== null) return err(refusal);
  const isOther = patch.events !== undefined || patch.topics !== undefined;
  const topics = isOther
    ? topicsFor({ events: patch.events ?? record.events, topics: patch.topics }, by)
    : ok(record.topics);
  if (!topics.ok) return topics;
  const hidden = patch.url === undefined ? undefined : hiddenOf(topics.value, by);
  if (hidden !== undefined) return err(hidden);
  const state = patch.state ?? record.state;
  const changed: WebhookRecord = {
    ...record,
    ...patch,
    // Whoever may read all of it answers for it from here on.
    ...(hiddenOf(topics.value, by) === undefined && { principalId: by.principalId }),
    topics: topics.value,
    state,
    reason: state === "disabled" ? record.reason : null,
    version: record.version + 1,
    updatedAtMs: nowMs,
  };
  if (!(await webhooks.replaceWebhook(changed))) return err({ code: "version-stale" });
  await webhooks.changed(id);
  return ok(changed);
}
