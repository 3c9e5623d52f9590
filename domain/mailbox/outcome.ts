import type { Hop } from "#domain/delegation/hop.ts";
import type { Stored } from "#domain/mailbox/message.ts";
import type { Lease } from "#domain/shared/lease.ts";

/** Where a message that was taken lies; `duplicate`: it was there already. */
export type Placed = { seq: number; sentAtMs: number; duplicate: boolean };

/** A message with the lease under which its agent works on it. */
export type Leased = Stored & { lease: Lease; hop?: Hop | null };

/** What its holder wants done with a message. */
export type Settlement =
  | { how: "ack"; seq: number; token: number }
  | {
      how: "nack";
      seq: number;
      token: number;
      delayMs: number;
      final: boolean;
      reason: string | null;
    }
  | { how: "extend"; seq: number; token: number; leaseMs: number }
  /** It never reached its agent, which is no fault of the message: as if it had not been given out. */
  | { how: "return"; seq: number; token: number };

export type Settled =
  | { state: "done" | "waiting" | "dead" }
  | { state: "leased"; leasedUntilMs: number };

/** Why a message is a dead letter. */
export const CAUSES = ["deadline", "attempts", "refused", "abandoned"] as const;
export type Cause = (typeof CAUSES)[number];

/** A message as whoever looks into the mailbox sees it, without taking it out. */
export const SHOWN_STATES = ["waiting", "leased", "dead"] as const;
export type ShownState = (typeof SHOWN_STATES)[number];
export type Shown = Stored & {
  state: ShownState;
  /** Grows with each lease. */
  token: number;
  leasedUntilMs: number | null;
  died: { atMs: number; cause: Cause } | null;
  reason: string | null;
};

/** What lies in a mailbox. */
export type Contents = Record<ShownState, number> & { bytes: number; oldestMs: number | null };

/** How often a message is given out before it is taken for one that nobody can work on. */
export const ATTEMPTS_MAX = 5;
