import {
  type FakeVendor,
  moodAnswer,
  posted,
  RETRY_AFTER_S,
} from "#adapters/channels/fakes/vendor.ts";

const BOT_TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
const SECRET_TOKEN = "secret_token-of-the-webhook";
const CHAT = 1_111_111;

export function fakeTelegram(): FakeVendor {
  const update = (number: number, more: object) =>
    posted(
      { update_id: 10_000 + number, ...more },
      { "X-Telegram-Bot-Api-Secret-Token": SECRET_TOKEN },
    );
  const message = (number: number, nowMs: number, more: object) => ({
    message_id: number,
    date: Math.floor(nowMs / 1_000),
    chat: { id: CHAT, type: "private", first_name: "Otter" },
    from: { id: CHAT, is_bot: false, first_name: "Otter", language_code: "en" },
    ...more,
  });
  const vendor: FakeVendor = {
    config: (apiUrl) => ({ botToken: BOT_TOKEN, secretToken: SECRET_TOKEN, apiUrl }),
    conversation: String(CHAT),
    signs: { body: false, time: false },
    heard: [],
    strangers: 0,
    mood: "well",
    retryAfterS: RETRY_AFTER_S,
    says: async ({ text, id = 1 }, nowMs) => update(id, { message: message(id, nowMs, { text }) }),
    noise: async (nowMs) => [
      update(904, { callback_query: { id: "1", from: { id: CHAT }, message: { chat: "gone" } } }),
      update(900, { edited_message: message(900, nowMs, { text: "edited" }) }),
      update(901, { my_chat_member: { chat: { id: CHAT } } }),
      update(902, { message: message(902, nowMs, { new_chat_title: "Otters" }) }),
      update(903, {
        message: message(903, nowMs, {
          text: "beep",
          from: { id: 7, is_bot: true, first_name: "Bot" },
        }),
      }),
    ],
    async answer(request) {
      const path = new URL(request.url).pathname;
      if (path !== `/bot${BOT_TOKEN}/sendMessage`) {
        vendor.strangers++;
        return Response.json(
          { ok: false, error_code: 401, description: "Unauthorized" },
          { status: 401 },
        );
      }
      const description = "Too Many Requests: retry later";
      const busy = {
        ok: false,
        error_code: 429,
        description,
        parameters: { retry_after: vendor.retryAfterS },
      };
      const trouble = moodAnswer(vendor, busy);
      if (trouble !== null) {
        // The real one says it in the body alone.
        trouble.headers.delete("Retry-After");
        return trouble;
      }
      const said = (await request.json()) as { chat_id: number; text: string };
      if (vendor.mood === "refusing" || said.chat_id !== CHAT || said.text === "")
        return Response.json(
          { ok: false, error_code: 400, description: "Bad Request: chat not found" },
          { status: 400 },
        );
      vendor.heard.push({ conversation: String(said.chat_id), text: said.text });
      return Response.json({ ok: true, result: { message_id: 500 + vendor.heard.length } });
    },
  };
  return vendor;
}
