import { createCipheriv, createHash, randomBytes } from "node:crypto";
import {
  type FakeVendor,
  moodAnswer,
  type VendorCall,
  RETRY_AFTER_S,
} from "#adapters/channels/fakes/vendor.ts";

const CORP_ID = "wx5823bf96d3bd56c7";
const AGENT_ID = "218";
const SECRET = "fake-secret-of-the-app";
const TOKEN = "QDG6eK";
const ENCODING_AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const MEMBER = "otter";

export function fakeWecom(): FakeVendor {
  const key = Buffer.from(`${ENCODING_AES_KEY}=`, "base64");
  const sealed = (text: string): string => {
    const said = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(said.length);
    const plain = Buffer.concat([randomBytes(16), length, said, Buffer.from(CORP_ID)]);
    const pad = 32 - (plain.length % 32);
    const cipher = createCipheriv("aes-256-cbc", key, key.subarray(0, 16)).setAutoPadding(false);
    const padded = Buffer.concat([plain, Buffer.alloc(pad, pad)]);
    return Buffer.concat([cipher.update(padded), cipher.final()]).toString("base64");
  };
  const queryOf = (cipherText: string, nowMs: number) => {
    const [timestamp, nonce] = [String(Math.floor(nowMs / 1_000)), "1597212914"];
    const parts = [TOKEN, timestamp, nonce, cipherText].toSorted().join("");
    return { msg_signature: createHash("sha1").update(parts).digest("hex"), timestamp, nonce };
  };
  const signed = (inner: string, nowMs: number): VendorCall => {
    const cipherText = sealed(inner);
    return {
      method: "POST",
      query: `?${new URLSearchParams(queryOf(cipherText, nowMs)).toString()}`,
      headers: { "Content-Type": "text/xml" },
      body: `<xml><ToUserName><![CDATA[${CORP_ID}]]></ToUserName><Encrypt><![CDATA[${cipherText}]]></Encrypt><AgentID><![CDATA[${AGENT_ID}]]></AgentID></xml>`,
    };
  };
  const message = (nowMs: number, kind: string, more: string) =>
    `<xml><ToUserName><![CDATA[${CORP_ID}]]></ToUserName><FromUserName><![CDATA[${MEMBER}]]></FromUserName><CreateTime>${Math.floor(nowMs / 1_000)}</CreateTime><MsgType><![CDATA[${kind}]]></MsgType>${more}<AgentID>${AGENT_ID}</AgentID></xml>`;
  let token = "none";
  let given = 0;
  const vendor: FakeVendor = {
    config: (apiUrl) => ({
      corpId: CORP_ID,
      agentId: AGENT_ID,
      secret: SECRET,
      token: TOKEN,
      encodingAesKey: ENCODING_AES_KEY,
      apiUrl,
    }),
    conversation: MEMBER,
    signs: { body: true, time: true },
    heard: [],
    strangers: 0,
    mood: "well",
    retryAfterS: RETRY_AFTER_S,
    says: async ({ text, id = 1 }, nowMs) =>
      signed(
        message(
          nowMs,
          "text",
          `<Content><![CDATA[${text}]]></Content><MsgId>${700_000 + id}</MsgId>`,
        ),
        nowMs,
      ),
    noise: async (nowMs) => [
      signed(message(nowMs, "event", "<Event><![CDATA[enter_agent]]></Event>"), nowMs),
    ],
    greets: async (nowMs) => {
      const echostr = sealed("1616140317555161061");
      const query = `?${new URLSearchParams({ ...queryOf(echostr, nowMs), echostr }).toString()}`;
      return {
        call: { method: "GET", query, headers: {}, body: "" },
        hears: "1616140317555161061",
      };
    },
    async answer(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (vendor.mood === "down") return new Response("upstream", { status: 503 });
      if (pathname === "/cgi-bin/gettoken") {
        if (searchParams.get("corpid") !== CORP_ID || searchParams.get("corpsecret") !== SECRET) {
          vendor.strangers++;
          return Response.json({ errcode: 40_001, errmsg: "invalid credential" });
        }
        token = `token ${++given}`;
        return Response.json({ errcode: 0, errmsg: "ok", access_token: token, expires_in: 7_200 });
      }
      if (searchParams.get("access_token") !== token)
        return Response.json({ errcode: 42_001, errmsg: "access_token expired" });
      if (vendor.mood === "busy")
        return Response.json({ errcode: 45_009, errmsg: "api freq out of limit" });
      const trouble = moodAnswer(vendor, {});
      if (trouble !== null) return trouble;
      const said = (await request.json()) as {
        touser: string;
        msgtype: string;
        agentid: number;
        text: { content: string };
      };
      if (vendor.mood === "refusing" || said.touser !== MEMBER || said.agentid !== Number(AGENT_ID))
        return Response.json({ errcode: 81_013, errmsg: "user & party & tag all invalid" });
      vendor.heard.push({ conversation: said.touser, text: said.text.content });
      return Response.json({ errcode: 0, errmsg: "ok", msgid: "msg-1" });
    },
    endTokens: () => {
      token = "none";
    },
  };
  return vendor;
}
