import type { z } from "zod";
import { draftOf, messageIdOf, type Sender, seqOf } from "#domain/mailbox/message.ts";
import {
  ackBatch,
  ackInput,
  extendBatch,
  extendInput,
  leasedViews,
  leaseInput,
  messageInput,
  type MessageInput,
  nackBatch,
  nackInput,
  sentView,
  settledView,
  settledViews,
} from "#domain/mailbox/model.ts";
import { leasedText } from "#domain/mailbox/leased-text.ts";
import type { Settled, Settlement } from "#domain/mailbox/outcome.ts";
import { mayOpen, mayTakeFrom, mayWriteTo, senderOf } from "#domain/mailbox/rights.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { PROBLEMS, type Problem } from "#domain/shared/problem.ts";
import { err, type Result } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";
import {
  type AppEnv,
  fails,
  feature,
  idParam,
  json,
  type Plain,
  refuse,
  route,
  unwrap,
} from "#workers/http/kit.ts";
import type { Context } from "hono";

const messageParam = idParam.extend({
  messageId: text(LIMITS.idCharsMax).regex(/^[A-Za-z0-9_-]+$/),
});
const timeOf = (ms: number) => new Date(ms).toISOString();

/** Of a body, beside its quotes, commas and the other members. */
const SEND_BYTES_MAX = LIMITS.messageBytesMax + 8_192;

const send = route(
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
      ),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const input = c.req.valid("json");
    const agent = unwrap(
      mayWriteTo(await services.agents.lately(c.req.valid("param").id), principal),
    );
    const { fromAgentId } = input;
    const named =
      fromAgentId === undefined
        ? null
        : { id: fromAgentId, agent: await services.agents.lately(fromAgentId) };
    const from = unwrap(senderOf(principal, named));
    const once = await onceOf(from, input, c.req.header("Idempotency-Key"));
    const draft = draftOf(input, from, agent.accountId === principal.accountId, once);
    if (draft.bytes > LIMITS.messageBytesMax)
      return refuse({
        code: "body-too-large",
        detail: `a message has at most ${LIMITS.messageBytesMax} bytes`,
      });
    const [outcome = err<Problem>({ code: "internal" })] = await c.env.AGENT.getByName(
      agent.id,
    ).send([draft]);
    const { seq, sentAtMs, duplicate } = unwrap(outcome);
    const answer: z.infer<typeof sentView> = {
      id: messageIdOf(agent.id, seq),
      conversationId: draft.conversationId,
      priority: draft.priority,
      sentAt: timeOf(sentAtMs),
      duplicate,
    };
    return plain(answer, 201);
  },
);

/** What makes a second message of the sender the same as an earlier one. */
async function onceOf(from: Sender, input: MessageInput, idempotencyKey: string | undefined) {
  const { accountId, agentId } = from;
  // Which message it names is what a sender says; that a repeated request is the same one is ours to see.
  if (input.deduplicationId !== undefined)
    return { key: `d ${agentId ?? accountId} ${input.deduplicationId}`, bodyHash: "" };
  if (idempotencyKey === undefined) return null;
  return {
    key: `k ${accountId} ${idempotencyKey}`,
    bodyHash: await sha256Hex(JSON.stringify(input)),
  };
}

const lease = route(
  {
    method: "post",
    path: "/v1/agents/{id}/messages/lease",
    summary: "Take an agent's next messages to work on",
    description:
      "Each comes under a lease: acknowledge it with its fencing token before the lease ends, or it is given out again. Of a conversation the next message comes once the one before it is done. With `waitMs` the answer waits for a message where there is none.",
    access: "message.receive",
    request: { params: idParam, body: json(leaseInput) },
    responses: {
      200: { description: "The messages, in their order", ...json(leasedViews) },
      ...fails("not-found", "forbidden", "agent-unavailable", "too-many-requests", "overloaded"),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const agent = unwrap(
      mayTakeFrom(await services.agents.lately(c.req.valid("param").id), principal),
    );
    const leased = unwrap(await c.env.AGENT.getByName(agent.id).lease(c.req.valid("json")));
    const messages = leased.map((one) => leasedText(agent.id, one)).join(",");
    return { text: `{"messages":[${messages}]}`, status: 200, headers: { ...JSON_TYPE } };
  },
);

type Call = Context<AppEnv>;
/** What is wanted for one message, but for which message it is. */
type Wanted = { how: "ack" } | Without<"nack"> | Without<"extend">;
type Without<H> = Omit<Extract<Settlement, { how: H }>, "seq" | "token">;

const RULES = {
  ack: {
    one: ackInput,
    many: ackBatch,
    summary: "Acknowledge a message: its work is done",
    wanted: (): Wanted => ({ how: "ack" }),
  },
  nack: {
    one: nackInput,
    many: nackBatch,
    summary: "Give a message back, to be given out again or to become a dead letter",
    wanted: ({ delayMs, final, reason }: z.output<typeof nackInput>): Wanted => ({
      how: "nack",
      delayMs,
      final,
      reason: reason ?? null,
    }),
  },
  extend: {
    one: extendInput,
    many: extendBatch,
    summary: "Keep a message longer, counted from now",
    wanted: ({ leaseMs }: z.output<typeof extendInput>): Wanted => ({ how: "extend", leaseMs }),
  },
} as const;

function settling<H extends keyof typeof RULES>(how: H) {
  const { one, many, summary, wanted } = RULES[how];
  type Input = z.output<typeof ackInput>;
  const wants = wanted as (input: Input) => Wanted;
  const alone = route(
    {
      method: "post",
      path: `/v1/agents/{id}/messages/{messageId}/${how}`,
      summary,
      access: "message.receive",
      request: { params: messageParam, body: json(one) },
      responses: {
        200: { description: "What became of it", ...json(settledView) },
        ...fails("not-found", "forbidden", "lease-lost", "overloaded"),
      },
    },
    async (c) => {
      const { id, messageId } = c.req.valid("param");
      const input: Input = c.req.valid("json");
      const [outcome] = await settled(c, id, [
        { id: messageId, token: input.fencingToken, wanted: wants(input) },
      ]);
      return plain(settledViewOf(messageId, unwrap(outcome ?? NOT_HERE)), 200);
    },
  );
  const batch = route(
    {
      method: "post",
      path: `/v1/agents/{id}/messages/${how}`,
      summary: `${summary}, several at once`,
      description: "Each has its own outcome, in the order they were named.",
      access: "message.receive",
      request: { params: idParam, body: json(many) },
      responses: {
        200: { description: "What became of each", ...json(settledViews) },
        ...fails("not-found", "forbidden", "overloaded"),
      },
    },
    async (c) => {
      const { messages } = c.req.valid("json") as { messages: (Input & { id: string })[] };
      const outcomes = await settled(
        c,
        c.req.valid("param").id,
        messages.map((input) => ({
          id: input.id,
          token: input.fencingToken,
          wanted: wants(input),
        })),
      );
      const results = messages.map(({ id }, i) => {
        const outcome = outcomes[i] ?? NOT_HERE;
        if (outcome.ok) return settledViewOf(id, outcome.value);
        const { code, detail } = outcome.error;
        return { id, code, detail: detail ?? PROBLEMS[code].title };
      });
      return plain({ results }, 200);
    },
  );
  return [alone, batch];
}

const NOT_HERE = err<Problem>({ code: "not-found", detail: "the message is not here any more" });

/** Each in its place; what names no message of this mailbox asks nobody. */
async function settled(
  c: Call,
  agentId: string,
  named: readonly { id: string; token: number; wanted: Wanted }[],
): Promise<Result<Settled, Problem>[]> {
  const { services, principal } = c.var;
  const agent = unwrap(mayOpen(await services.agents.lately(agentId), principal));
  const asked = named.map(({ id, token, wanted }): Settlement | null => {
    const seq = seqOf(agent.id, id);
    return seq === null ? null : { ...wanted, seq, token };
  });
  const present = asked.filter((one) => one !== null);
  const outcomes =
    present.length === 0 ? [] : await c.env.AGENT.getByName(agent.id).settle(present);
  const next = outcomes.values();
  return asked.map((one) => (one === null ? NOT_HERE : (next.next().value ?? NOT_HERE)));
}

function settledViewOf(id: string, outcome: Settled): z.infer<typeof settledView> {
  return outcome.state === "leased"
    ? { id, state: "leased", leasedUntil: timeOf(outcome.leasedUntilMs) }
    : { id, state: outcome.state };
}

const JSON_TYPE = { "Content-Type": "application/json" };
const plain = (value: object, status: 200 | 201): Plain => ({
  text: JSON.stringify(value),
  status,
  headers: { ...JSON_TYPE },
});

export const messages = feature(
  send,
  lease,
  ...settling("ack"),
  ...settling("nack"),
  ...settling("extend"),
);
