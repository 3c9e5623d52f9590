import { LIMITS } from "#domain/shared/limits.ts";

/**
 * What is on its way between the two ends of a session. The server may not know how full the socket is, so the client says
 * what it has taken in, and how many messages it wants.
 */
export type Flow = {
  /** Frames sent since the session began, and how many of them the client says to have. */
  sent: number;
  seen: number;
  /** Characters sent in frames that it does not say to have. */
  unseenChars: number;
  /** Messages that may still be pushed. */
  credit: number;
};

export const newFlow = (): Flow => ({ sent: 0, seen: 0, unseenChars: 0, credit: 0 });

export const withSent = (flow: Flow, chars: number): Flow => ({
  ...flow,
  sent: flow.sent + 1,
  unseenChars: flow.unseenChars + chars,
});

/** Null where the client counts more frames than there were: it is no client of this session. */
export function withSeen(flow: Flow, frames: number): Flow | null {
  if (frames > flow.sent) return null;
  if (frames <= flow.seen) return flow;
  // Frames are not remembered one by one: what is left is taken to be like what there was.
  const left = flow.unseenChars * (flow.sent - frames);
  return { ...flow, seen: frames, unseenChars: Math.ceil(left / (flow.sent - flow.seen)) };
}

export const withCredit = (flow: Flow, credit: number): Flow => ({
  ...flow,
  credit: Math.min(LIMITS.sessionCreditMax, flow.credit + credit),
});

const unseen = ({ sent, seen }: Flow): number => sent - seen;

/** Whether so much is on its way that nothing more is pushed until the client has seen some of it. */
export const isBehind = (flow: Flow): boolean =>
  unseen(flow) >= LIMITS.sessionWindowFrames || flow.unseenChars >= LIMITS.sessionWindowChars;

/** How many messages may be pushed now: none while the client is behind, and no more than it may hold at once. */
export function pushable(flow: Flow, held: number): number {
  const room = Math.min(flow.credit, LIMITS.sessionCreditMax - held, LIMITS.sessionBatchMax);
  return isBehind(flow) ? 0 : Math.max(0, room);
}

export const withPushed = (flow: Flow, messages: number): Flow => ({
  ...flow,
  credit: flow.credit - messages,
});

/** Whether it is so far behind that the session ends. */
export const isTooFarBehind = (flow: Flow): boolean =>
  unseen(flow) >= LIMITS.sessionUnseenFramesMax || flow.unseenChars >= LIMITS.sessionUnseenCharsMax;

/** Frames that a client may send at once, and each second: a bucket that refills. */
export type Rate = { left: number; atMs: number };

export const newRate = (nowMs: number): Rate => ({ left: LIMITS.sessionFramesBurst, atMs: nowMs });

/** With `frames` taken out; null where there are not as many. */
export function withTaken({ left, atMs }: Rate, frames: number, nowMs: number): Rate | null {
  const refilled = left + (Math.max(0, nowMs - atMs) * LIMITS.sessionFramesPerSecond) / 1_000;
  const rest = Math.min(LIMITS.sessionFramesBurst, refilled) - frames;
  return rest < 0 ? null : { left: rest, atMs: nowMs };
}
