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
import { parseJson } from "#domain/shared/parse.ts";
import { err, ok } from "#domain/shared/result.ts";
import { sameText } from "#domain/shared/text.ts";
import type { Egress } from "#adapters/egress.ts";
import { callJson, reasonOf } from "#adapters/channels/calling.ts";

/** Telegram's Bot API: updates by `setWebhook` with a `secret_token`, answers by `sendMessage`. */
const API = "https://api.telegram.org";

const some = z.object({}).optional();
const PARTS = ["photo", "document", "audio", "voice", "video", "sticker", "location"] as const;
const message = z.object({
  message_id: z.int(),
  message_thread_id: z.int().optional(),
  is_topic_message: z.boolean().optional(),
  date: z.int(),
  chat: z.object({ id: z.int() }),
  from: z
    .object({
      id: z.int(),
      is_bot: z.boolean().optional(),
      first_name: z.string().optional(),
      last_name: z.string().optional(),
      username: z.string().optional(),
    })
    .optional(),
  text: z.string().optional(),
  caption: z.string().optional(),
  photo: z.array(z.unknown()).max(100).optional(),
  document: some,
  audio: some,
  voice: some,
  video: some,
  sticker: some,
  location: some,
});
const update = z.object({ update_id: z.int(), message: message.optional() });

const told = z.object({
  ok: z.boolean(),
  description: z.string().optional(),
  result: z.object({ message_id: z.int() }).optional(),
});

export function telegram(config: ConfigOf<"telegram">, call: Egress): Face {
  const api = config.apiUrl ?? API;
  return {
    async receive({ header, body }) {
      const token = header("X-Telegram-Bot-Api-Secret-Token") ?? "";
      if (!sameText(token, config.secretToken)) return err(NOT_SIGNED);
      const read = parseJson(body, update);
      if (!read.ok) return read;
      const said = read.value.message === undefined ? null : saidIn(read.value.message);
      return ok<Received>({ reply: jsonReply(), said: said === null ? [] : [said] });
    },

    async send({ conversation, text }, nowMs) {
      const [chat = "", topic] = conversation.split("/", 2);
      const thread = topic === undefined ? {} : { message_thread_id: Number(topic) };
      // A chat of a name (`@channel`) is named so.
      const chatId = /^-?\d{1,15}$/.test(chat) ? Number(chat) : chat;
      const asked = await callJson(
        call,
        {
          url: `${api}/bot${config.botToken}/sendMessage`,
          body: { chat_id: chatId, text, ...thread },
        },
        told,
        nowMs,
      );
      if (!asked.ok) return asked.error;
      const { value, answer } = asked.value;
      if (value?.ok === true && value.result !== undefined)
        return { kind: "sent", vendorId: String(value.result.message_id) };
      const reason = reasonOf("telegram:", answer.status, value?.description);
      return { kind: "refused", reason };
    },
  };
}

/** A chat is a conversation, and so is each topic of a forum. A message's number is its chat's own, and never changes. */
function saidIn(one: z.infer<typeof message>): Said | null {
  const { message_id: number, chat, from, date, caption } = one;
  if (from?.is_bot === true) return null;
  const text = storable(one.text ?? caption ?? "");
  const attachments = PARTS.filter((part) => one[part] !== undefined).map((kind) => ({
    kind,
    name: null,
  }));
  if (text === "" && attachments.length === 0) return null;
  const topic = one.is_topic_message === true ? one.message_thread_id : undefined;
  const named = [from?.first_name, from?.last_name].filter((part) => part !== undefined).join(" ");
  const name = named === "" ? from?.username : named;
  return {
    id: `${chat.id} ${number}`,
    conversation: topic === undefined ? String(chat.id) : `${chat.id}/${topic}`,
    from: {
      id: String(from?.id ?? chat.id),
      name: name === undefined ? null : storable(name).slice(0, 200),
    },
    text,
    attachments,
    saidAtMs: date * 1_000,
  };
}
