import { z } from "zod";
import {
  type Face,
  type InboundRequest,
  jsonReply,
  NOT_SIGNED,
  type Received,
  type Said,
  storable,
} from "#domain/channels/face.ts";
import type { ConfigOf } from "#domain/channels/kinds.ts";
import { isNear, signedBytes, wholeNumber } from "#domain/channels/verify.ts";
import { parseJson } from "#domain/shared/parse.ts";
import { err, ok } from "#domain/shared/result.ts";
import type { Egress } from "#adapters/egress.ts";
import { callJson, reasonOf } from "#adapters/channels/calling.ts";

/** Discord's interactions (Ed25519 over timestamp and body) and `POST /channels/{id}/messages`. */
const API = "https://discord.com/api/v10";
const OLD_MS = 300_000;

const PING = 1;
const COMMAND = 2;
/** Answers of ours: PONG, and a message that only its asker sees. */
const PONG = { type: 1 };
const HEARD = { type: 4, data: { content: "…", flags: 64 } };
const NONCE_CHARS = 25;

const id = z.string().regex(/^\d{1,20}$/);
const user = z.object({ id, username: z.string().optional(), global_name: z.string().nullish() });
const option = z.object({
  name: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]).optional(),
});
const interaction = z.object({
  type: z.int(),
  id: id.optional(),
  channel_id: id.optional(),
  member: z.object({ user }).optional(),
  user: user.optional(),
  data: z
    .object({ name: z.string().optional(), options: z.array(option).max(25).optional() })
    .optional(),
});

export function discord(config: ConfigOf<"discord">, call: Egress): Face {
  const api = config.apiUrl ?? API;

  async function isSigned({ header, body }: InboundRequest, nowMs: number): Promise<boolean> {
    const stamp = header("X-Signature-Timestamp");
    const signature = header("X-Signature-Ed25519") ?? "";
    if (!isNear(wholeNumber(stamp) * 1_000, nowMs, OLD_MS)) return false;
    if (!/^[0-9a-fA-F]{128}$/.test(signature)) return false;
    const raw = bytesOfHex(config.publicKey);
    const key = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
    const signed = signedBytes(stamp ?? "", body);
    return await crypto.subtle.verify("Ed25519", key, bytesOfHex(signature), signed);
  }

  return {
    async receive(request, nowMs) {
      if (!(await isSigned(request, nowMs))) return err(NOT_SIGNED);
      const read = parseJson(request.body, interaction);
      if (!read.ok) return read;
      if (read.value.type === PING) return ok<Received>({ reply: jsonReply(PONG), said: [] });
      const said = saidIn(read.value, nowMs);
      return ok<Received>({ reply: jsonReply(HEARD), said: said === null ? [] : [said] });
    },

    async send({ id: own, conversation, text }, nowMs) {
      const asked = await callJson(
        call,
        {
          url: `${api}/channels/${encodeURIComponent(conversation)}/messages`,
          headers: { Authorization: `Bot ${config.botToken}` },
          body: {
            content: text,
            // A text from elsewhere calls nobody; the same nonce again is the same message.
            allowed_mentions: { parse: [] },
            nonce: own.slice(-NONCE_CHARS),
            enforce_nonce: true,
          },
        },
        z.object({ id: z.string().optional(), message: z.string().optional() }),
        nowMs,
      );
      if (!asked.ok) return asked.error;
      const { value, answer } = asked.value;
      if (answer.status < 300) return { kind: "sent", vendorId: value?.id ?? null };
      return { kind: "refused", reason: reasonOf("discord:", answer.status, value?.message) };
    },
  };
}

/** A channel is a conversation. What is said is a command's texts, or its name where it has none. */
function saidIn(one: z.infer<typeof interaction>, nowMs: number): Said | null {
  const asker = one.member?.user ?? one.user;
  if (one.type !== COMMAND || one.id === undefined || one.channel_id === undefined) return null;
  if (asker === undefined) return null;
  const values = (one.data?.options ?? []).flatMap(({ value }) => value ?? []).map(String);
  const text = values.length > 0 ? values.join(" ") : `/${one.data?.name ?? ""}`;
  const name = asker.global_name ?? asker.username;
  return {
    id: one.id,
    conversation: one.channel_id,
    from: { id: asker.id, name: name === undefined ? null : storable(name).slice(0, 200) },
    text: storable(text),
    attachments: [],
    saidAtMs: nowMs,
  };
}

const bytesOfHex = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
