import { createHash } from "node:crypto";
import PostalMime from "postal-mime";
import { Webhook } from "standardwebhooks";
import { type FakeVendor, moodAnswer, RETRY_AFTER_S } from "#adapters/channels/fakes/vendor.ts";

const SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
export const AGENT = "otter@river.example";
export const PERSON = "grete@tides.example";
const SERVER = "mx.river.example";
const ROOT = "<root.1@tides.example>";
const NOT_ASCII = /[^\r\n\t -~]/;

type MailParts = {
  text: string;
  id: string;
  headers?: Record<string, string>;
  /** What the server that takes it in found out. */
  results?: string;
  server?: string;
  from?: string;
};

/** A mail as a server hands it on: its own trace on top, then what came. */
export function receivedMail(nowMs: number, parts: MailParts): string {
  const { text, id, headers = {}, server = SERVER, from = `"Grete H." <${PERSON}>` } = parts;
  const domain = PERSON.split("@")[1];
  const passed = `dkim=pass header.d=${domain} header.s=20251104 header.b=L6CZ3OJ0;\r\n\tdmarc=pass header.from=${domain} policy.dmarc=none;\r\n\tspf=pass (${server}: domain of ${PERSON} designates 192.0.2.7 as permitted sender) smtp.mailfrom=${PERSON}`;
  const encoded =
    Buffer.from(text)
      .toString("base64")
      .match(/.{1,76}/g) ?? [];
  const lines = [
    `Received: from mail.${domain} (192.0.2.7)\r\n        by ${server} id GY1KdjWjOU9O\r\n        for <${AGENT}>; ${new Date(nowMs).toUTCString()}`,
    `Authentication-Results: ${server};\r\n\t${parts.results ?? passed}`,
    `Received: by mail.${domain} with SMTP id 00721157ae682`,
    `Message-ID: ${id}`,
    `Date: ${new Date(nowMs).toUTCString().replace("GMT", "+0000")}`,
    `From: ${from}`,
    `To: <${AGENT}>`,
    "Subject: =?utf-8?Q?Otters_=E6=B0=B4=E7=8D=BA?=",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(headers["Content-Type"] === undefined ? ["Content-Type: text/plain; charset=utf-8"] : []),
    "MIME-Version: 1.0",
    "Content-Transfer-Encoding: base64",
    "",
    ...encoded,
    "",
  ];
  return lines.join("\r\n");
}

/** The conversation that a person's mail about this one is in. */
export const conversationOf = (root: string): string =>
  `${PERSON}/${createHash("sha256").update(root).digest("hex").slice(0, 20)}`;

/** A mail server of one's own: it signs with the specification's library, and reads what it is sent as people would. */
export function fakeEmail(): FakeVendor {
  const hook = new Webhook(SECRET);
  const signed = (body: string, id: string, nowMs: number) => ({
    method: "POST" as const,
    query: "",
    headers: {
      "Content-Type": "message/rfc822",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(nowMs / 1_000)),
      "webhook-signature": hook.sign(id, new Date(nowMs), body),
    },
    body,
  });
  /** The newest mail of the person that was read here, which the agent's answer answers. */
  const last = "<m1@tides.example>";
  const vendor: FakeVendor = {
    config: (url) => ({
      relayUrl: `${url}/mail`,
      address: AGENT,
      authservId: SERVER,
      secret: SECRET,
    }),
    conversation: conversationOf(ROOT),
    thread: JSON.stringify({
      to: PERSON,
      subject: "Otters 水獺",
      inReplyTo: last,
      references: [ROOT],
    }),
    signs: { body: true, time: true },
    heard: [],
    strangers: 0,
    mood: "well",
    retryAfterS: RETRY_AFTER_S,
    says: async ({ text, id = 1 }, nowMs) => {
      const headers = { References: ROOT, "In-Reply-To": ROOT };
      const mail = receivedMail(nowMs, { text, id: `<m${id}@tides.example>`, headers });
      return signed(mail, `mail_${id}`, nowMs);
    },
    noise: async (nowMs) => {
      const all: Record<string, string>[] = [
        { "Auto-Submitted": "auto-replied" },
        { Precedence: "bulk" },
        { "List-Id": "Otters <otters.tides.example>" },
        { "Return-Path": "<>" },
        { "Content-Type": "multipart/report; report-type=delivery-status; boundary=x" },
        { "X-Auto-Response-Suppress": "All" },
      ];
      return all.map((headers, i) =>
        signed(
          receivedMail(nowMs, { text: "I am away.", id: `<n${i}@tides.example>`, headers }),
          `noise_${i}`,
          nowMs,
        ),
      );
    },
    async answer(request) {
      const trouble = moodAnswer(vendor, {});
      if (trouble !== null) return trouble;
      const raw = new TextDecoder().decode(await request.arrayBuffer());
      try {
        hook.verify(raw, Object.fromEntries(request.headers), { jsonParse: false });
      } catch {
        vendor.strangers++;
        return new Response("who are you", { status: 401 });
      }
      const wrong = await wrongIn(raw, request);
      if (vendor.mood === "refusing" || wrong !== null)
        return new Response(wrong ?? "550 no such mailbox", { status: 422 });
      const mail = await PostalMime.parse(raw);
      const [root = ""] = (mail.references ?? "").split(/\s+/);
      const text = (mail.text ?? "").replaceAll("\r\n", "\n").replace(/\n$/, "");
      vendor.heard.push({ conversation: conversationOf(root), text });
      return new Response(null, { status: 202 });
    },
  };
  return vendor;
}

/** What a strict server does not take (RFC 5322, RFC 5321 4.5.3.1.6), and what would be no answer, or set off another. */
async function wrongIn(raw: string, request: Request): Promise<string | null> {
  if (request.headers.get("Content-Type") !== "message/rfc822") return "no mail";
  if (NOT_ASCII.test(raw)) return "not in ASCII";
  if (/[^\r]\n|\r[^\n]/.test(raw)) return "a line ends otherwise than with CRLF";
  if (raw.split("\r\n").some((line) => line.length > 998)) return "a line is too long";
  const mail = await PostalMime.parse(raw);
  const header = (key: string) => mail.headers.filter((one) => one.key === key);
  for (const key of ["date", "from", "to", "subject", "message-id", "mime-version"])
    if (header(key).length !== 1) return `${key} is not there once`;
  if (mail.from?.address !== AGENT || mail.from.name === "") return "from somebody else";
  if (mail.to?.length !== 1 || mail.to[0]?.address !== PERSON) return "to somebody else";
  if (Number.isNaN(Date.parse(mail.date ?? ""))) return "at no time";
  if (!/^<cm_\w+@river\.example>$/.test(mail.messageId ?? "")) return "without an id of its own";
  const ids = (mail.references ?? "").split(/\s+/);
  if (mail.inReplyTo === undefined || ids.at(-1) !== mail.inReplyTo) return "an answer to nothing";
  if (!(mail.subject ?? "").startsWith("Re: ")) return "about something else";
  return header("auto-submitted")[0]?.value === "auto-replied" ? null : "said to be a person's";
}
