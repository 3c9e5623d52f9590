import { gathering, type Meter } from "#domain/metrics/gathering.ts";
import { withMembers } from "#adapters/traced-env.ts";

type Ask = (...args: unknown[]) => Promise<unknown>;
type Measure = (work: () => Promise<unknown>) => Promise<unknown>;

/** The same bindings, with databases whose queries are measured: rate, failures and duration of each, and how many are under way. */
export function withMeasuredDatabases(env: Env): Env {
  const measured = { ...env } as Record<string, unknown>;
  for (const [name, binding] of Object.entries(env))
    if (isDatabase(name)) measured[name] = measuredDatabase(name, binding as D1Database);
  return measured as unknown as Env;
}

const isDatabase = (name: string): boolean => /^(?:CATALOG|UNITS)_\d+$/.test(name);

/** A query of which nothing is heard any more was cut off with its request. */
const LOST_AFTER_MS = 30_000;

function measuring(name: string): Measure {
  const database = name.toLowerCase().replace("_", "-");
  const meterOf = (outcome: string): Meter =>
    gathering.meter("wishub_db_query_duration_seconds", { database, outcome });
  const ok = meterOf("ok");
  const failed = meterOf("failed");
  const inFlight = gathering.meter("wishub_db_queries_in_flight", { database });
  const underWay = new Map<number, number>();
  let made = 0;
  return async (work) => {
    const beganMs = Date.now();
    for (const [one, sinceMs] of underWay) {
      if (beganMs - sinceMs < LOST_AFTER_MS) break;
      underWay.delete(one);
    }
    const query = made++;
    underWay.set(query, beganMs);
    gathering.write(inFlight, underWay.size, beganMs);
    let meter = failed;
    try {
      const answer = await work();
      meter = ok;
      return answer;
    } finally {
      underWay.delete(query);
      const nowMs = Date.now();
      gathering.write(meter, (nowMs - beganMs) / 1_000, nowMs);
    }
  };
}

const measuredDatabase = (name: string, database: D1Database): D1Database =>
  measuredMembers(database, measuredStatements(measuring(name)));

type Statements = { measure: Measure; of(statement: D1PreparedStatement): D1PreparedStatement };

/** A database or a session of one. */
const measuredMembers = <T extends D1Database | D1DatabaseSession>(
  of: T,
  statements: Statements,
): T =>
  withMembers(of, (member, call) => {
    switch (member) {
      case "prepare":
        return (sql) => statements.of(call(sql) as D1PreparedStatement);
      case "batch":
        return async (...args) => await statements.measure(() => call(...args) as Promise<unknown>);
      case "withSession":
        return (...args) => measuredMembers(call(...args) as D1DatabaseSession, statements);
      default:
        return call;
    }
  });

const ASKS = ["first", "all", "run", "raw"] as const;

/**
 * Statements keep being the database's own, which alone `batch` takes: what they inherit is replaced, once for all of
 * them. One of a trace that is recorded has methods of its own (traced-env.ts), which are measured each.
 */
function measuredStatements(measure: Measure): Statements {
  let measured: object | null = null;

  function made(statement: D1PreparedStatement): object {
    const inherited = Object.getPrototypeOf(statement) as D1PreparedStatement;
    const value = (called: unknown) => ({ value: called, configurable: true, writable: true });
    const asks = ASKS.map((member) => {
      const ask = inherited[member] as Ask;
      return [
        member,
        value(async function (this: D1PreparedStatement, ...args: unknown[]) {
          return await measure(() => ask.apply(this, args));
        }),
      ];
    });
    const { bind } = inherited;
    return Object.create(inherited, {
      ...(Object.fromEntries(asks) as PropertyDescriptorMap),
      bind: value(function (this: D1PreparedStatement, ...values: unknown[]) {
        return of(bind.apply(this, values));
      }),
    }) as object;
  }

  function own(statement: D1PreparedStatement): D1PreparedStatement {
    for (const member of ASKS) {
      const ask = (statement[member] as Ask).bind(statement);
      const value = async (...args: unknown[]) => await measure(() => ask(...args));
      Object.defineProperty(statement, member, { value, configurable: true });
    }
    const bind = statement.bind.bind(statement);
    const value = (...values: unknown[]) => of(bind(...values));
    Object.defineProperty(statement, "bind", { value, configurable: true });
    return statement;
  }

  function of(statement: D1PreparedStatement): D1PreparedStatement {
    if (Object.hasOwn(statement, "bind")) return own(statement);
    measured ??= made(statement);
    return Object.setPrototypeOf(statement, measured) as D1PreparedStatement;
  }
  return { measure, of };
}
