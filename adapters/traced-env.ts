import { isQueue, queueNameOf } from "#domain/observability/bindings.ts";
import { childOf, ownLink, sampledTrace, spanned, timed, traceLink } from "#adapters/tracing.ts";

/**
 * Bindings that record what is asked of them, and carry the trace on: databases, queues, and the product's own objects,
 * which go on with it by their method `traced` (workers/traced-objects.ts). Outside a trace that is recorded, a binding
 * is used as it is; one Env has one such twin.
 */
export function tracedEnv(env: Env): Env {
  if (env.WISHUB_OBSERVING === "0") return env;
  let twin = twins.get(env);
  if (twin === undefined) {
    const all = Object.entries(env).map(([name, binding]) => [name, tracedBinding(name, binding)]);
    twin = Object.fromEntries(all) as Env;
    twins.set(env, twin);
    twins.set(twin, twin);
  }
  return twin;
}

const twins = new WeakMap<Env, Env>();

/** By the class the platform gives a binding: a service takes any name for a method of its. */
function tracedBinding(name: string, binding: unknown): unknown {
  if (typeof binding !== "object" || binding === null) return binding;
  // By the binding, not by its Env: what is remembered about a database holds for every way in.
  const known = tracedBindings.get(binding);
  if (known !== undefined) return known;
  const traced = recording(name, binding);
  tracedBindings.set(binding, traced);
  return traced;
}
const tracedBindings = new WeakMap<object, object>();

function recording(name: string, binding: object): object {
  const kind = (binding.constructor as { name?: string } | undefined)?.name ?? "";
  if (kind.endsWith("DurableObjectNamespace"))
    return NOT_TRACED.has(classNameOf(name))
      ? binding
      : tracedObjects(classNameOf(name), binding as DurableObjectNamespace);
  if (kind === "D1Database") return tracedDatabase(name, binding as D1Database);
  if (isQueue(binding)) return tracedQueue(name, binding as Queue);
  return binding;
}

/** The method by which an object is asked to go on with a trace. */
type TracedStub = {
  traced(link: ReturnType<typeof traceLink>, method: string, args: unknown[]): Promise<unknown>;
};

/** Classes that keep what is observed: that is no part of what they tell of. */
export const NOT_TRACED: ReadonlySet<string> = new Set(["Metrics", "Trace", "Usage"]);

/** The same binding with members of its own, each made when it is first asked for: what is called often binds nothing anew. */
export function withMembers<T extends object>(
  of: T,
  made: (member: string | symbol, call: Call) => Call,
): T {
  const members = new Map<string | symbol, Call>();
  return new Proxy(of, {
    get(target, member) {
      const known = members.get(member);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, member, target);
      if (typeof value !== "function") return value;
      const one = made(member, value.bind(target) as Call);
      members.set(member, one);
      return one;
    },
  });
}
type Call = (...args: unknown[]) => unknown;

const tracedObjects = (className: string, objects: DurableObjectNamespace) =>
  withMembers(objects, (member, call) =>
    member !== "getByName" && member !== "get"
      ? call
      : (...args) => {
          const stub = call(...args);
          return sampledTrace() === undefined ? stub : tracedStub(className, stub as object);
        },
  );

/** `TASK_QUEUE` binds `TaskQueue`. */
const classNameOf = (binding: string): string =>
  binding
    .split("_")
    .map((word) => word.slice(0, 1) + word.slice(1).toLowerCase())
    .join("");

/** Members of a stub that are no calls of a method of the object's, and what a promise is asked for. */
const OWN = new Set<string | symbol>(["fetch", "connect", "id", "name", "then", "dup"]);

function tracedStub(className: string, stub: object): object {
  return new Proxy(stub, {
    get(target, member) {
      const value: unknown = Reflect.get(target, member, target);
      if (typeof value !== "function" || typeof member === "symbol") return value;
      if (OWN.has(member)) return value.bind(target);
      return (...args: unknown[]) => {
        const trace = sampledTrace();
        if (trace === undefined)
          return (value as (...all: unknown[]) => unknown).call(target, ...args);
        return timed(childOf(trace), `${className}.${member}`, "client", {}, () =>
          (target as TracedStub).traced(traceLink(), member, args),
        );
      };
    },
  });
}

function tracedQueue(name: string, queue: Queue): Queue {
  const link = (body: unknown): unknown => {
    const trace = ownLink();
    const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
    return trace === undefined || !isObject || "trace" in body ? body : { ...body, trace };
  };
  const queueName = queueNameOf(name);
  return {
    send: (body: unknown, ...rest) =>
      spanned(`send ${queueName}`, "producer", {}, () => queue.send(link(body), ...rest)),
    sendBatch: (messages, ...rest) =>
      spanned(`send ${queueName}`, "producer", {}, () =>
        queue.sendBatch(
          [...messages].map((message) => ({ ...message, body: link(message.body) })),
          ...rest,
        ),
      ),
    metrics: () => queue.metrics(),
  } as Queue;
}

/** What drizzle and we ask of D1. A statement of a recorded trace gets methods of its own: a batch takes none but D1's. */
const tracedDatabase = (name: string, database: D1Database) =>
  withMembers(database, (member, call) => {
    if (member === "prepare")
      return (sql) => {
        const statement = call(sql) as D1PreparedStatement;
        if (sampledTrace() === undefined) return statement;
        return timedStatement(name, sql as string, statement);
      };
    if (member === "batch")
      return (statements) =>
        sampledTrace() === undefined
          ? call(statements)
          : spanned(
              `${name} batch`,
              "client",
              { statements: (statements as unknown[]).length },
              () => call(statements) as Promise<unknown>,
            );
    return call;
  });

const ASKS = ["first", "all", "run", "raw"] as const;

function timedStatement(
  name: string,
  sql: string,
  statement: D1PreparedStatement,
): D1PreparedStatement {
  const what = `${name} ${operationOf(sql)}`;
  for (const member of ASKS) {
    const ask = (statement[member] as (...args: unknown[]) => Promise<unknown>).bind(statement);
    Object.defineProperty(statement, member, {
      value: (...args: unknown[]) => spanned(what, "client", {}, () => ask(...args)),
      configurable: true,
    });
  }
  const bind = statement.bind.bind(statement);
  Object.defineProperty(statement, "bind", {
    value: (...values: unknown[]) => timedStatement(name, sql, bind(...values)),
    configurable: true,
  });
  return statement;
}

/** The verb and the first table, `SELECT unit`: never the query, which may quote what is in it. */
export function operationOf(sql: string): string {
  const words = sql
    .slice(0, 400)
    .split(/[\s"`(),]+/)
    .filter((word) => word !== "");
  const verb = (words[0] ?? "").toUpperCase();
  const at = words.findIndex((word, i) => i > 0 && /^(from|into)$/i.test(word));
  const table = verb === "UPDATE" ? words[1] : at < 0 ? undefined : words[at + 1];
  return /^\w+$/.test(table ?? "") ? `${verb} ${table}` : verb;
}
