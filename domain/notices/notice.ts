import { z } from "zod";

/** How somebody is told: by mail, or by a notification of their browser. Each has a queue of its own. */
export const NOTICE_KINDS = ["email", "push"] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** Something to tell one receiver, as whoever has it to tell hands it over. */
export type Notice = {
  /** The same each time the same thing is handed over: it is taken once in a day. */
  id: string;
  kind: NoticeKind;
  /** A mail's recipient, sealed under the account's key (`RECIPIENT_FIELD`); null for a push. */
  sealedTo: string | null;
  /** Whose browsers a push goes to. */
  principalId: string;
  subject: string;
  text: string;
  /** What it is about: a later push about the same takes the place of an earlier one. */
  about: string;
};

export const RECIPIENT_FIELD = "notice-recipient";

/** What waits is of use for a day; then it is given up, and can still be sent by hand. */
export const NOTICE_LIFE_MS = 86_400_000;
/** The first try and three more. */
export const NOTICE_ATTEMPTS_MAX = 4;
/** An attempt takes no longer: egress ends a call after 10 s, and a push goes to at most ten browsers. */
export const NOTICE_LEASE_MS = 120_000;
const RETRY_S = 5;
const RETRY_FACTOR = 4;
/** What a queue has not been heard of for so long, it has lost. */
const LOST_MS = 60_000;
const LOST_MS_MAX = 3_600_000;

/** When what failed for the `attempts`th time is tried again, in seconds; null when it is given up. */
export const retryDelayS = (attempts: number): number | null =>
  attempts >= NOTICE_ATTEMPTS_MAX ? null : RETRY_S * RETRY_FACTOR ** (attempts - 1);

/** When what was handed to its queue for the `sent`th time is handed over again. */
export const handedAgainMs = (sent: number, nowMs: number): number =>
  nowMs + Math.min(LOST_MS * 2 ** Math.min(sent - 1, 20), LOST_MS_MAX);

/** A message of the queues: which notice of which account. */
export type NoticeRef = { accountId: string; noticeId: string };

export function noticeRefOf(body: unknown): NoticeRef | null {
  const parsed = noticeRef.safeParse(body);
  return parsed.success ? parsed.data : null;
}
const noticeRef = z.object({
  accountId: z.string().min(1).max(64),
  noticeId: z.string().min(1).max(255),
});

export const NOTICE_STATES = ["waiting", "dead"] as const;
export type NoticeState = (typeof NOTICE_STATES)[number];

export const noticeView = z.object({
  id: z.string(),
  kind: z.enum(NOTICE_KINDS),
  state: z.enum(NOTICE_STATES),
  subject: z.string(),
  text: z.string(),
  attempts: z.int(),
  reason: z.string().nullable(),
  createdAt: z.string(),
});
