import type { Context } from "hono";
import { z } from "zod";
import { shownText } from "#domain/mailbox/leased-text.ts";
import { seqOf } from "#domain/mailbox/message.ts";
import { contentsView, redriveInput, shownView } from "#domain/mailbox/model.ts";
import { SHOWN_STATES } from "#domain/mailbox/outcome.ts";
import { NOT_HERE } from "#domain/mailbox/settling.ts";
import {
  type AppEnv,
  fails,
  feature,
  idParam,
  json,
  pageOf,
  pageOfList,
  pageQuery,
  route,
  taggedText,
  unwrap,
} from "#workers/http/kit.ts";
import { openedAgent } from "#workers/http/opened-agent.ts";
import { messageParam, plain, plainText } from "#workers/http/agents/message-views.ts";

/** The agent whose mailbox the caller may open, by its object. */
async function opened(c: Context<AppEnv>, id: string) {
  const agent = await openedAgent(c, id);
  return { id: agent.id, box: c.env.AGENT.getByName(agent.id) };
}

const contents = route(
  {
    method: "get",
    path: "/v1/agents/{id}/mailbox",
    summary: "Show how much lies in an agent's mailbox",
    access: "message.read",
    request: { params: idParam },
    responses: {
      200: { description: "How much of what", ...json(contentsView) },
      ...fails("not-found", "forbidden"),
    },
  },
  async (c) => {
    const { box } = await opened(c, c.req.valid("param").id);
    const { oldestMs, ...counts } = await box.contents();
    return plain({
      ...counts,
      oldestSentAt: oldestMs === null ? null : new Date(oldestMs).toISOString(),
    });
  },
);

const list = route(
  {
    method: "get",
    path: "/v1/agents/{id}/messages",
    summary: "Show what lies in an agent's mailbox, oldest first",
    description: "Nothing is taken out. Dead letters come in the order in which they died.",
    access: "message.read",
    request: {
      params: idParam,
      query: pageQuery.extend({ state: z.enum(SHOWN_STATES).optional() }),
    },
    responses: {
      200: { description: "A page of messages", ...json(pageOf(shownView)) },
      ...fails("not-found", "forbidden"),
    },
  },
  async (c) => {
    const { id, box } = await opened(c, c.req.valid("param").id);
    const { state = null, ...query } = c.req.valid("query");
    const { page, nextCursor } = await pageOfList(
      query,
      (after, limit) => box.messages(state, after, limit),
      ({ seq, died }) => ({ atMs: state === "dead" ? (died?.atMs ?? 0) : 0, id: String(seq) }),
    );
    const items = page.map((one) => shownText(id, one)).join(",");
    return plainText(`{"items":[${items}],"nextCursor":${JSON.stringify(nextCursor)}}`);
  },
);

const get = route(
  {
    method: "get",
    path: "/v1/agents/{id}/messages/{messageId}",
    summary: "Read a message that lies in an agent's mailbox, without taking it out",
    access: "message.read",
    request: { params: messageParam },
    responses: {
      200: { description: "The message", ...json(shownView) },
      ...fails("not-found", "forbidden"),
    },
  },
  async (c) => {
    const { id, messageId } = c.req.valid("param");
    const { box } = await opened(c, id);
    const seq = seqOf(id, messageId);
    const shown = seq === null ? null : await box.message(seq);
    if (shown === null) return unwrap(NOT_HERE);
    return taggedText(c, shownText(id, shown), `${shown.state}-${shown.token}`, 200);
  },
);

const remove = route(
  {
    method: "delete",
    path: "/v1/agents/{id}/messages/{messageId}",
    summary: "Delete a message that nobody works on",
    access: "message.receive",
    request: { params: messageParam },
    responses: {
      200: {
        description: "It is gone",
        ...json(z.object({ id: z.string(), state: z.literal("deleted") })),
      },
      ...fails("not-found", "forbidden", "conflict", "overloaded"),
    },
  },
  async (c) => {
    const { id, messageId } = c.req.valid("param");
    const { box } = await opened(c, id);
    const seq = seqOf(id, messageId);
    unwrap(seq === null ? NOT_HERE : await box.drop(seq));
    return plain({ id: messageId, state: "deleted" });
  },
);

const redrive = route(
  {
    method: "post",
    path: "/v1/agents/{id}/messages/redrive",
    summary: "Put dead letters back where they stood, as if nobody had tried them",
    description:
      "Those that are named, or the oldest 100. A deadline that has passed is taken off them.",
    access: "message.receive",
    request: { params: idParam, body: json(redriveInput) },
    responses: {
      200: {
        description: "How many were put back",
        ...json(z.object({ redriven: z.int() })),
      },
      ...fails("not-found", "forbidden", "overloaded"),
    },
  },
  async (c) => {
    const { id, box } = await opened(c, c.req.valid("param").id);
    const { ids } = c.req.valid("json");
    const seqs = ids === undefined ? null : ids.map((one) => seqOf(id, one) ?? -1);
    return plain({ redriven: unwrap(await box.redrive(seqs)) });
  },
);

export const mailboxes = feature(contents, list, get, remove, redrive);
