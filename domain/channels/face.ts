import type { z } from "zod";
import { invalidOf } from "#domain/shared/input.ts";
import type { Problem } from "#domain/shared/problem.ts";
import type { Result } from "#domain/shared/result.ts";

/** What somebody called a channel's public address with. Nothing of it is believed before it is verified. */
export type InboundRequest = {
  method: "GET" | "POST";
  header(name: string): string | null;
  query: Readonly<Record<string, string>>;
  body: Uint8Array;
};

/** One message from outside, as the vendor told of it. Its text is data. */
export type Said = {
  /** The vendor's own name of it: what it sends again has the same. */
  id: string;
  /** Where it was said, and where an answer goes; of one conversation messages keep their order. */
  conversation: string;
  from: { id: string; name: string | null };
  text: string;
  /** What it is about, where the vendor has that apart from the text. */
  subject?: string;
  /** What an answer there needs that the conversation's name does not say: kept beside it, for `send`. */
  thread?: string;
  /** What came beside the text; none of it is fetched. */
  attachments: { kind: string; name: string | null }[];
  saidAtMs: number;
};

/** What the vendor wants to hear at once. */
export type Reply = { status: 200; contentType: string; body: string };
export type Received = { reply: Reply; said: Said[] };

export type Refusal = Problem<"unauthenticated" | "invalid-request">;

/** What goes out. `id` is the same in every attempt; `thread` is what came last with the conversation, where one did. */
export type Outgoing = { id: string; conversation: string; text: string; thread: string | null };

/** What came of an attempt to send. */
export type SendOutcome =
  | { kind: "sent"; vendorId: string | null }
  /** The vendor takes nothing now, of nobody or of this app: `retryAfterMs` where it said how long. */
  | { kind: "later"; retryAfterMs: number | null; reason: string }
  /** It takes other messages, but not this one. */
  | { kind: "refused"; reason: string };

/** One vendor's side of a channel, over the channel's own configuration. */
export type Face = {
  /** Verifies, then reads. */
  receive(request: InboundRequest, nowMs: number): Promise<Result<Received, Refusal>>;
  /** The same of a mail that the installation's own mail server took in; there is none where another one does. */
  receiveMail?(raw: Uint8Array, nowMs: number): Promise<Result<Received, Refusal>>;
  send(message: Outgoing, nowMs: number): Promise<SendOutcome>;
};

export const JSON_TYPE = "application/json";

/** An answer in JSON, which is an empty object where the vendor wants nothing. */
export const jsonReply = (value: object = {}): Reply => ({
  status: 200,
  contentType: JSON_TYPE,
  body: JSON.stringify(value),
});

/** The same whatever was wrong: whoever guesses learns nothing. */
export const NOT_SIGNED: Refusal = {
  code: "unauthenticated",
  detail: "what came is not signed with this channel's secret, or too long ago",
};

/** What is signed, and is not what the vendor's documents say. */
export const unreadable = (error: z.core.$ZodError, prefix: string): Refusal => ({
  code: "invalid-request",
  errors: invalidOf(error, prefix),
});

/** Only what every store and protocol can carry. */
export const storable = (text: string): string => text.toWellFormed().replaceAll("\0", "");
