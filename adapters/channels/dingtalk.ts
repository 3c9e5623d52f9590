import { z } from "zod";
import {
  type Face,
  jsonReply,
  NOT_SIGNED,
  type Received,
  type Said,
  storable,
} from "#domain/channels/face.ts";
import type { ConfigOf } from "#domain/channels/kinds.ts";
import { hmacSha256, isNear, signedBytes, wholeNumber } from "#domain/channels/verify.ts";
import { base64Of } from "#domain/shared/bytes.ts";
import { parseJson } from "#domain/shared/parse.ts";
import { err, ok } from "#domain/shared/result.ts";
import { sameText } from "#domain/shared/text.ts";
import type { Egress } from "#adapters/egress.ts";
import { callJson, reasonOf, tokens, withToken } from "#adapters/channels/calling.ts";

/** DingTalk's robots of an organisation's app: HTTP callbacks (timestamp, sign) and `v1.0/robot`. */
const API = "https://api.dingtalk.com";
const OLD_MS = 3_600_000;
const GROUP = "2";

const id = z.string().min(1).max(150);
const callback = z.object({
  conversationId: id,
  conversationType: z.string().max(4),
  msgId: id,
  senderStaffId: z.string().max(150).optional(),
  senderId: z.string().max(300).optional(),
  senderNick: z.string().optional(),
  msgtype: z.string().max(40),
  text: z.object({ content: z.string() }).optional(),
  createAt: z.number().optional(),
});
const told = z.object({
  processQueryKey: z.string().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
});

export function dingtalk(config: ConfigOf<"dingtalk">, call: Egress, held = tokens()): Face {
  const api = config.apiUrl ?? API;

  async function tokenOf(nowMs: number) {
    const asked = await callJson(
      call,
      {
        url: `${api}/v1.0/oauth2/accessToken`,
        body: { appKey: config.appKey, appSecret: config.appSecret },
      },
      told.extend({ accessToken: z.string().optional(), expireIn: z.int().optional() }),
      nowMs,
    );
    if (!asked.ok) return asked;
    const { value } = asked.value;
    if (value?.accessToken === undefined)
      return err({
        kind: "refused" as const,
        reason: reasonOf("dingtalk:", value?.code, value?.message),
      });
    return ok({ token: value.accessToken, lifeMs: (value.expireIn ?? 0) * 1_000 });
  }

  return {
    async receive({ header, body }, nowMs) {
      const stamp = header("timestamp");
      if (!isNear(wholeNumber(stamp), nowMs, OLD_MS)) return err(NOT_SIGNED);
      // The body is not signed: the vendor has nothing else, so TLS and a short life are what holds.
      const mac = await hmacSha256(config.appSecret, signedBytes(`${stamp}\n${config.appSecret}`));
      if (!sameText(header("sign") ?? "", base64Of(mac))) return err(NOT_SIGNED);
      const read = parseJson(body, callback);
      if (!read.ok) return read;
      const said = saidIn(read.value, nowMs);
      return ok<Received>({ reply: jsonReply(), said: said === null ? [] : [said] });
    },

    send: ({ conversation, text }, nowMs) =>
      withToken(
        held,
        nowMs,
        () => tokenOf(nowMs),
        async (token) => {
          const [way, ...rest] = conversation.split("/");
          const whom = rest.join("/");
          const isGroup = way === "g";
          const asked = await callJson(
            call,
            {
              url: `${api}/v1.0/robot/${isGroup ? "groupMessages/send" : "oToMessages/batchSend"}`,
              headers: { "x-acs-dingtalk-access-token": token },
              body: {
                robotCode: config.robotCode ?? config.appKey,
                msgKey: "sampleText",
                msgParam: JSON.stringify({ content: text }),
                ...(isGroup ? { openConversationId: whom } : { userIds: [whom] }),
              },
            },
            told,
            nowMs,
          );
          if (!asked.ok) return asked.error;
          const { value, answer } = asked.value;
          if (answer.status < 300)
            return { kind: "sent", vendorId: value?.processQueryKey ?? null };
          const code = value?.code ?? "";
          if (answer.status === 401 || code === "InvalidAuthentication") return "token-over";
          const reason = reasonOf("dingtalk:", answer.status, code, value?.message);
          return /Throttling|Flow|QpsLimit/i.test(code)
            ? { kind: "later", retryAfterMs: null, reason }
            : { kind: "refused", reason };
        },
      ),
  };
}

/** A group is a conversation, and so is one member alone with the robot: `g/…` and `u/…` say which way an answer goes. */
function saidIn(one: z.infer<typeof callback>, nowMs: number): Said | null {
  const isGroup = one.conversationType === GROUP;
  const sender = one.senderStaffId ?? one.senderId;
  // Alone with somebody who is no member of the organisation, nothing could be answered.
  if (sender === undefined || (!isGroup && one.senderStaffId === undefined)) return null;
  const isText = one.msgtype === "text";
  const text = storable(isText ? (one.text?.content ?? "").trim() : "");
  if (isText && text === "") return null;
  return {
    id: one.msgId,
    conversation: isGroup ? `g/${one.conversationId}` : `u/${sender}`,
    from: {
      id: sender,
      name: one.senderNick === undefined ? null : storable(one.senderNick).slice(0, 200),
    },
    text,
    attachments: isText ? [] : [{ kind: one.msgtype, name: null }],
    saidAtMs: one.createAt ?? nowMs,
  };
}
