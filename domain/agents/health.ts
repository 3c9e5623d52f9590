/** A task that an agent was given and has not ended. */
export type OpenTask = {
  id: string;
  classes: string[];
  accountId: string;
  isOwn: boolean;
  askedAtMs: number;
};

/**
 * Whether an agent answers. Nobody pings it: what it does with the tasks it is given is all there is. `penalty` is what
 * it has lost by falling silent, as of `penaltyAtMs`.
 */
export type Health = {
  open: OpenTask[];
  lastAnsweredAtMs: number | null;
  silentSinceMs: number | null;
  penalty: number;
  penaltyAtMs: number;
  /** Kept out although it answers again. */
  outUntilMs: number | null;
};

/** An agent with something to do that says nothing for so long has stopped answering. */
export const ANSWERS_WITHIN_MS = 120_000;
/** Tasks that are watched at once; of more, those that came first. */
export const WATCHED_MAX = 64;

// Route flap damping (RFC 2439, 4.2): what comes and goes is left out the longer the more often it does.
const PENALTY = 1_000;
const SUPPRESSED_FROM = 1_500;
const REUSED_BELOW = 750;
const HALF_LIFE_MS = 15 * 60_000;
const OUT_MAX_MS = 60 * 60_000;

export const healthy = (): Health => ({
  open: [],
  lastAnsweredAtMs: null,
  silentSinceMs: null,
  penalty: 0,
  penaltyAtMs: 0,
  outUntilMs: null,
});

export const asked = (health: Health, task: OpenTask): Health =>
  health.open.length >= WATCHED_MAX || health.open.some(({ id }) => id === task.id)
    ? health
    : { ...health, open: [...health.open, task] };

/** It said something of a task. */
export const answered = (health: Health, nowMs: number): Health =>
  back({ ...health, lastAnsweredAtMs: Math.max(nowMs, health.lastAnsweredAtMs ?? 0) }, nowMs);

/** Nothing more is expected of a task, whoever ended it. */
export function closed(health: Health, id: string): { health: Health; task: OpenTask | null } {
  const task = health.open.find((one) => one.id === id) ?? null;
  if (task === null) return { health, task };
  return { health: { ...health, open: health.open.filter((one) => one !== task) }, task };
}

/**
 * Its program is there again. One that was silent gets another chance, since nobody gives it tasks before; whoever takes
 * it and says nothing is out for longer.
 */
export const seen = (health: Health, nowMs: number): Health => back(health, nowMs);

function back(health: Health, nowMs: number): Health {
  if (health.silentSinceMs === null) return health;
  const penalty = penaltyAt(health, nowMs);
  const restMs = Math.log2(penalty / REUSED_BELOW) * HALF_LIFE_MS;
  const isDamped = penalty >= SUPPRESSED_FROM;
  return {
    ...health,
    silentSinceMs: null,
    // What else it was asked, it may answer yet: its time begins again.
    open: health.open.map((task) => ({ ...task, askedAtMs: Math.max(task.askedAtMs, nowMs) })),
    outUntilMs: isDamped ? nowMs + Math.min(OUT_MAX_MS, restMs) : null,
  };
}

const penaltyAt = ({ penalty, penaltyAtMs }: Health, nowMs: number): number =>
  penalty * 2 ** (Math.min(0, penaltyAtMs - nowMs) / HALF_LIFE_MS);

/** When it has stopped answering, if it says nothing until then; null where nothing is asked of it. */
export function silentAtMs({ open, lastAnsweredAtMs, silentSinceMs }: Health): number | null {
  if (silentSinceMs !== null || open.length === 0) return null;
  const askedAtMs = Math.min(...open.map((task) => task.askedAtMs));
  return Math.max(askedAtMs, lastAnsweredAtMs ?? 0) + ANSWERS_WITHIN_MS;
}

/** It has stopped answering: what it was asked so long ago has failed, and is no longer waited for. */
export function silenced(
  health: Health,
  nowMs: number,
): { health: Health; unanswered: readonly OpenTask[] } {
  const isLate = ({ askedAtMs }: OpenTask): boolean => askedAtMs + ANSWERS_WITHIN_MS <= nowMs;
  return {
    health: {
      ...health,
      open: health.open.filter((task) => !isLate(task)),
      silentSinceMs: nowMs,
      penalty: penaltyAt(health, nowMs) + PENALTY,
      penaltyAtMs: nowMs,
      outUntilMs: null,
    },
    unanswered: health.open.filter(isLate),
  };
}

/** Whether it is left out of results. */
export const isOut = ({ silentSinceMs, outUntilMs }: Health, nowMs: number): boolean =>
  silentSinceMs !== null || (outUntilMs !== null && nowMs < outUntilMs);
