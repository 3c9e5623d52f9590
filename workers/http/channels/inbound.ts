import type { Context } from "hono";
import { z } from "zod";
import type { OpenChannel } from "#adapters/channels.ts";
import type { Received } from "#domain/channels/face.ts";
import type { ChannelType } from "#domain/channels/kinds.ts";
import { joined } from "#domain/shared/bytes.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import {
  fails,
  feature,
  idParam,
  type PublicEnv,
  refuse,
  route,
  unwrap,
} from "#workers/http/kit.ts";
import { carriedTrace } from "#workers/http/guard/tracing.ts";

// A vendor's credential is its signature over what it sends, so that is read and verified before the pipeline goes on:
// whoever is refused is counted by address, and a vendor never is.

type Verified = { channel: OpenChannel; received: Received };
const verified = new WeakMap<Request, Verified>();

const parameter = text(LIMITS.channelParameterCharsMax).optional();
/** What WeCom puts into the address. */
const query = z.object({
  msg_signature: parameter,
  timestamp: parameter,
  nonce: parameter,
  echostr: parameter,
});
const refusals = fails(
  "not-found",
  "unauthenticated",
  "invalid-request",
  "body-too-large",
  "too-many-requests",
);
const answers = {
  200: {
    description: "What the vendor wants to hear",
    content: { "application/json": {}, "text/plain": {} },
  },
  ...refusals,
};
const DESCRIPTION =
  "For the vendor that the channel connects, which signs what it sends as it always does (docs/design/channels.md). What came before is not taken again.";

async function admits(c: Context<PublicEnv>): Promise<void> {
  const { services, nowMs } = c.var;
  const channel = await services.channels.open(c.req.param("id") ?? "");
  if (channel === null) return refuse({ code: "not-found" });
  const request = c.req.raw;
  const received = await channel.face.receive(
    {
      method: request.method === "GET" ? "GET" : "POST",
      header: (name) => request.headers.get(name),
      query: c.req.query(),
      body: await bounded(request, bytesMaxOf(channel.record.type)),
    },
    nowMs,
  );
  verified.set(request, { channel, received: unwrap(received) });
}

const bytesMaxOf = (type: ChannelType): number =>
  type === "email" ? LIMITS.mailBytesMax : LIMITS.channelInboundBytesMax;

async function bounded(request: Request, max: number): Promise<Uint8Array> {
  const tooLarge = () => refuse({ code: "body-too-large", detail: `at most ${max} bytes` });
  if (Number(request.headers.get("Content-Length") ?? 0) > max) return tooLarge();
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of request.body ?? []) {
    size += piece.byteLength;
    if (size > max) return tooLarge();
    pieces.push(piece);
  }
  return joined(pieces);
}

async function answered(c: Context<PublicEnv>): Promise<Response> {
  const found = verified.get(c.req.raw);
  if (found === undefined) return refuse({ code: "unauthenticated" });
  const { channel, received } = found;
  if (received.said.length > 0)
    unwrap(
      await c.var.services.channels.accept(
        channel.record,
        received.said,
        carriedTrace(c).traceparent,
      ),
    );
  const { status, contentType, body } = received.reply;
  return new Response(body, { status, headers: { "Content-Type": contentType } });
}

const said = route(
  {
    method: "post",
    path: "/v1/channels/{id}/inbound",
    summary: "Bring a channel what was said at its vendor",
    description: DESCRIPTION,
    access: "public",
    idempotency: "ignored",
    request: {
      params: idParam,
      query,
      body: {
        content: {
          "application/json": {},
          "text/xml": {},
          "application/xml": {},
          "message/rfc822": {},
        },
        bytesMax: LIMITS.mailBytesMax,
        required: false,
      },
    },
    responses: answers,
  },
  answered as never,
  { admits: admits as never },
);

const asked = route(
  {
    method: "get",
    path: "/v1/channels/{id}/inbound",
    summary: "Answer a vendor that asks whether a channel's address is its own",
    description: DESCRIPTION,
    access: "public",
    request: { params: idParam, query },
    responses: answers,
  },
  answered as never,
  { admits: admits as never },
);

export const channelInbound = feature(said, asked);
