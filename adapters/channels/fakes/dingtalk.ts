import { createHmac } from "node:crypto";
import {
  type FakeVendor,
  moodAnswer,
  posted,
  RETRY_AFTER_S,
} from "#adapters/channels/fakes/vendor.ts";

const APP_KEY = "dingfakeappkey";
const APP_SECRET = "fake-app-secret-of-dingtalk";
const GROUP = "cid1+dPH/0LUVUSBFDIcYjYSA==";

export function fakeDingtalk(): FakeVendor {
  const signed = (body: object, nowMs: number) => {
    const stamp = String(nowMs);
    const mac = createHmac("sha256", APP_SECRET).update(`${stamp}\n${APP_SECRET}`).digest("base64");
    return posted(body, { timestamp: stamp, sign: mac });
  };
  const message = (number: number, nowMs: number, more: object) => ({
    conversationId: GROUP,
    conversationType: "2",
    msgId: `msg${number}==`,
    senderNick: "Otter",
    senderStaffId: "staff1",
    senderId: "$:LWCP_v1:$abc",
    createAt: nowMs,
    chatbotUserId: "$:LWCP_v1:$bot",
    ...more,
  });
  let token = "none";
  let given = 0;
  const vendor: FakeVendor = {
    config: (apiUrl) => ({ appKey: APP_KEY, appSecret: APP_SECRET, apiUrl }),
    conversation: `g/${GROUP}`,
    signs: { body: false, time: true },
    heard: [],
    strangers: 0,
    mood: "well",
    retryAfterS: RETRY_AFTER_S,
    says: async ({ text, id = 1 }, nowMs) =>
      signed(message(id, nowMs, { msgtype: "text", text: { content: ` ${text}` } }), nowMs),
    noise: async (nowMs) => [
      signed(message(900, nowMs, { msgtype: "text", text: { content: " " } }), nowMs),
    ],
    async answer(request) {
      const { pathname } = new URL(request.url);
      if (vendor.mood === "down") return new Response("upstream", { status: 503 });
      if (pathname === "/v1.0/oauth2/accessToken") {
        const asked = (await request.json()) as { appKey: string; appSecret: string };
        if (asked.appKey !== APP_KEY || asked.appSecret !== APP_SECRET) {
          vendor.strangers++;
          return Response.json(
            { code: "invalidClientIdOrSecret", message: "bad" },
            { status: 400 },
          );
        }
        token = `token-${++given}`;
        return Response.json({ accessToken: token, expireIn: 7_200 });
      }
      if (request.headers.get("x-acs-dingtalk-access-token") !== token)
        return Response.json({ code: "InvalidAuthentication", message: "ended" }, { status: 401 });
      const trouble = moodAnswer(vendor, { code: "Throttling", message: "too fast" });
      if (trouble !== null) return trouble;
      const said = (await request.json()) as {
        robotCode: string;
        msgKey: string;
        msgParam: string;
        openConversationId: string;
      };
      const isAsWanted =
        pathname === "/v1.0/robot/groupMessages/send" && said.msgKey === "sampleText";
      if (vendor.mood === "refusing" || !isAsWanted || said.openConversationId !== GROUP)
        return Response.json(
          { code: "invalidParameter.openConversationId", message: "no" },
          { status: 400 },
        );
      const { content } = JSON.parse(said.msgParam) as { content: string };
      vendor.heard.push({ conversation: `g/${said.openConversationId}`, text: content });
      return Response.json({ processQueryKey: "key1" });
    },
    endTokens: () => {
      token = "none";
    },
  };
  return vendor;
}
