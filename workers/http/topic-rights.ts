import type { Context } from "hono";
import { refusalOf } from "#domain/policies/actions.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { isTopicName, TOPIC_NAMES, type TopicName } from "#domain/topics/topics.ts";
import { type AppEnv, refuse } from "#workers/http/kit.ts";
import { type Asking, askingOf, mayNow, ruledOut } from "#workers/http/guard/policing.ts";

/** Why somebody may not read a topic that whoever may read topics reads, or null: the audit log is for who may read it. */
async function topicRefusal(
  asking: Asking,
  topic: TopicName,
): Promise<Problem<"forbidden" | "second-factor-required"> | null> {
  if (topic !== "audit.logs") return null;
  const { principal, circumstances } = asking;
  return (
    refusalOf(principal, "audit.read", circumstances.nowMs) ??
    (await ruledOut(asking, "audit.read"))
  );
}

/** Of the topics, those that whoever may read topics may read. */
export async function readableTopics(asking: Asking): Promise<TopicName[]> {
  const refusals = await Promise.all(TOPIC_NAMES.map((topic) => topicRefusal(asking, topic)));
  return TOPIC_NAMES.filter((_, i) => refusals[i] === null);
}

/** The topic of that name, which the caller may read; ends the request otherwise. */
export async function readableTopic(c: Context<AppEnv>, name: string): Promise<TopicName> {
  if (!isTopicName(name)) return refuse({ code: "topic-unknown" });
  const refusal = await topicRefusal(askingOf(c), name);
  return refusal === null ? name : refuse(refusal);
}

/**
 * What `GET /v1/events` would tell somebody now: all of the topics that are named, or all that they may read where none
 * is; null where that address would refuse.
 */
export async function hearableTopics(
  asking: Asking,
  named: readonly string[] | undefined,
): Promise<TopicName[] | null> {
  if (!(await mayNow(asking, "topic.read"))) return null;
  const readable = await readableTopics(asking);
  if (named === undefined) return readable;
  const wanted = readable.filter((topic) => named.includes(topic));
  return wanted.length === new Set(named).size ? wanted : null;
}
