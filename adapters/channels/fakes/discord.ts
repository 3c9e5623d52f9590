import { generateKeyPairSync, sign } from "node:crypto";
import {
  type FakeVendor,
  moodAnswer,
  posted,
  RETRY_AFTER_S,
} from "#adapters/channels/fakes/vendor.ts";

const BOT_TOKEN = "MTk4NjIy.fake.token";
const CHANNEL = "41771983423143937";

export function fakeDiscord(): FakeVendor {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  // The last 32 bytes of its DER are the key itself.
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  const signed = (body: object, nowMs: number) => {
    const text = JSON.stringify(body);
    const stamp = String(Math.floor(nowMs / 1_000));
    const signature = sign(null, Buffer.from(stamp + text), privateKey).toString("hex");
    return posted(text, { "X-Signature-Ed25519": signature, "X-Signature-Timestamp": stamp });
  };
  const nonces = new Set<string>();
  const vendor: FakeVendor = {
    config: (apiUrl) => ({ publicKey: raw.toString("hex"), botToken: BOT_TOKEN, apiUrl }),
    conversation: CHANNEL,
    signs: { body: true, time: true },
    heard: [],
    strangers: 0,
    mood: "well",
    retryAfterS: RETRY_AFTER_S,
    says: async ({ text, id = 1 }, nowMs) =>
      signed(
        {
          type: 2,
          id: String(8_000_000 + id),
          channel_id: CHANNEL,
          member: { user: { id: "53908232506183680", username: "otter", global_name: "Otter" } },
          data: {
            id: "1",
            name: "ask",
            type: 1,
            options: [{ name: "text", type: 3, value: text }],
          },
        },
        nowMs,
      ),
    noise: async (nowMs) => [
      signed({ type: 3, id: "77", channel_id: CHANNEL, data: { custom_id: "button" } }, nowMs),
    ],
    greets: async (nowMs) => ({
      call: signed({ type: 1, id: "1", application_id: "2" }, nowMs),
      hears: JSON.stringify({ type: 1 }),
    }),
    async answer(request) {
      if (request.headers.get("Authorization") !== `Bot ${BOT_TOKEN}`) {
        vendor.strangers++;
        return Response.json({ message: "401: Unauthorized", code: 0 }, { status: 401 });
      }
      const busy = {
        message: "You are being rate limited.",
        retry_after: vendor.retryAfterS,
        global: false,
      };
      const trouble = moodAnswer(vendor, busy);
      if (trouble !== null) return trouble;
      const channel = /^\/channels\/(\d+)\/messages$/.exec(new URL(request.url).pathname)?.[1];
      const said = (await request.json()) as { content: string; nonce?: string };
      if (vendor.mood === "refusing" || channel !== CHANNEL)
        return Response.json({ message: "Unknown Channel", code: 10_003 }, { status: 404 });
      if (said.nonce === undefined || said.nonce.length > 25)
        return Response.json({ message: "Invalid Form Body", code: 50_035 }, { status: 400 });
      if (!nonces.has(said.nonce)) vendor.heard.push({ conversation: channel, text: said.content });
      nonces.add(said.nonce);
      return Response.json({ id: "9001", channel_id: channel });
    },
  };
  return vendor;
}
