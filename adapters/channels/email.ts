import PostalMime, { addressParser, type Email } from "postal-mime";
import { z } from "zod";
import {
  type Face,
  jsonReply,
  NOT_SIGNED,
  type Outgoing,
  type Received,
  type Refusal,
  type Said,
  type SendOutcome,
  storable,
} from "#domain/channels/face.ts";
import { textOfHtml } from "#domain/channels/html-text.ts";
import type { ConfigOf } from "#domain/channels/kinds.ts";
import {
  answerHeaders,
  answerSubject,
  automaticBy,
  domainOf,
  isAuthentic,
  mailThread,
  type MailThread,
  mayWrite,
  messageIdsIn,
  rawMail,
  subjectLine,
} from "#domain/channels/mail.ts";
import { webhookHeaders } from "#domain/delivery/webhook.ts";
import { hexOf } from "#domain/shared/bytes.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { log } from "#domain/observability/log.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Egress } from "#adapters/egress.ts";
import { callVendor, reasonOf } from "#adapters/channels/calling.ts";
import type { MailHere } from "#adapters/channels/faces.ts";
import { isSigned } from "#adapters/channels/signed.ts";

/** As whom Cloudflare Email Routing says what it found out about a mail. */
const PLATFORM = "mx.cloudflare.net";
const DEEPEST = 32;
/** Of a mail that has no plain part; more than what is read of it may hold. */
const HTML_CHARS_MAX = 524_288;
const ATTACHMENTS_MAX = 100;
const NAME_CHARS_MAX = 200;
const TYPE_CHARS_MAX = 100;
/** With the conversation's mark it is still a conversation's name. */
const ADDRESS = /^[^\s<>@"(),:;\\]{1,64}@[^\s<>@"(),:;\\]{1,90}$/;
const MARK_CHARS = 20;
/** What a mail says of its own time is believed this far back. */
const DATED_MS = 5 * 86_400_000;

/** Mail, by the installation's mail server or by one of the account's own that speaks Standard Webhooks 1.0. */
export function email(config: ConfigOf<"email">, call: Egress, here: MailHere): Face {
  const { relayUrl, authservId = PLATFORM } = config;
  const address = config.address ?? here.address;

  async function read(raw: Uint8Array, nowMs: number): Promise<Result<Received, Refusal>> {
    const mail = await parsed(raw);
    const from = mail === null ? null : writerOf(mail);
    if (mail === null || from === null) return err(UNREADABLE);
    if (!isAuthentic(mail.headers, authservId, domainOf(from.address))) return err(NOT_AUTHENTIC);
    if (!mayWrite(config.allowedSenders, from.address)) return err(NOT_ALLOWED);
    const by = from.address === address?.toLowerCase() ? "from" : automaticBy(mail.headers);
    if (by !== null) log("info", "mail-not-answered", { by, domain: domainOf(from.address) });
    const said = by === null ? await saidIn(mail, from, raw, nowMs) : null;
    return ok<Received>({ reply: jsonReply(), said: said === null ? [] : [said] });
  }

  async function relayed(url: string, raw: string, id: string, nowMs: number) {
    const signed = await webhookHeaders([config.secret], id, nowMs, raw);
    const headers = { "Content-Type": "message/rfc822", ...signed };
    const asked = await callVendor(call, { url, headers, body: raw }, z.unknown(), nowMs);
    if (!asked.ok) return asked.error;
    const { status } = asked.value.answer;
    return status < 300
      ? ({ kind: "sent", vendorId: null } as const)
      : ({ kind: "refused", reason: reasonOf("the mail server answered", status) } as const);
  }

  return {
    async receive(request, nowMs) {
      if (!(await isSigned(config.secret, request, nowMs))) return err(NOT_SIGNED);
      return await read(request.body, nowMs);
    },
    ...(relayUrl === undefined && { receiveMail: read }),

    async send(message, nowMs) {
      const thread = threadOf(message);
      if (thread === null)
        return { kind: "refused", reason: "nobody wrote in this conversation that is remembered" };
      if (address === null)
        return { kind: "refused", reason: "the channel has no address any more" };
      const mail = {
        id: message.id,
        to: thread.to,
        subject: answerSubject(thread.subject),
        text: message.text,
        headers: answerHeaders(thread),
      };
      if (relayUrl === undefined)
        return await handedOver(here, { ...mail, from: { name: here.name, email: address } });
      const raw = rawMail({ ...mail, from: address, fromName: here.name }, nowMs);
      return await relayed(relayUrl, raw, message.id, nowMs);
    },
  };
}

const refused = (code: Refusal["code"], detail: string): Refusal => ({ code, detail });
const UNREADABLE: Refusal = {
  code: "invalid-request",
  errors: [
    {
      pointer: "",
      detail: "must be a mail (RFC 5322) with one address in From, 1,000 parts at most and 32 deep",
    },
  ],
};
const NOT_AUTHENTIC = refused(
  "unauthenticated",
  "the mail is not known to come from the domain of its From: it must pass DMARC, or where the domain has none, DKIM for that domain",
);
const NOT_ALLOWED = refused("unauthenticated", "the channel takes no mail from this address");

const [LINE_FEED, DASH] = [10, 45];

/** What is read of a mail, as its parser takes its time with each line. Null where it has more parts than anybody sends. */
function readable(raw: Uint8Array): Uint8Array | null {
  let [lines, parts] = [0, 0];
  let at = raw.indexOf(LINE_FEED);
  for (; at !== -1 && lines < LIMITS.mailLinesMax; at = raw.indexOf(LINE_FEED, at + 1)) {
    lines++;
    if (raw[at + 1] === DASH && raw[at + 2] === DASH) parts++;
  }
  return parts > LIMITS.mailPartsMax ? null : raw.subarray(0, at === -1 ? raw.length : at + 1);
}

async function parsed(raw: Uint8Array): Promise<Email | null> {
  const head = readable(raw);
  if (head === null) return null;
  try {
    return await PostalMime.parse(head, {
      maxNestingDepth: DEEPEST,
      maxHeadersSize: LIMITS.mailHeadersBytesMax,
      forceRfc822Attachments: true,
    });
  } catch {
    return null; // what nests deeper, or is no mail
  }
}

/** Who wrote it: null where From is not there once, with one address. */
function writerOf({ headers }: Email): { name: string; address: string } | null {
  const [from, ...others] = headers.filter(({ key }) => key === "from");
  if (from === undefined || others.length > 0) return null;
  const [only, ...more] = addressParser(from.value);
  if (only?.address === undefined || more.length > 0) return null;
  const address = only.address.toLowerCase();
  return ADDRESS.test(address) ? { name: only.name, address } : null;
}

async function saidIn(
  mail: Email,
  { name, address }: { name: string; address: string },
  raw: Uint8Array,
  nowMs: number,
): Promise<Said | null> {
  const subject = subjectLine(mail.subject ?? "");
  const shown = mail.text ?? textOfHtml((mail.html ?? "").slice(0, HTML_CHARS_MAX));
  const text = storable(shown).trim();
  const attachments = mail.attachments.slice(0, ATTACHMENTS_MAX).map(({ mimeType, filename }) => ({
    kind: storable(mimeType).slice(0, TYPE_CHARS_MAX),
    name: filename === null ? null : storable(filename).slice(0, NAME_CHARS_MAX).toWellFormed(),
  }));
  if (text === "" && subject === "" && attachments.length === 0) return null;
  const [own] = messageIdsIn(mail.messageId);
  const id =
    own ??
    `<${hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(raw))))}@none.invalid>`;
  const [answered] = messageIdsIn(mail.inReplyTo);
  const before = messageIdsIn(mail.references);
  const references = before.length > 0 ? before : answered === undefined ? [] : [answered];
  const thread: MailThread = { to: address, subject, inReplyTo: id, references };
  const mark = (await sha256Hex(references[0] ?? id)).slice(0, MARK_CHARS);
  const datedMs = Date.parse(mail.date ?? "");
  const isDated = datedMs <= nowMs && nowMs - datedMs < DATED_MS;
  return {
    // Nobody takes another's id away from them.
    id: await sha256Hex(`${address} ${id}`),
    conversation: `${address}/${mark}`,
    from: {
      id: address,
      name: name === "" ? null : storable(name).slice(0, NAME_CHARS_MAX).toWellFormed(),
    },
    ...(subject !== "" && { subject }),
    text,
    attachments,
    saidAtMs: isDated ? datedMs : nowMs,
    thread: JSON.stringify(thread),
  };
}

/** What is answered: null where nobody wrote there, or it is too long ago. */
function threadOf({ thread }: Outgoing): MailThread | null {
  return thread === null ? null : mailThread.parse(JSON.parse(thread));
}

/** What the platform says of this mail; of anything else, it may take the mail later. */
const OF_THIS_MAIL = /^E_(VALIDATION|FIELD|TOO_MANY|RECIPIENT|CONTENT|HEADER)/;

async function handedOver(
  { sender }: MailHere,
  mail: Parameters<NonNullable<MailHere["sender"]>["send"]>[0],
): Promise<SendOutcome> {
  if (sender === null)
    return { kind: "later", retryAfterMs: null, reason: "nobody delivers mail here" };
  try {
    const sent = (await sender.send(mail)) as { messageId?: string } | undefined;
    return { kind: "sent", vendorId: sent?.messageId ?? null };
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    const reason = reasonOf(code, message ?? String(error));
    return OF_THIS_MAIL.test(code ?? "")
      ? { kind: "refused", reason }
      : { kind: "later", retryAfterMs: null, reason };
  }
}
