/** When calls to something outside stop, and when it is tried again. */
export type BreakerPolicy = {
  /** Outcomes count for this long, or twice as long. */
  windowMs: number;
  /** Fewer calls than this say nothing. */
  callsMin: number;
  /** From this share of failures on, nothing is called. */
  failedShare: number;
  /** How long for at first; each failed trial doubles it. */
  openMs: number;
  openMsMax: number;
  /** Calls under way at once; one that answers nobody must not gather all requests. */
  underWayMax: number;
};

export const BREAKER: BreakerPolicy = {
  windowMs: 10_000,
  callsMin: 10,
  failedShare: 0.5,
  openMs: 1_000,
  openMsMax: 60_000,
  underWayMax: 128,
};

type Count = { calls: number; failed: number };

/** Of one service, in one isolate. Plain data, no promise: one request must never wait for what another one began. */
export type Breaker = {
  phase: "closed" | "open" | "trial";
  /** When the counts began, when the phase ends that calls nobody, when the trial began. */
  sinceMs: number;
  counts: Count;
  before: Count;
  openMs: number;
  /** When each call under way began: whoever hangs up takes the call with them, and nobody hears of its end. */
  underWay: Map<number, number>;
  made: number;
  /** The one call that finds out whether the service is back. */
  trial: number;
};

export const breaker = (): Breaker => ({
  phase: "closed",
  sinceMs: -Infinity,
  counts: { calls: 0, failed: 0 },
  before: { calls: 0, failed: 0 },
  openMs: 0,
  underWay: new Map(),
  made: 0,
  trial: 0,
});

/** No call takes longer, so one of which nothing was heard by then is over. */
const CALL_MS_MAX = 150_000;
const FULL_RETRY_MS = 1_000;

/** The number of the call, to be given to `ended`; or how long to stay away, in ms. */
export function begun(
  of: Breaker,
  policy: BreakerPolicy,
  nowMs: number,
): { call: number } | { retryAfterMs: number } {
  const inPhaseMs = nowMs - of.sinceMs;
  if (of.phase === "open" && inPhaseMs < of.openMs)
    return { retryAfterMs: Math.max(1, of.openMs - inPhaseMs) };
  if (of.phase === "trial" && inPhaseMs < CALL_MS_MAX) return { retryAfterMs: of.openMs };
  for (const [call, beganMs] of of.underWay) {
    if (nowMs - beganMs < CALL_MS_MAX) break;
    of.underWay.delete(call);
  }
  if (of.underWay.size >= policy.underWayMax) return { retryAfterMs: FULL_RETRY_MS };
  const call = of.made++;
  of.underWay.set(call, nowMs);
  if (of.phase !== "closed") {
    of.phase = "trial";
    of.trial = call;
    of.sinceMs = nowMs;
  }
  return { call };
}

/** How a call ended. A service that answers, whatever it says, has not failed. */
export function ended(
  of: Breaker,
  policy: BreakerPolicy,
  call: number,
  failed: boolean,
  nowMs: number,
): void {
  of.underWay.delete(call);
  if (of.phase === "trial" && call === of.trial) {
    if (failed) return open(of, Math.min(of.openMs * 2, policy.openMsMax), nowMs);
    of.phase = "closed";
    restart(of, nowMs);
    return;
  }
  // What began before the breaker opened says nothing about now.
  if (of.phase !== "closed") return;
  if (nowMs - of.sinceMs >= policy.windowMs) {
    const isRecent = nowMs - of.sinceMs < 2 * policy.windowMs;
    const before = isRecent ? of.counts : { calls: 0, failed: 0 };
    restart(of, nowMs);
    of.before = before;
  }
  of.counts.calls++;
  if (failed) of.counts.failed++;
  const calls = of.counts.calls + of.before.calls;
  const share = (of.counts.failed + of.before.failed) / calls;
  if (calls >= policy.callsMin && share >= policy.failedShare) open(of, policy.openMs, nowMs);
}

function open(of: Breaker, openMs: number, nowMs: number): void {
  of.phase = "open";
  of.openMs = openMs;
  of.sinceMs = nowMs;
}

function restart(of: Breaker, nowMs: number): void {
  of.sinceMs = nowMs;
  of.counts = { calls: 0, failed: 0 };
  of.before = { calls: 0, failed: 0 };
}
