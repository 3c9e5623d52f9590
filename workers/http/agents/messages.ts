import type { Context } from "hono";
import { leasedText } from "#domain/mailbox/leased-text.ts";
import { leasedViews, leaseInput, settledView, settledViews } from "#domain/mailbox/model.ts";
import type { Leased, Settled, Settlement } from "#domain/mailbox/outcome.ts";
import { mayTakeFrom } from "#domain/mailbox/rights.ts";
import {
  type How,
  NOT_HERE,
  settleAll,
  settledViewOf,
  settledViewsOf,
  SETTLING,
} from "#domain/mailbox/settling.ts";
import type { Problem } from "#domain/shared/problem.ts";
import type { Result } from "#domain/shared/result.ts";
import { messageParam, plain, plainText } from "#workers/http/agents/message-views.ts";
import { send, sendSeveral } from "#workers/http/agents/sending.ts";
import { type AppEnv, fails, feature, idParam, json, route, unwrap } from "#workers/http/kit.ts";
import { openedAgent } from "#workers/http/opened-agent.ts";
import { stillMay } from "#workers/http/standing.ts";

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
    const { id } = c.req.valid("param");
    const takenFrom = async () => mayTakeFrom(await services.agents.lately(id), principal);
    const agent = unwrap(await takenFrom());
    const object = c.env.AGENT.getByName(agent.id);
    const input = c.req.valid("json");
    const leased = unwrap(await object.lease(input));
    if (input.waitMs > 0 && leased.length > 0) {
      const giveBack = () => object.settle(leased.map(returned));
      await stillMay(c, "message.receive", giveBack);
      const still = await takenFrom();
      if (!still.ok) await giveBack();
      unwrap(still);
    }
    const messages = leased.map((one) => leasedText(agent.id, one)).join(",");
    return plainText(`{"messages":[${messages}]}`);
  },
);

/** As if it had not been given out. */
const returned = ({ seq, lease: { token } }: Leased): Settlement => ({ how: "return", seq, token });

const SUMMARIES: Record<How, string> = {
  ack: "Acknowledge a message: its work is done",
  nack: "Give a message back, to be given out again or to become a dead letter",
  extend: "Keep a message longer, counted from now",
};

function settling<H extends How>(how: H) {
  const { one, many } = SETTLING[how];
  type Input = { fencingToken: number };
  const alone = route(
    {
      method: "post",
      path: `/v1/agents/{id}/messages/{messageId}/${how}`,
      summary: SUMMARIES[how],
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
      const [outcome] = await settled(c, id, how, [{ ...input, id: messageId }]);
      return plain(settledViewOf(messageId, unwrap(outcome ?? NOT_HERE)));
    },
  );
  const batch = route(
    {
      method: "post",
      path: `/v1/agents/{id}/messages/${how}`,
      summary: `${SUMMARIES[how]}, several at once`,
      description: "Each has its own outcome, in the order they were named.",
      access: "message.receive",
      request: { params: idParam, body: json(many) },
      responses: {
        200: { description: "What became of each", ...json(settledViews) },
        ...fails("not-found", "forbidden", "overloaded"),
      },
    },
    async (c) => {
      const { messages: named } = c.req.valid("json") as { messages: (Input & { id: string })[] };
      const outcomes = await settled(c, c.req.valid("param").id, how, named);
      return plain(settledViewsOf(named, outcomes));
    },
  );
  return [alone, batch];
}

async function settled(
  c: Context<AppEnv>,
  id: string,
  how: How,
  named: readonly { id: string; fencingToken: number }[],
): Promise<Result<Settled, Problem>[]> {
  const agent = await openedAgent(c, id);
  return await settleAll(agent.id, how, named, (all) =>
    c.env.AGENT.getByName(agent.id).settle(all),
  );
}

export const messages = feature(
  send,
  sendSeveral,
  lease,
  ...settling("ack"),
  ...settling("nack"),
  ...settling("extend"),
);
