import { createCipheriv, createHash, randomBytes } from "node:crypto";
import {
  type FakeVendor,
  moodAnswer,
  posted,
  RETRY_AFTER_S,
} from "#adapters/channels/fakes/vendor.ts";

const APP_ID = "cli_fake";
const APP_SECRET = "fake-app-secret";
const ENCRYPT_KEY = "kudryavka";
const VERIFICATION_TOKEN = "fake-verification-token";
const CHAT = "oc_5ad11d72b830411d72b836c20";

export function fakeFeishu(): FakeVendor {
  const sealed = (body: object): string => {
    const iv = randomBytes(16);
    const key = createHash("sha256").update(ENCRYPT_KEY).digest();
    const cipher = createCipheriv("aes-256-cbc", key, iv);
    const bytes = [iv, cipher.update(JSON.stringify(body), "utf8"), cipher.final()];
    return JSON.stringify({ encrypt: Buffer.concat(bytes).toString("base64") });
  };
  const signed = (body: object, nowMs: number) => {
    const text = sealed(body);
    const stamp = String(Math.floor(nowMs / 1_000));
    const nonce = randomBytes(8).toString("hex");
    const signature = createHash("sha256")
      .update(stamp + nonce + ENCRYPT_KEY + text)
      .digest("hex");
    return posted(text, {
      "X-Lark-Request-Timestamp": stamp,
      "X-Lark-Request-Nonce": nonce,
      "X-Lark-Signature": signature,
    });
  };
  const event = (type: string, more: object, nowMs: number) =>
    signed(
      {
        schema: "2.0",
        header: {
          event_id: randomBytes(8).toString("hex"),
          event_type: type,
          create_time: String(nowMs),
          token: VERIFICATION_TOKEN,
          app_id: APP_ID,
          tenant_key: "2ca1d211f64f6438",
        },
        event: more,
      },
      nowMs,
    );
  const message = (number: number, nowMs: number, more: object) => ({
    message_id: `om_${number}`,
    create_time: String(nowMs),
    chat_id: CHAT,
    chat_type: "group",
    ...more,
  });
  const person = {
    sender_id: { open_id: "ou_7d8a6e6df7621556ce0d21922b676706ccs" },
    sender_type: "user",
  };
  let token = "t-first";
  let given = 0;
  const uuids = new Set<string>();
  const vendor: FakeVendor = {
    config: (apiUrl) => ({
      appId: APP_ID,
      appSecret: APP_SECRET,
      encryptKey: ENCRYPT_KEY,
      verificationToken: VERIFICATION_TOKEN,
      apiUrl,
    }),
    conversation: CHAT,
    signs: { body: true, time: true },
    heard: [],
    strangers: 0,
    mood: "well",
    retryAfterS: RETRY_AFTER_S,
    says: async ({ text, id = 1, mentions }, nowMs) =>
      event(
        "im.message.receive_v1",
        {
          sender: person,
          message: message(id, nowMs, {
            message_type: "text",
            content: JSON.stringify({ text }),
            mentions,
          }),
        },
        nowMs,
      ),
    noise: async (nowMs) => [
      event(
        "im.message.message_read_v1",
        { reader: { reader_id: {} }, message_id_list: ["om_1"] },
        nowMs,
      ),
      event("contact.user.updated_v3", { object: { open_id: "ou_1" }, sender: "nobody" }, nowMs),
      event(
        "im.chat.member.bot.added_v1",
        {
          sender: person,
          message: message(900, nowMs, { message_type: "text", content: "{}" }),
        },
        nowMs,
      ),
      event(
        "im.message.receive_v1",
        {
          sender: { ...person, sender_type: "app" },
          message: message(901, nowMs, { message_type: "text", content: '{"text":"beep"}' }),
        },
        nowMs,
      ),
    ],
    greets: async () => ({
      call: posted(
        sealed({
          challenge: "ajls384kdjx98XX",
          token: VERIFICATION_TOKEN,
          type: "url_verification",
        }),
      ),
      hears: JSON.stringify({ challenge: "ajls384kdjx98XX" }),
    }),
    async answer(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (vendor.mood === "down") return new Response("upstream", { status: 503 });
      if (pathname === "/open-apis/auth/v3/tenant_access_token/internal") {
        const asked = (await request.json()) as { app_id: string; app_secret: string };
        if (asked.app_id !== APP_ID || asked.app_secret !== APP_SECRET) {
          vendor.strangers++;
          return Response.json({ code: 10_014, msg: "app secret invalid" });
        }
        token = `t-${++given}`;
        return Response.json({ code: 0, msg: "ok", tenant_access_token: token, expire: 7_200 });
      }
      if (request.headers.get("Authorization") !== `Bearer ${token}`)
        return Response.json({ code: 99_991_663, msg: "Invalid access token" }, { status: 400 });
      const trouble = moodAnswer(vendor, {
        code: 99_991_400,
        msg: "request trigger frequency limit",
      });
      if (trouble !== null) return trouble;
      const said = (await request.json()) as {
        receive_id: string;
        msg_type: string;
        content: string;
        uuid: string;
      };
      const isAsWanted =
        searchParams.get("receive_id_type") === "chat_id" && said.msg_type === "text";
      if (
        vendor.mood === "refusing" ||
        !isAsWanted ||
        said.receive_id !== CHAT ||
        said.uuid.length > 50
      )
        return Response.json(
          { code: 230_002, msg: "Bot/User can NOT be out of the chat." },
          { status: 400 },
        );
      const { text } = JSON.parse(said.content) as { text: string };
      if (!uuids.has(said.uuid)) vendor.heard.push({ conversation: said.receive_id, text });
      uuids.add(said.uuid);
      return Response.json({ code: 0, msg: "success", data: { message_id: "om_answer" } });
    },
    endTokens: () => {
      token = "t-none";
    },
  };
  return vendor;
}
