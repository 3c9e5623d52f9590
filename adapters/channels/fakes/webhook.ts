import { Webhook } from "standardwebhooks";
import {
  type FakeVendor,
  moodAnswer,
  posted,
  RETRY_AFTER_S,
} from "#adapters/channels/fakes/vendor.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const CONVERSATION = "ticket-17";

/** Any program: both ways it verifies with the specification's own library. */
export function fakeWebhook(): FakeVendor {
  const hook = new Webhook(SECRET);
  const signed = (body: object, id: string, nowMs: number) => {
    const text = JSON.stringify(body);
    const at = new Date(nowMs);
    return posted(text, {
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(nowMs / 1_000)),
      "webhook-signature": hook.sign(id, at, text),
    });
  };
  const vendor: FakeVendor = {
    config: (url) => ({ url: `${url}/hook`, secret: SECRET }),
    conversation: CONVERSATION,
    signs: { body: true, time: true },
    heard: [],
    strangers: 0,
    mood: "well",
    retryAfterS: RETRY_AFTER_S,
    says: async ({ text, id = 1 }, nowMs) => {
      const data = { conversationId: CONVERSATION, text, from: { id: "u1", name: "Otter" } };
      return signed(
        { type: "message", timestamp: new Date(nowMs).toISOString(), data },
        `m${id}`,
        nowMs,
      );
    },
    noise: async () => [],
    async answer(request) {
      const trouble = moodAnswer(vendor, {});
      if (trouble !== null) return trouble;
      const body = await request.text();
      try {
        const said = hook.verify(body, Object.fromEntries(request.headers)) as {
          type: string;
          data: { conversationId: string; text: string };
        };
        if (vendor.mood === "refusing") return new Response("no", { status: 422 });
        vendor.heard.push({ conversation: said.data.conversationId, text: said.data.text });
        return new Response(null, { status: 204 });
      } catch {
        vendor.strangers++;
        return new Response("who are you", { status: 401 });
      }
    },
  };
  return vendor;
}
