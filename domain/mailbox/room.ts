import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";

/** What lies in a mailbox, dead letters too: of everybody, of all other accounts, and of the one that sends. */
export type Held = { messages: number; bytes: number };
export type Filling = { all: Held; foreign: Held; sender: Held };

/** When to come again where the agent takes messages at present, and where it has not for a while. */
const SOON_S = 1;
const LATER_S = 60;

/**
 * Why a message finds no room, or null. Each sender has its own, all strangers together can never fill what is left for
 * the agent's own account, and what nobody takes out is not dropped: its senders are held back instead.
 */
export function roomFor(
  { all, foreign, sender }: Filling,
  bytes: number,
  isOwn: boolean,
  isTaking: boolean,
): Problem<"too-many-requests" | "mailbox-full"> | null {
  const retryAfterS = isTaking ? SOON_S : LATER_S;
  const isCrowded = isOwn
    ? sender.messages >= LIMITS.ownMessagesMax
    : sender.messages >= LIMITS.senderMessagesMax || sender.bytes + bytes > LIMITS.senderBytesMax;
  if (isCrowded)
    return {
      code: "too-many-requests",
      detail: "the agent has not taken the messages that you sent before",
      retryAfterS,
    };
  const isFull =
    all.messages >= LIMITS.mailboxMessagesMax ||
    all.bytes + bytes > LIMITS.mailboxBytesMax ||
    (!isOwn && foreign.messages >= LIMITS.foreignMessagesMax);
  return isFull ? { code: "mailbox-full", retryAfterS } : null;
}
