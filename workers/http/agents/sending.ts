import type { Context } from "hono";
import type { z } from "zod";
import type { Hop } from "#domain/delegation/hop.ts";
import {
  type Draft,
  draftOf,
  messageIdOf,
  type Once,
  type Sender,
} from "#domain/mailbox/message.ts";
import {
  messageInput,
  type MessageInput,
  sendBatch,
  sentView,
  sentViews,
} from "#domain/mailbox/model.ts";
import type { Placed } from "#domain/mailbox/outcome.ts";
import { mayWriteTo, senderOf } from "#domain/mailbox/rights.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { PROBLEMS, type Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { carriedTrace } from "#workers/http/guard/tracing.ts";
import { DELEGATION_REFUSALS, hopFor, notTaken } from "#workers/http/delegating.ts";
import {
  type AppEnv,
  fails,
  idParam,
  json,
  type Plain,
  refuse,
  route,
  unwrap,
} from "#workers/http/kit.ts";

/** Of a body, beside its quotes, commas and the other members. */
const SEND_BYTES_MAX = LIMITS.messageBytesMax + 8_192;

export const send = route(
  {
    method: "post",
    path: "/v1/agents/{id}/messages",
    summary: "Send a message to an agent",
    description:
      "It is stored when this answers, and stays until the agent takes it. Messages of one sender in one conversation come in the order they were sent.",
    access: "message.send",
    // The mailbox itself knows what came before, in the transaction that stores the message.
    idempotency: "own",
    request: { params: idParam, body: { ...json(messageInput), bytesMax: SEND_BYTES_MAX } },
    responses: {
      201: { description: "Where it lies", ...json(sentView) },
      ...fails(
        "not-found",
        "forbidden",
        "agent-unavailable",
        "idempotency-conflict",
        "too-many-requests",
        "mailbox-full",
        "overloaded",
        "body-too-large",
        ...DELEGATION_REFUSALS,
      ),
    },
  },
  async (c) => {
    const input = c.req.valid("json");
    const idempotencyKey = c.req.header("Idempotency-Key");
    const [outcome = INTERNAL] = await sent(c, c.req.valid("param").id, [
      { ...input, idempotencyKey },
    ]);
    return plain(unwrap(outcome), 201);
  },
);

export const sendSeveral = route(
  {
    method: "post",
    path: "/v1/agents/{id}/messages/batch",
    summary: "Send an agent several messages, in their order",
    description:
      "Each has its own outcome. `idempotencyKey` of each is what the header of that name is for one.",
    access: "message.send",
    idempotency: "own",
    request: { params: idParam, body: json(sendBatch) },
    responses: {
      200: { description: "What became of each", ...json(sentViews) },
      ...fails("not-found", "forbidden", "agent-unavailable", "overloaded"),
    },
  },
  async (c) => {
    const outcomes = await sent(c, c.req.valid("param").id, c.req.valid("json").messages);
    const results = outcomes.map((outcome) => {
      if (outcome.ok) return outcome.value;
      const { code, detail = PROBLEMS[code].title, retryAfterS, errors } = outcome.error;
      return { code, detail, ...(retryAfterS !== undefined && { retryAfterS }), errors };
    });
    return plain({ results }, 200);
  },
);

const INTERNAL = err<Problem>({ code: "internal" });
type Sent = z.infer<typeof sentView>;
/** A message, and the hop by which it goes where it is work handed on. */
type Work = { draft: Draft; hop: { hop: Hop; isNew: boolean } | null };

/** Puts messages into one mailbox, in their order; those that nobody may send or that are too long stay out. */
async function sent(
  c: Context<AppEnv>,
  to: string,
  inputs: readonly (MessageInput & { idempotencyKey?: string | undefined })[],
): Promise<Result<Sent, Problem>[]> {
  const { services, principal } = c.var;
  const agent = unwrap(mayWriteTo(await services.agents.lately(to), principal));
  // Its program takes nothing out of a mailbox here.
  if (agent.outside !== null)
    refuse({ code: "agent-unavailable", detail: `it runs elsewhere: call it at /a2a/${agent.id}` });
  const isOwn = agent.accountId === principal.accountId;
  const made: Result<Work, Problem>[] = [];
  for (const { idempotencyKey, ...input } of inputs)
    made.push(await workOf(c, to, input, await drafted(c, input, idempotencyKey, isOwn)));
  const works = made.flatMap((one) => (one.ok ? [one.value] : []));
  const drafts = works.map(({ draft }) => draft);
  const placed = drafts.length === 0 ? [] : await c.env.AGENT.getByName(agent.id).send(drafts);
  for (const [i, { draft, hop }] of works.entries())
    if (hop !== null && placed[i]?.ok !== true) await notTaken(c.env, draft.from.agentId, hop);
  const next = placed.values();
  return made.map((one) => {
    if (!one.ok) return one;
    const outcome = next.next().value ?? INTERNAL;
    return outcome.ok ? ok(sentViewOf(agent.id, one.value.draft, outcome.value)) : outcome;
  });
}

/** Work that is handed on goes by a hop, which is refused before it goes anywhere. */
async function workOf(
  { env, var: { nowMs } }: Context<AppEnv>,
  to: string,
  { delegation: asked }: MessageInput,
  drafted: Result<Draft, Problem>,
): Promise<Result<Work, Problem>> {
  if (!drafted.ok) return drafted;
  if (asked === undefined) return ok({ draft: drafted.value, hop: null });
  const { from, once, deadlineMs } = drafted.value;
  const work = { from: from.agentId, to, asked, repeatKey: once[0]?.key ?? null };
  const hop = await hopFor(env, work, nowMs);
  if (!hop.ok) return hop;
  const endsAtMs = Math.min(deadlineMs ?? Infinity, hop.value.hop.deadlineMs);
  const draft = { ...drafted.value, hop: hop.value.hop, deadlineMs: endsAtMs };
  return ok({ draft, hop: hop.value });
}

async function drafted(
  c: Context<AppEnv>,
  input: MessageInput,
  idempotencyKey: string | undefined,
  isOwn: boolean,
): Promise<Result<Draft, Problem>> {
  const { services, principal } = c.var;
  const { fromAgentId: id } = input;
  const named = id === undefined ? null : { id, agent: await services.agents.lately(id) };
  const from = senderOf(principal, named);
  if (!from.ok) return from;
  const once = await onceOf(from.value, input, idempotencyKey);
  const draft = { ...draftOf(input, from.value, isOwn, once), ...carriedTrace(c) };
  if (draft.bytes <= LIMITS.messageBytesMax) return ok(draft);
  const detail = `a message has at most ${LIMITS.messageBytesMax} bytes`;
  return err({ code: "body-too-large", detail });
}

const sentViewOf = (agentId: string, draft: Draft, { seq, sentAtMs, duplicate }: Placed): Sent => ({
  id: messageIdOf(agentId, seq),
  conversationId: draft.conversationId,
  priority: draft.priority,
  sentAt: new Date(sentAtMs).toISOString(),
  duplicate,
  ...(draft.hop !== undefined && { delegationId: draft.hop.id }),
});

/** What makes a second message of the sender the same as an earlier one: what it names itself, and the request's own key. */
async function onceOf(
  { accountId, agentId }: Sender,
  input: MessageInput,
  idempotencyKey: string | undefined,
): Promise<Once[]> {
  const { deduplicationId } = input;
  const named = { key: `${accountId} d ${agentId ?? ""} ${deduplicationId}`, bodyHash: "" };
  const ofMessage = deduplicationId === undefined ? [] : [named];
  if (idempotencyKey === undefined) return ofMessage;
  const bodyHash = await sha256Hex(JSON.stringify(input));
  return [...ofMessage, { key: `${accountId} k ${idempotencyKey}`, bodyHash }];
}

const plain = (value: object, status: 200 | 201): Plain => ({
  text: JSON.stringify(value),
  status,
  headers: { "Content-Type": "application/json" },
});
