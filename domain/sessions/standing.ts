import type { Principal } from "#domain/accounts/model.ts";
import type { AccessToken } from "#domain/oauth/access-token.ts";

/** The credential a session was opened by, without its secret: enough to ask again whether it counts. */
export type Holder =
  | { kind: "key"; id: string }
  | { kind: "session"; id: string }
  | { kind: "token"; token: AccessToken };

/** What was known of it when it was asked last. */
export type Standing = {
  checkedAtMs: number;
  /** When the credential ends; null where nothing is known to end it. */
  endsAtMs: number | null;
};

/** As whom, and how long that may be believed. */
export type Stands = Standing & { principal: Principal };

/** A credential that was revoked does nothing in a session after this time. */
const STANDING_LIFE_MS = 5_000;
/** From here on it is asked beside the work, so that a busy session never waits for it. */
const RENEW_AFTER_MS = 3_500;

/** `trusted`: go on; `renew`: go on, and ask; `ask`: nothing is done before that; `ended`: it is over. */
export function standingAt(
  { checkedAtMs, endsAtMs }: Standing,
  nowMs: number,
): "trusted" | "renew" | "ask" | "ended" {
  if (endsAtMs !== null && endsAtMs <= nowMs) return "ended";
  const ageMs = nowMs - checkedAtMs;
  if (ageMs < 0 || ageMs >= STANDING_LIFE_MS) return "ask";
  return ageMs >= RENEW_AFTER_MS ? "renew" : "trusted";
}

/** When a session must be looked at though nobody says anything: a credential that has no end costs no alarm. */
export const dueAtMs = ({ endsAtMs }: Standing): number => endsAtMs ?? Infinity;
