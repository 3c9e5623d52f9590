import { z } from "zod";
import { storable } from "#domain/channels/face.ts";
import { base64Of } from "#domain/shared/bytes.ts";

/** A header as it was read: its name in lower case, its value unfolded. The newest stands first, as on the mail. */
export type MailHeader = { key: string; value: string };

/** What an answer in a conversation by mail needs to know of what it answers. */
export const mailThread = z.object({
  to: z.string(),
  subject: z.string(),
  /** Message ids with their brackets: of what is answered, and of what that answered, the first one first. */
  inReplyTo: z.string(),
  references: z.array(z.string()),
});
export type MailThread = z.infer<typeof mailThread>;

const MESSAGE_ID = /<[!-;=?-~]{1,250}>/g;
const IDS_CHARS_MAX = 32_768;
const RESULTS_CHARS_MAX = 8_192;

/** The message ids in a header (RFC 5322, 3.6.4), with their brackets. */
export const messageIdsIn = (value: string | undefined): string[] =>
  (value ?? "").slice(0, IDS_CHARS_MAX).match(MESSAGE_ID) ?? [];

export const domainOf = (address: string): string =>
  address.slice(address.lastIndexOf("@") + 1).toLowerCase();

/**
 * Whether the server that took the mail in says that it comes from this domain (RFC 8601): its own word, which stands
 * above all that came with the mail. DMARC passed for the domain of From; where the domain has published none, DKIM passed
 * for that very domain. Who wrote the mail chose some of that text: a verdict that is there twice is none.
 */
export function isAuthentic(
  headers: readonly MailHeader[],
  authservId: string,
  domain: string,
): boolean {
  const said = headers.find(({ key }) => key === "authentication-results")?.value ?? "";
  if (said.length > RESULTS_CHARS_MAX) return false;
  const [by = "", ...rest] = said.split(";");
  if (by.trim().split(/\s/, 1)[0]?.toLowerCase() !== authservId.toLowerCase()) return false;
  const results = rest.join(";");
  const [verdict, ...others] = [...results.matchAll(/\bdmarc\s*=\s*([a-z]+)([^;]*)/gi)];
  if (verdict === undefined || others.length > 0) return false;
  const [, result = "", properties = ""] = verdict;
  if (result.toLowerCase() === "pass") {
    const [of, more] = [...properties.matchAll(/\bheader\.from\s*=\s*([^\s;()"]+)/gi)];
    return more === undefined && of?.[1]?.toLowerCase() === domain;
  }
  if (result.toLowerCase() !== "none") return false;
  const before = results.slice(0, verdict.index);
  if (/[()"\\]/.test(before)) return false;
  return before.split(";").some((one) => {
    const signer = /^\s*dkim\s*=\s*pass\s(?:.*\s)?header\.d\s*=\s*(\S+)/i.exec(one)?.[1];
    return signer?.toLowerCase() === domain;
  });
}

const BULK: ReadonlySet<string> = new Set(["bulk", "list", "junk", "auto_reply"]);

/** Which header says that no person wrote this mail to this address (RFC 3834, 2; RFC 2369), or null: it is not answered. */
export function automaticBy(headers: readonly MailHeader[]): string | null {
  const found = headers.find(({ key, value }) => {
    const said = value.trim().toLowerCase();
    switch (key) {
      case "auto-submitted":
        return !/^no\b/.test(said);
      case "precedence":
        return BULK.has(said);
      case "return-path":
        return said === "<>";
      case "content-type":
        return said.startsWith("multipart/report");
      case "x-auto-response-suppress":
        return /\b(all|autoreply)\b/.test(said);
      default:
        return key.startsWith("list-") || key === "x-autoreply" || key === "x-autorespond";
    }
  });
  return found?.key ?? null;
}

/** What those who may write are named as: addresses, and domains with all their addresses. */
export const mayWrite = (allowed: string | undefined, address: string): boolean =>
  allowed === undefined ||
  allowed
    .toLowerCase()
    .split(",")
    .map((one) => one.trim())
    .some((one) => one === address || one === domainOf(address));

const SUBJECT_CHARS_MAX = 500;
/** One line, whatever was in it. */
export const subjectLine = (text: string): string =>
  storable(text).replaceAll(/\s+/g, " ").trim().slice(0, SUBJECT_CHARS_MAX).toWellFormed();

export const answerSubject = (subject: string): string =>
  subject === "" ? "Re: your message" : /^re:/i.test(subject) ? subject : `Re: ${subject}`;

/** As much of a header as the platform's mail takes in one. */
const REFERENCES_CHARS_MAX = 2_000;

/** What an answer refers to: what it answers last, and of what came before as much as there is room for, and the first one. */
export function referencesOf({ references, inReplyTo }: MailThread): string[] {
  const ids = [...references.filter((id) => id !== inReplyTo), inReplyTo];
  while (ids.length > 2 && ids.join(" ").length > REFERENCES_CHARS_MAX) ids.splice(1, 1);
  return ids;
}

/** A conversation's own headers. It says that a program wrote it, so that no other answers by itself (RFC 3834, 3.1.7). */
export const answerHeaders = (thread: MailThread): Record<string, string> => ({
  "In-Reply-To": thread.inReplyTo,
  References: referencesOf(thread).join(" "),
  "Auto-Submitted": "auto-replied",
});

export type OutgoingMail = {
  id: string;
  from: string;
  fromName: string;
  to: string;
  subject: string;
  text: string;
  headers: Readonly<Record<string, string>>;
};

const utf8 = new TextEncoder();
const PLAIN = /^[ !-~]{0,70}$/;
const WORD_BYTES = 42;
const LINE_CHARS = 76;

/** One mail as it is sent (RFC 5322), in ASCII. The same id gives the same Message-ID: whoever has it knows it again. */
export function rawMail(mail: OutgoingMail, atMs: number): string {
  const { id, from, fromName, to, subject, text, headers } = mail;
  const body = base64Of(utf8.encode(text.replaceAll(/\r\n|\r|\n/g, "\r\n")));
  const lines = [
    `Date: ${new Date(atMs).toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${id}@${domainOf(from)}>`,
    `From: ${fromName === "" ? "" : `${encodedWords(subjectLine(fromName), true)} `}<${from}>`,
    `To: <${to}>`,
    `Subject: ${encodedWords(subjectLine(subject), false)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value.replaceAll(" ", "\r\n ")}`),
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: base64",
    "",
    ...(body.match(new RegExp(`.{1,${LINE_CHARS}}`, "g")) ?? []),
    "",
  ];
  return lines.join("\r\n");
}

/** RFC 2047: what is not plain goes in words of whole characters. A name is always encoded: its specials mean something. */
function encodedWords(text: string, isName: boolean): string {
  if (!isName && PLAIN.test(text) && !text.includes("=?")) return text;
  const words: string[] = [];
  let word = "";
  for (const character of text) {
    if (utf8.encode(word + character).length > WORD_BYTES) {
      words.push(word);
      word = "";
    }
    word += character;
  }
  words.push(word);
  return words.map((one) => `=?UTF-8?B?${base64Of(utf8.encode(one))}?=`).join("\r\n ");
}
