import { WisHubError } from "./error.ts";

const ATTEMPTS_MAX = 5;
const BACKOFF_MS = 200;
const WAIT_MS_MAX = 30_000;

/** What repeating needs from outside; tests pass their own. */
export type Waiting = { sleep(ms: number): Promise<void>; random(): number };

export const realWaiting: Waiting = {
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  random: () => Math.random(),
};

/** Repeats what is safe to repeat: an unreached server, a 429 or 503 that says when to come back, a first try still running. */
export async function withRetries<T>(
  waiting: Waiting,
  repeatable: boolean,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let made = 1; ; made += 1) {
    try {
      return await attempt();
    } catch (error) {
      const waitMs =
        error instanceof WisHubError && repeatable && made < ATTEMPTS_MAX
          ? waitFor(error, made, waiting)
          : undefined;
      if (waitMs === undefined || waitMs > WAIT_MS_MAX) throw error;
      await waiting.sleep(waitMs);
    }
  }
}

function waitFor(error: WisHubError, made: number, waiting: Waiting): number | undefined {
  const jittered = BACKOFF_MS * 2 ** (made - 1) * (0.5 + waiting.random());
  if (error.code === "network") return jittered;
  const asksToWait =
    error.status === 429 || error.status === 503 || error.code === "idempotency-in-flight";
  if (!asksToWait || error.retryAfterMs === undefined) return undefined;
  return error.retryAfterMs + jittered;
}
