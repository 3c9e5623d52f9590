import { z } from "zod";
import {
  type Face,
  jsonReply,
  NOT_SIGNED,
  type Received,
  type Said,
  storable,
  unreadable,
} from "#domain/channels/face.ts";
import type { ConfigOf } from "#domain/channels/kinds.ts";
import {
  aesCbcOpen,
  digestHex,
  isNear,
  signedBytes,
  unpadded,
  wholeNumber,
} from "#domain/channels/verify.ts";
import { bytesOf } from "#domain/shared/bytes.ts";
import { parseJson } from "#domain/shared/parse.ts";
import { err, ok } from "#domain/shared/result.ts";
import { sameText } from "#domain/shared/text.ts";
import type { Egress } from "#adapters/egress.ts";
import { callJson, reasonOf, tokens, withToken } from "#adapters/channels/calling.ts";

/** Feishu's (Lark's) event subscription 2.0 with an Encrypt Key, and `im/v1/messages`. */
const API = "https://open.feishu.cn";
const OLD_MS = 3_600_000;
const BLOCK = 16;

/** Its codes: too much of one app or chat; a token that has ended. */
const BUSY: ReadonlySet<number> = new Set([99_991_400, 230_020]);
const TOKEN_OVER: ReadonlySet<number> = new Set([99_991_661, 99_991_663, 99_991_664, 99_991_668]);

const sealedBody = z.object({ encrypt: z.string().min(1) });
const challenged = z.object({
  type: z.literal("url_verification"),
  challenge: z.string().max(1_024),
  token: z.string(),
});
const event = z.object({
  header: z.object({ event_type: z.string(), token: z.string() }),
  event: z.unknown(),
});
const MENTION = /@_(?:user_\d{1,8}|all)/g;
const SPOKEN = "im.message.receive_v1";
const spoken = z.object({
  sender: z.object({
    sender_id: z.object({ open_id: z.string().max(100).optional() }).nullish(),
    sender_type: z.string().optional(),
  }),
  message: z.object({
    message_id: z.string().min(1).max(100),
    chat_id: z.string().min(1).max(100),
    create_time: z.string().optional(),
    message_type: z.string().max(40),
    content: z.string(),
    mentions: z
      .array(z.object({ key: z.string().regex(/^@_/).max(40), name: z.string().max(200) }))
      .max(100)
      .optional(),
  }),
});
const utf8 = new TextEncoder();

export function feishu(config: ConfigOf<"feishu">, call: Egress, held = tokens()): Face {
  const api = config.apiUrl ?? API;

  return {
    async receive({ header, body }, nowMs) {
      const plain = await opened(config.encryptKey, body);
      if (plain === null) return err(NOT_SIGNED);
      // The first call of all is sealed and carries the token, but no signature.
      const first = parseJson(plain, challenged);
      if (first.ok)
        return sameText(first.value.token, config.verificationToken)
          ? ok<Received>({ reply: jsonReply({ challenge: first.value.challenge }), said: [] })
          : err(NOT_SIGNED);
      const stamp = header("X-Lark-Request-Timestamp");
      const nonce = header("X-Lark-Request-Nonce") ?? "";
      if (!isNear(wholeNumber(stamp) * 1_000, nowMs, OLD_MS)) return err(NOT_SIGNED);
      const signed = signedBytes(`${stamp}${nonce}${config.encryptKey}`, body);
      if (!sameText(header("X-Lark-Signature") ?? "", await digestHex("SHA-256", signed)))
        return err(NOT_SIGNED);
      const read = parseJson(plain, event);
      if (!read.ok) return read;
      if (!sameText(read.value.header.token, config.verificationToken)) return err(NOT_SIGNED);
      if (read.value.header.event_type !== SPOKEN)
        return ok<Received>({ reply: jsonReply(), said: [] });
      const outcome = spoken.safeParse(read.value.event);
      if (!outcome.success) return err(unreadable(outcome.error, "/event"));
      const said = saidIn(outcome.data, nowMs);
      return ok<Received>({ reply: jsonReply(), said: said === null ? [] : [said] });
    },

    send: ({ id, conversation, text }, nowMs) =>
      withToken(
        held,
        nowMs,
        () => tokenOf(call, api, config, nowMs),
        async (token) => {
          const asked = await callJson(
            call,
            {
              url: `${api}/open-apis/im/v1/messages?receive_id_type=chat_id`,
              headers: { Authorization: `Bearer ${token}` },
              body: {
                receive_id: conversation,
                msg_type: "text",
                content: JSON.stringify({ text }),
                // Within an hour the same uuid is the same message.
                uuid: id.slice(-50),
              },
            },
            z.object({
              code: z.int(),
              msg: z.string().optional(),
              data: z.object({ message_id: z.string().optional() }).optional(),
            }),
            nowMs,
          );
          if (!asked.ok) return asked.error;
          const { value, answer } = asked.value;
          if (value?.code === 0) return { kind: "sent", vendorId: value.data?.message_id ?? null };
          if (value !== null && TOKEN_OVER.has(value.code)) return "token-over";
          const reason = reasonOf("feishu:", value?.code ?? answer.status, value?.msg);
          if (value === null || !BUSY.has(value.code)) return { kind: "refused", reason };
          const resetS = wholeNumber(answer.headers.get("x-ogw-ratelimit-reset"));
          const retryAfterMs = Number.isNaN(resetS) ? null : resetS * 1_000;
          return { kind: "later", retryAfterMs, reason };
        },
      ),
  };
}

/** What was sealed under the Encrypt Key, or null. */
async function opened(encryptKey: string, body: Uint8Array): Promise<Uint8Array | null> {
  const read = parseJson(body, sealedBody);
  if (!read.ok) return null;
  const bytes = base64In(read.value.encrypt);
  if (bytes === null || bytes.length <= BLOCK) return null;
  const key = await crypto.subtle.digest("SHA-256", utf8.encode(encryptKey));
  const iv = bytes.slice(0, BLOCK);
  const plain = await aesCbcOpen(new Uint8Array(key), iv, bytes.slice(BLOCK));
  return plain === null ? null : unpadded(plain, BLOCK);
}

async function tokenOf(call: Egress, api: string, config: ConfigOf<"feishu">, nowMs: number) {
  const asked = await callJson(
    call,
    {
      url: `${api}/open-apis/auth/v3/tenant_access_token/internal`,
      body: { app_id: config.appId, app_secret: config.appSecret },
    },
    z.object({
      code: z.int(),
      msg: z.string().optional(),
      tenant_access_token: z.string().optional(),
      expire: z.int().optional(),
    }),
    nowMs,
  );
  if (!asked.ok) return asked;
  const { value } = asked.value;
  if (value?.tenant_access_token === undefined)
    return err({
      kind: "refused" as const,
      reason: reasonOf("feishu:", value?.code, value?.msg),
    });
  return ok({ token: value.tenant_access_token, lifeMs: (value.expire ?? 0) * 1_000 });
}

/** A chat is a conversation. Its mentions are written out: the vendor sends `@_user_1` for a name. */
function saidIn({ sender, message }: z.infer<typeof spoken>, nowMs: number): Said | null {
  if (sender.sender_type !== undefined && sender.sender_type !== "user") return null;
  const isText = message.message_type === "text";
  const content = parseJson(
    utf8.encode(message.content),
    z.object({ text: z.string().optional() }),
  );
  let text = isText && content.ok ? (content.value.text ?? "") : "";
  const names = new Map((message.mentions ?? []).map(({ key, name }) => [key, `@${name}`]));
  // In one pass: people call themselves anything, also like another's key.
  text = text.replaceAll(MENTION, (key) => names.get(key) ?? key);
  if (isText && text === "") return null;
  const atMs = wholeNumber(message.create_time ?? null);
  return {
    id: message.message_id,
    conversation: message.chat_id,
    from: { id: sender.sender_id?.open_id ?? "", name: null },
    text: storable(text),
    attachments: isText ? [] : [{ kind: message.message_type, name: null }],
    saidAtMs: Number.isNaN(atMs) ? nowMs : atMs,
  };
}

function base64In(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return bytesOf(text);
  } catch {
    return null;
  }
}
