import { begun, BREAKER, type Breaker, breaker, ended } from "#domain/limits/breaker.ts";

const SERVICES_MAX = 1_000;

/**
 * Calls of services outside, each behind a breaker of its own in every isolate. `hasFailed` tells a service that failed
 * from one that answered; what is thrown has failed too.
 */
export function breakers() {
  const known = new Map<string, Breaker>();

  function breakerOf(service: string): Breaker {
    let found = known.get(service);
    if (found === undefined) {
      found = breaker();
      // The one met longest ago: what it knew is learnt again from ten calls.
      const [oldest] = known.keys();
      if (known.size >= SERVICES_MAX && oldest !== undefined) known.delete(oldest);
      known.set(service, found);
    }
    return found;
  }

  return async function through<T, R>(
    service: string,
    call: () => Promise<T>,
    hasFailed: (outcome: T) => boolean,
    refused: (retryAfterS: number) => R,
  ): Promise<T | R> {
    const mine = breakerOf(service);
    const started = begun(mine, BREAKER, Date.now());
    if ("retryAfterMs" in started) return refused(Math.ceil(started.retryAfterMs / 1_000));
    let failed = true;
    try {
      const outcome = await call();
      failed = hasFailed(outcome);
      return outcome;
    } finally {
      ended(mine, BREAKER, started.call, failed, Date.now());
    }
  };
}
