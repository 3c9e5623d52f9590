import { gathering, type Meter } from "#domain/metrics/gathering.ts";
import type { Keeper } from "#adapters/isolate-batch.ts";
import { isObserved, tellMetrics } from "#adapters/metrics.ts";
import { tellUsage } from "#adapters/usage.ts";

type Shell = { ctx: Keeper; env: Env };
type Method = (this: Shell, ...args: unknown[]) => unknown;

/** Those that measuring itself calls: measured, they would call themselves for ever. */
const NOT_MEASURED = new Set(["Metrics", "Usage"]);

/**
 * Measures every method of these objects' classes that others call (rate, failures, duration by class and method), and
 * alarms and sockets' events too. What an object calls of itself counts as its own method. A failure is what is thrown:
 * what was expected is a value.
 */
export function measured(classes: Readonly<Record<string, { prototype: object }>>): void {
  for (const [name, { prototype }] of Object.entries(classes)) {
    if (NOT_MEASURED.has(name)) continue;
    for (const [method, { value, writable }] of Object.entries(
      Object.getOwnPropertyDescriptors(prototype),
    )) {
      if (method === "constructor" || typeof value !== "function" || writable !== true) continue;
      Object.defineProperty(prototype, method, { value: measuring(name, method, value as Method) });
    }
  }
}

function measuring(className: string, method: string, call: Method): Method {
  const meterOf = (outcome: string): Meter =>
    gathering.meter("wishub_object_call_duration_seconds", { class: className, method, outcome });
  let meters: { ok: Meter; failed: Meter } | null = null;
  const end = ({ ctx, env }: Shell, beganMs: number, outcome: "ok" | "failed"): void => {
    const nowMs = Date.now();
    meters ??= { ok: meterOf("ok"), failed: meterOf("failed") };
    gathering.write(meters[outcome], (nowMs - beganMs) / 1_000, nowMs);
    tellMetrics(env, ctx, nowMs, false);
    tellUsage(env, ctx, nowMs, false);
  };
  return function (...args) {
    if (!isObserved(this.env)) return call.apply(this, args);
    const beganMs = Date.now();
    let answer: unknown;
    try {
      answer = call.apply(this, args);
    } catch (error) {
      end(this, beganMs, "failed");
      throw error;
    }
    if (answer instanceof Promise)
      answer.then(
        () => end(this, beganMs, "ok"),
        () => end(this, beganMs, "failed"),
      );
    else end(this, beganMs, "ok");
    return answer;
  };
}
