import { z } from "zod";
import {
  type Face,
  type InboundRequest,
  jsonReply,
  NOT_SIGNED,
  type Outgoing,
  type Received,
  type Said,
  type SendOutcome,
  storable,
  unreadable,
} from "#domain/channels/face.ts";
import type { ConfigOf } from "#domain/channels/kinds.ts";
import { hmacSha256, isNear, signedBytes, wholeNumber } from "#domain/channels/verify.ts";
import { hexOf } from "#domain/shared/bytes.ts";
import { parseJson } from "#domain/shared/parse.ts";
import { err, ok } from "#domain/shared/result.ts";
import { sameText } from "#domain/shared/text.ts";
import type { Egress } from "#adapters/egress.ts";
import { callJson, reasonOf } from "#adapters/channels/calling.ts";

/** Slack's Events API (signing secrets, `url_verification`, `message`) and `chat.postMessage`. */
const API = "https://slack.com/api";
const OLD_MS = 300_000;

const id = z.string().min(1).max(64);
const happened = z.object({
  bot_id: z.string().optional(),
  channel: id.optional(),
  channel_type: z.string().optional(),
  user: id.optional(),
  text: z.string().optional(),
  ts: id.optional(),
  thread_ts: id.optional(),
  files: z
    .array(z.object({ mimetype: z.string().optional(), name: z.string().optional() }))
    .max(100)
    .optional(),
});
const envelope = z.object({
  type: z.string(),
  challenge: z.string().max(1_024).optional(),
  event: z.looseObject({ type: z.string(), subtype: z.string().optional() }).optional(),
});

const TELLS: ReadonlySet<string> = new Set(["message", "app_mention"]);
/** A file beside the text is still a message; what else has a subtype tells of joins, edits and bots. */
const SUBTYPES: ReadonlySet<string> = new Set(["file_share", "thread_broadcast"]);

export function slack(config: ConfigOf<"slack">, call: Egress): Face {
  const api = config.apiUrl ?? API;

  async function isSigned({ header, body }: InboundRequest, nowMs: number): Promise<boolean> {
    const stamp = header("X-Slack-Request-Timestamp");
    if (!isNear(wholeNumber(stamp) * 1_000, nowMs, OLD_MS)) return false;
    const mac = await hmacSha256(config.signingSecret, signedBytes(`v0:${stamp}:`, body));
    return sameText(header("X-Slack-Signature") ?? "", `v0=${hexOf(mac)}`);
  }

  return {
    async receive(request, nowMs) {
      if (!(await isSigned(request, nowMs))) return err(NOT_SIGNED);
      const read = parseJson(request.body, envelope);
      if (!read.ok) return read;
      const { type, challenge, event } = read.value;
      if (type === "url_verification")
        return ok<Received>({ reply: jsonReply({ challenge: challenge ?? "" }), said: [] });
      // Of what else happens there, the shape is the vendor's business.
      const tells = type === "event_callback" && TELLS.has(event?.type ?? "");
      const isHeard = tells && (event?.subtype === undefined || SUBTYPES.has(event.subtype));
      if (!isHeard) return ok<Received>({ reply: jsonReply(), said: [] });
      const outcome = happened.safeParse(event);
      if (!outcome.success) return err(unreadable(outcome.error, "/event"));
      const said = saidIn(outcome.data, nowMs);
      return ok<Received>({ reply: jsonReply(), said: said === null ? [] : [said] });
    },

    async send({ conversation, text }: Outgoing, nowMs): Promise<SendOutcome> {
      const [channel = "", thread] = conversation.split("/", 2);
      const asked = await callJson(
        call,
        {
          url: `${api}/chat.postMessage`,
          headers: { Authorization: `Bearer ${config.botToken}` },
          body: { channel, text, ...(thread !== undefined && { thread_ts: thread }) },
        },
        z.object({ ok: z.boolean(), error: z.string().optional(), ts: z.string().optional() }),
        nowMs,
      );
      if (!asked.ok) return asked.error;
      const { value, answer } = asked.value;
      if (value?.ok === true) return { kind: "sent", vendorId: value.ts ?? null };
      const reason = reasonOf("slack:", value?.error ?? answer.status);
      const isBusy = value?.error === "ratelimited" || value?.error === "rate_limited";
      return isBusy ? { kind: "later", retryAfterMs: null, reason } : { kind: "refused", reason };
    },
  };
}

/**
 * A thread is a conversation, and so is a direct message. One text may come as a message and as a mention: its time in
 * its channel is what it is known by.
 */
function saidIn(event: z.infer<typeof happened>, nowMs: number): Said | null {
  const { bot_id: bot, channel, user, ts, files = [] } = event;
  if (bot !== undefined || user === undefined) return null;
  if (channel === undefined || ts === undefined) return null;
  const text = storable(event.text ?? "");
  if (text === "" && files.length === 0) return null;
  const thread = event.thread_ts ?? (event.channel_type === "im" ? undefined : ts);
  const seconds = Number(ts);
  return {
    id: `${channel} ${ts}`,
    conversation: thread === undefined ? channel : `${channel}/${thread}`,
    from: { id: user, name: null },
    text,
    attachments: files.map(({ mimetype, name }) => ({
      kind: storable(mimetype ?? "file").slice(0, 100),
      name: name === undefined ? null : storable(name).slice(0, 200),
    })),
    saidAtMs: Number.isFinite(seconds) ? Math.floor(seconds * 1_000) : nowMs,
  };
}
