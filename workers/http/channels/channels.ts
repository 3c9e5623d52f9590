import type { Context } from "hono";
import { z } from "zod";
import { ID_BYTES } from "#domain/accounts/credential.ts";
import { kindOf, tooLong } from "#domain/channels/kinds.ts";
import {
  changedChannel,
  changedConfig,
  channelChange,
  channelId,
  channelInput,
  type ChannelInput,
  channelMade,
  channelMessageInput,
  channelMessageView,
  type ChannelRecord,
  channelView,
  type Config,
  conversationOf,
  deadItemView,
  newChannel,
  parted,
  trafficView,
  viewOfChannel,
  viewOfDead,
  viewOfTraffic,
} from "#domain/channels/model.ts";
import { WEBHOOK_SECRET_BYTES } from "#domain/delivery/webhook.ts";
import { base64UrlOf } from "#domain/shared/bytes.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import {
  type AppEnv,
  byAge,
  expectedVersion,
  fails,
  feature,
  idParam,
  json,
  pageOf,
  pageOfList,
  pageQuery,
  refuse,
  route,
  tagged,
  unwrap,
} from "#workers/http/kit.ts";
import { newWebhookSecret } from "#workers/http/new-secret.ts";

const make = route(
  {
    method: "post",
    path: "/v1/channels",
    summary: "Connect a messenger, mail or a webhook to one of your agents",
    description:
      "Tell the vendor to call `inboundUrl`. What is said there becomes messages of kind `channel` in the agent's mailbox; it answers at `POST /v1/channels/{id}/messages`.",
    access: "channel.change",
    request: { body: json(channelInput) },
    responses: {
      201: { description: "The channel", ...json(channelMade) },
      ...fails("conflict", "egress-refused"),
    },
    idempotency: "sealed",
  },
  async (c) => {
    const { services, principal, operationId, nowMs } = c.var;
    const { channels } = services;
    const { accountId } = principal;
    const given = c.req.valid("json") as ChannelInput;
    const { made } = kindOf(given.type);
    const fresh =
      made === undefined || given.config[made] !== undefined
        ? {}
        : { [made]: given.type === "telegram" ? newToken() : newWebhookSecret() };
    const config = unwrap(changedConfig(given.type, given.config, fresh));
    const refusal = channels.refusalOf(given.type, config);
    if (refusal !== null) refuse(refusal);
    await ownAgent(c, given.agentId);
    const { open, secret } = parted(given.type, config);
    const sealedSecrets = await channels.seal(accountId, secret);
    const id = channelId(accountId, Uint8Array.fromHex(operationId).subarray(0, ID_BYTES));
    const channel = newChannel(given, { id, accountId, open, sealedSecrets, nowMs });
    if ((await channels.insertChannel(channel)) === "too-many")
      refuse({
        code: "conflict",
        detail: `an account has at most ${LIMITS.channelsPerAccountMax} channels`,
      });
    const view = shown(c, channel);
    const once = Object.keys(fresh).length === 0 ? {} : { made: fresh };
    return tagged(c, { ...view, ...once }, channel.version, 201);
  },
);

const list = route(
  {
    method: "get",
    path: "/v1/channels",
    summary: "List your account's channels, newest first",
    description: "An agent's own key sees the agent's.",
    access: "channel.read",
    request: { query: pageQuery },
    responses: { 200: { description: "A page of channels", ...json(pageOf(channelView)) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { accountId, agentId } = principal;
    const { page, nextCursor } = await pageOfList(
      c.req.valid("query"),
      (after, limit) => services.channels.channels({ accountId, agentId }, after, limit),
      byAge,
    );
    const items = page.map((each) => shown(c, each));
    return c.json({ items, nextCursor });
  },
);

const get = route(
  {
    method: "get",
    path: "/v1/channels/{id}",
    summary: "Read a channel",
    access: "channel.read",
    request: { params: idParam },
    responses: { 200: { description: "The channel", ...json(channelView) }, ...fails("not-found") },
  },
  async (c) => {
    const channel = await owned(c, c.req.valid("param").id);
    return tagged(c, shown(c, channel), channel.version);
  },
);

const change = route(
  {
    method: "patch",
    path: "/v1/channels/{id}",
    summary: "Change, pause or resume a channel",
    description:
      "Needs `If-Match`. What is given of `config` takes the place of what was there. A paused channel takes in what comes, and hands on nothing.",
    access: "channel.change",
    request: { params: idParam, body: json(channelChange) },
    responses: {
      200: { description: "The channel", ...json(channelView) },
      ...fails("not-found", "version-required", "version-stale", "egress-refused"),
    },
  },
  async (c) => {
    const { services } = c.var;
    const { channels } = services;
    const before = await owned(c, c.req.valid("param").id);
    const expected = expectedVersion(c);
    if (expected === undefined) refuse({ code: "version-required" });
    if (expected !== "any" && expected !== before.version) refuse({ code: "version-stale" });
    const { config: given, ...rest } = c.req.valid("json");
    if (rest.agentId !== undefined) await ownAgent(c, rest.agentId);
    const parts = given === undefined ? before : await reconfigured(c, before, given);
    const { config, sealedSecrets } = parts;
    const next = changedChannel(before, rest, { config, sealedSecrets });
    if (!(await channels.replaceChannel(next))) refuse({ code: "version-stale" });
    return tagged(c, shown(c, next), next.version);
  },
);

const remove = route(
  {
    method: "delete",
    path: "/v1/channels/{id}",
    summary: "Disconnect a channel, with whatever is on its way",
    access: "channel.change",
    request: { params: idParam },
    responses: { 204: { description: "It is disconnected" }, ...fails("not-found") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const channel = await owned(c, c.req.valid("param").id);
    await services.channels.removeChannel(principal.accountId, channel.id);
    return new Response(null, { status: 204 });
  },
);

const say = route(
  {
    method: "post",
    path: "/v1/channels/{id}/messages",
    summary: "Say something in a conversation of a channel",
    description:
      "It is sent from here on, in its conversation's order and as fast as the vendor takes it; what it refuses time and again is a dead letter. An agent's own key speaks on the agent's channels.",
    access: "channel.send",
    request: { params: idParam, body: json(channelMessageInput) },
    responses: {
      202: { description: "It waits to be sent", ...json(channelMessageView) },
      ...fails("not-found", "too-many-requests"),
    },
  },
  async (c) => {
    const { services, operationId } = c.var;
    const channel = await owned(c, c.req.valid("param").id);
    const { conversationId, body } = c.req.valid("json");
    const conversation = conversationOf(channel.id, conversationId);
    if (conversation === null)
      return invalid("/conversationId", "is no conversation of this channel");
    const long = tooLong(channel.type, body.text);
    if (long !== null) return invalid("/body/text", `${channel.type} takes ${long}`);
    const message = { id: `cm_${operationId}`, conversation, text: body.text };
    const id = unwrap(await services.channels.say(channel, message));
    return c.json({ id, conversationId, state: "waiting" as const }, 202);
  },
);

const traffic = route(
  {
    method: "get",
    path: "/v1/channels/{id}/traffic",
    summary: "Show how a channel does, both ways",
    access: "channel.read",
    request: { params: idParam },
    responses: { 200: { description: "Its traffic", ...json(trafficView) }, ...fails("not-found") },
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const { id } = await owned(c, c.req.valid("param").id);
    return c.json(viewOfTraffic(await services.channels.traffic(id), nowMs));
  },
);

const deadLetters = route(
  {
    method: "get",
    path: "/v1/channels/{id}/dead-letters",
    summary: "Show what a channel has given up",
    description: "The oldest 100, both ways. Redrive them once the cause is mended.",
    access: "channel.read",
    request: { params: idParam },
    responses: {
      200: { description: "The dead letters", ...json(z.object({ items: z.array(deadItemView) })) },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const { id } = await owned(c, c.req.valid("param").id);
    const dead = await c.var.services.channels.deadLetters(id, 0, LIMITS.pageMax);
    return c.json({ items: dead.map((one) => viewOfDead(id, one)) });
  },
);

const redrive = route(
  {
    method: "post",
    path: "/v1/channels/{id}/redrive",
    summary: "Put a channel's oldest 100 dead letters back to work",
    access: "channel.change",
    request: { params: idParam },
    responses: {
      202: { description: "How many were put back", ...json(z.object({ redriven: z.int() })) },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const { id } = await owned(c, c.req.valid("param").id);
    return c.json({ redriven: await c.var.services.channels.redrive(id) }, 202);
  },
);

export const channels = feature(
  make,
  list,
  get,
  change,
  remove,
  say,
  traffic,
  deadLetters,
  redrive,
);

const shown = ({ env }: Context<AppEnv>, channel: ChannelRecord) =>
  viewOfChannel(channel, {
    publicUrl: env.WISHUB_PUBLIC_URL,
    mailDomain: env.WISHUB_MAIL_DOMAIN,
  });

/** One of the caller's account, and to an agent one of its own: to everybody else there is none. */
async function owned({ var: { services, principal } }: Context<AppEnv>, id: string) {
  const channel = await services.channels.channel(id);
  if (channel === null || channel.accountId !== principal.accountId)
    return refuse({ code: "not-found" });
  const isTheirs = principal.agentId === undefined || principal.agentId === channel.agentId;
  return isTheirs ? channel : refuse({ code: "not-found" });
}

async function ownAgent({ var: { services, principal } }: Context<AppEnv>, id: string) {
  const agent = await services.agents.agent(id);
  if (agent === null || agent.accountId !== principal.accountId)
    invalid("/agentId", "is no agent of your account");
  else if (agent.outside !== null) invalid("/agentId", "runs elsewhere, and has no mailbox here");
}

/** The configuration with what was given of it, its secrets sealed anew. */
async function reconfigured(
  { var: { services } }: Context<AppEnv>,
  before: ChannelRecord,
  given: Config,
): Promise<{ config: Config; sealedSecrets: string }> {
  const secrets = (await services.channels.secretsOf(before)) ?? {};
  const config = unwrap(changedConfig(before.type, { ...before.config, ...secrets }, given));
  const refusal = services.channels.refusalOf(before.type, config);
  if (refusal !== null) refuse(refusal);
  const { open, secret } = parted(before.type, config);
  return { config: open, sealedSecrets: await services.channels.seal(before.accountId, secret) };
}

const invalid = (pointer: string, detail: string): never =>
  refuse({ code: "invalid-request", errors: [{ pointer, detail }] });

const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
const newToken = () => base64UrlOf(random(WEBHOOK_SECRET_BYTES));
