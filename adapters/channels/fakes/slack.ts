import { createHmac } from "node:crypto";
import {
  type FakeVendor,
  moodAnswer,
  posted,
  type VendorCall,
  RETRY_AFTER_S,
} from "#adapters/channels/fakes/vendor.ts";

const SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
const BOT_TOKEN = "xoxb-0000-fake";
const CHANNEL = "C024BE91L";
const THREAD = "1731980000.000100";

export function fakeSlack(): FakeVendor {
  const signed = (body: object, nowMs: number): VendorCall => {
    const text = JSON.stringify(body);
    const stamp = String(Math.floor(nowMs / 1_000));
    const mac = createHmac("sha256", SIGNING_SECRET).update(`v0:${stamp}:${text}`).digest("hex");
    return posted(text, {
      "X-Slack-Request-Timestamp": stamp,
      "X-Slack-Signature": `v0=${mac}`,
    });
  };
  const event = (more: object, nowMs: number) =>
    signed({ type: "event_callback", event_id: `Ev${nowMs}`, team_id: "T1", event: more }, nowMs);
  const base = { type: "message", channel: CHANNEL, channel_type: "channel", thread_ts: THREAD };
  const vendor: FakeVendor = {
    config: (apiUrl) => ({ signingSecret: SIGNING_SECRET, botToken: BOT_TOKEN, apiUrl }),
    conversation: `${CHANNEL}/${THREAD}`,
    signs: { body: true, time: true },
    heard: [],
    strangers: 0,
    mood: "well",
    retryAfterS: RETRY_AFTER_S,
    says: async ({ text, id = 200 }, nowMs) =>
      event(
        { ...base, user: "U2147483697", text, ts: `1731980000.${String(id).padStart(6, "0")}` },
        nowMs,
      ),
    noise: async (nowMs) => [
      event({ ...base, bot_id: "B1", user: "U1", text: "I am a bot", ts: "1731980001.1" }, nowMs),
      event(
        { ...base, subtype: "channel_join", user: "U1", text: "joined", ts: "1731980002.1" },
        nowMs,
      ),
      event({ type: "reaction_added", user: "U1" }, nowMs),
      event({ type: "team_join", user: { id: "U2", name: "otter" } }, nowMs),
      event({ type: "channel_created", channel: { id: "C2", name: "river", created: 1 } }, nowMs),
      signed({ type: "app_rate_limited" }, nowMs),
    ],
    greets: async (nowMs) => ({
      call: signed({ type: "url_verification", token: "old", challenge: "3eZbrw1aB" }, nowMs),
      hears: JSON.stringify({ challenge: "3eZbrw1aB" }),
    }),
    async answer(request) {
      if (new URL(request.url).pathname !== "/chat.postMessage")
        return Response.json({ ok: false, error: "unknown_method" });
      const trouble = moodAnswer(vendor, { ok: false, error: "ratelimited" });
      if (trouble !== null) return trouble;
      if (request.headers.get("Authorization") !== `Bearer ${BOT_TOKEN}`) {
        vendor.strangers++;
        return Response.json({ ok: false, error: "invalid_auth" });
      }
      const said = (await request.json()) as { channel: string; text: string; thread_ts?: string };
      if (vendor.mood === "refusing" || said.channel !== CHANNEL)
        return Response.json({ ok: false, error: "channel_not_found" });
      const thread = said.thread_ts === undefined ? "" : `/${said.thread_ts}`;
      vendor.heard.push({ conversation: `${said.channel}${thread}`, text: said.text });
      return Response.json({ ok: true, channel: said.channel, ts: "1731980009.000100" });
    },
  };
  return vendor;
}
