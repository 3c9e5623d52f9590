import { z } from "zod";
import {
  type Face,
  NOT_SIGNED,
  type Received,
  type Reply,
  type Said,
  storable,
} from "#domain/channels/face.ts";
import { flatXml } from "#domain/channels/flat-xml.ts";
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
import { err, ok } from "#domain/shared/result.ts";
import { sameText } from "#domain/shared/text.ts";
import type { Egress } from "#adapters/egress.ts";
import { callJson, reasonOf, tokens, withToken } from "#adapters/channels/calling.ts";

/** WeCom's callbacks of an app (msg_signature, AES under EncodingAESKey) and `cgi-bin/message/send`. */
const API = "https://qyapi.weixin.qq.com";
const OLD_MS = 3_600_000;
const IV_BYTES = 16;
/** It pads to 32 bytes, and puts 16 random ones and a length before what it says. */
const PAD_BLOCK = 32;
const RANDOM_BYTES = 16;
const LENGTH_BYTES = 4;
/** Twice what it gives to anything. */
const ID_CHARS_MAX = 128;

const BUSY: ReadonlySet<number> = new Set([-1, 45_009, 45_033]);
const TOKEN_OVER: ReadonlySet<number> = new Set([40_014, 42_001]);

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const textReply = (body: string): Reply => ({ status: 200, contentType: "text/plain", body });

const told = z.object({
  errcode: z.int(),
  errmsg: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.int().optional(),
  msgid: z.string().optional(),
});

export function wecom(config: ConfigOf<"wecom">, call: Egress, held = tokens()): Face {
  const api = config.apiUrl ?? API;

  return {
    async receive({ method, query, body }, nowMs) {
      if (method === "GET") {
        const echo = await opened(config, query, query["echostr"] ?? "", nowMs);
        return echo === null ? err(NOT_SIGNED) : ok<Received>({ reply: textReply(echo), said: [] });
      }
      const sealed = flatXml(textIn(body) ?? "")?.get("Encrypt");
      const inner = sealed === undefined ? null : await opened(config, query, sealed, nowMs);
      if (inner === null) return err(NOT_SIGNED);
      const fields = flatXml(inner);
      if (fields === null)
        return err({
          code: "invalid-request",
          errors: [{ pointer: "", detail: "is not the XML of a callback" }],
        });
      const said = saidIn(fields, nowMs);
      return ok<Received>({ reply: textReply("success"), said: said === null ? [] : [said] });
    },

    send: ({ conversation, text }, nowMs) =>
      withToken(
        held,
        nowMs,
        () => tokenOf(call, api, config, nowMs),
        async (token) => {
          const asked = await callJson(
            call,
            {
              url: `${api}/cgi-bin/message/send?access_token=${encodeURIComponent(token)}`,
              body: {
                touser: conversation,
                msgtype: "text",
                agentid: Number(config.agentId),
                text: { content: text },
              },
            },
            told,
            nowMs,
          );
          if (!asked.ok) return asked.error;
          const { value, answer } = asked.value;
          if (value?.errcode === 0) return { kind: "sent", vendorId: value.msgid ?? null };
          if (value !== null && TOKEN_OVER.has(value.errcode)) return "token-over";
          return notSent(value?.errcode ?? answer.status, value?.errmsg);
        },
      ),
  };
}

/** What was sealed for this company, once it is seen that the vendor signed it lately. */
async function opened(
  config: ConfigOf<"wecom">,
  query: Readonly<Record<string, string>>,
  sealed: string,
  nowMs: number,
): Promise<string | null> {
  const { msg_signature: signature = "", timestamp = "", nonce = "" } = query;
  if (!isNear(wholeNumber(timestamp) * 1_000, nowMs, OLD_MS)) return null;
  const parts = [config.token, timestamp, nonce, sealed].toSorted();
  const digest = await digestHex("SHA-1", signedBytes(...parts));
  if (!sameText(signature, digest)) return null;
  const key = base64In(`${config.encodingAesKey}=`);
  const bytes = base64In(sealed);
  if (key === null || bytes === null) return null;
  const plain = await aesCbcOpen(key, key.slice(0, IV_BYTES), bytes);
  const inner = plain === null ? null : unpadded(plain, PAD_BLOCK);
  if (inner === null || inner.length < RANDOM_BYTES + LENGTH_BYTES) return null;
  const from = RANDOM_BYTES + LENGTH_BYTES;
  const view = new DataView(inner.buffer, inner.byteOffset, inner.byteLength);
  const to = from + view.getUint32(RANDOM_BYTES);
  const said = textIn(inner.subarray(from, to));
  return to <= inner.length && textIn(inner.subarray(to)) === config.corpId ? said : null;
}

async function tokenOf(call: Egress, api: string, config: ConfigOf<"wecom">, nowMs: number) {
  const query = new URLSearchParams({ corpid: config.corpId, corpsecret: config.secret });
  const asked = await callJson(
    call,
    { url: `${api}/cgi-bin/gettoken?${query.toString()}`, method: "GET" },
    told,
    nowMs,
  );
  if (!asked.ok) return asked;
  const { value } = asked.value;
  if (value?.access_token !== undefined)
    return ok({ token: value.access_token, lifeMs: (value.expires_in ?? 0) * 1_000 });
  return err(notSent(value?.errcode, value?.errmsg));
}

function notSent(code: number | undefined, message: string | undefined) {
  const reason = reasonOf("wecom:", code, message);
  return code !== undefined && BUSY.has(code)
    ? { kind: "later" as const, retryAfterMs: null, reason }
    : { kind: "refused" as const, reason };
}

/** What one member says to the app is a conversation. */
function saidIn(fields: ReadonlyMap<string, string>, nowMs: number): Said | null {
  const [kind, from, id] = ["MsgType", "FromUserName", "MsgId"].map((name) => fields.get(name));
  // Events (entered the app, was added to it) have no id and nothing that an agent could answer.
  if (kind === undefined || kind === "event" || !from || !id) return null;
  if (from.length > ID_CHARS_MAX || id.length > ID_CHARS_MAX) return null;
  const isText = kind === "text";
  const seconds = wholeNumber(fields.get("CreateTime") ?? null);
  return {
    id,
    conversation: from,
    from: { id: from, name: null },
    text: storable(isText ? (fields.get("Content") ?? "") : ""),
    attachments: isText ? [] : [{ kind: kind.slice(0, 40), name: null }],
    saidAtMs: Number.isNaN(seconds) ? nowMs : seconds * 1_000,
  };
}

function textIn(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

function base64In(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return bytesOf(text);
  } catch {
    return null;
  }
}
