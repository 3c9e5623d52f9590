import { goneOn, type TraceLink } from "#adapters/tracing.ts";
import { NOT_TRACED, tracedEnv } from "#adapters/traced-env.ts";

type Shell = Record<string, unknown> & { env?: Env };

/**
 * Gives classes of objects the method by which a call goes on with its caller's trace (adapters/traced-env.ts): it calls
 * the method that it names, and records how long that took here. Objects are reached by bindings alone.
 */
export function traceable(classes: Readonly<Record<string, { prototype: object }>>): void {
  for (const [name, { prototype }] of Object.entries(classes)) {
    if (NOT_TRACED.has(name)) continue;
    Object.defineProperty(prototype, "traced", {
      async value(this: Shell, link: TraceLink | undefined, method: string, args: unknown[]) {
        const called: unknown = Object.hasOwn(prototype, method) ? this[method] : undefined;
        if (typeof called !== "function" || method === "constructor")
          throw new TypeError(`${name} has no method ${method}`);
        const run = async () => (await called.apply(this, args)) as unknown;
        if (link === undefined) return await run();
        asTraced(this);
        const span = { name: `${name} ${method}`, service: name, kind: "server" } as const;
        return await goneOn(link, span, run);
      },
    });
  }
}

/** What it asks others from now on goes on with the trace it is asked in, where there is one. */
function asTraced(object: Shell): void {
  if (object.env === undefined || traced.has(object)) return;
  traced.add(object);
  object.env = tracedEnv(object.env);
}
const traced = new WeakSet<object>();
