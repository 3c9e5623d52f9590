import { z } from "zod";
import {
  type Face,
  jsonReply,
  NOT_SIGNED,
  type Received,
  storable,
} from "#domain/channels/face.ts";
import type { ConfigOf } from "#domain/channels/kinds.ts";
import { webhookHeaders } from "#domain/delivery/webhook.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { parseJson } from "#domain/shared/parse.ts";
import { err, ok } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";
import type { Egress } from "#adapters/egress.ts";
import { callJson, reasonOf } from "#adapters/channels/calling.ts";
import { isSigned, sentAtMs } from "#adapters/channels/signed.ts";

/** What such a program sends. What it does not know of us it may send too. */
const brought = z.object({
  data: z.object({
    conversationId: text(LIMITS.channelNameCharsMax),
    text: z.string().max(LIMITS.channelTextCharsMax),
    from: z.object({ id: text(LIMITS.channelNameCharsMax), name: text(200).nullish() }).optional(),
  }),
});

export function webhook(config: ConfigOf<"webhook">, call: Egress): Face {
  return {
    async receive(request, nowMs) {
      if (!(await isSigned(config.secret, request, nowMs))) return err(NOT_SIGNED);
      const read = parseJson(request.body, brought);
      if (!read.ok) return read;
      const { conversationId, text: said, from } = read.value.data;
      const id = request.header("webhook-id") ?? "";
      return ok<Received>({
        reply: jsonReply(),
        said: [
          {
            id,
            conversation: conversationId,
            from: { id: from?.id ?? conversationId, name: from?.name ?? null },
            text: storable(said),
            attachments: [],
            saidAtMs: sentAtMs(request),
          },
        ],
      });
    },

    async send({ id, conversation, text: said }, nowMs) {
      const timestamp = new Date(nowMs).toISOString();
      const data = { conversationId: conversation, text: said };
      const body = { type: "channel.message", timestamp, data };
      const headers = await webhookHeaders([config.secret], id, nowMs, JSON.stringify(body));
      const asked = await callJson(call, { url: config.url, headers, body }, z.unknown(), nowMs);
      if (!asked.ok) return asked.error;
      const { status } = asked.value.answer;
      return status < 300
        ? { kind: "sent", vendorId: null }
        : { kind: "refused", reason: reasonOf("the webhook answered", status) };
    },
  };
}
