import { services } from "#adapters/index.ts";
import { EMBEDDED_SPACE } from "#domain/embedding/space.ts";
import { registerAgent } from "#domain/agents/register.ts";
import { agentInput } from "#domain/agents/model.ts";
import type { UnitInput } from "#domain/units/model.ts";
import { publishUnits, type UnitRef } from "#domain/units/publish.ts";
import { indexUnits } from "#domain/units/index-units.ts";
import { verifyUnits } from "#domain/units/verify.ts";
import type { Draft } from "#domain/mailbox/message.ts";
import { Agent as ProductAgent } from "#objects/agent.ts";
import { Relay as ProductRelay } from "#objects/relay.ts";
import { SearchShard as ProductShard } from "#objects/search-shard.ts";
import { Topic as ProductTopic } from "#objects/topic.ts";

export { Account } from "#objects/account.ts";
export { Collection } from "#objects/collection.ts";

// The product's own publishing, verifying and indexing over real D1 databases and objects, with everything that the
// platform bills counted on its way.

const counted = {
  d1Rows: 0,
  searchRows: 0,
  queueMessages: 0,
  objectRequests: 0,
  topicRows: 0,
  agentRows: 0,
  agentBytes: 0,
};
const d1Bytes = new Map<string, number>();
const searchBytes = new Map<string, number>();

/** Counts what an object writes, as the platform does: rows, and an alarm that is set as one. */
function counting(ctx: DurableObjectState, wrote: (rows: number, bytes: number) => void): void {
  const { storage } = ctx;
  const { sql, kv } = storage;
  const { exec } = sql;
  const { put } = kv;
  const { setAlarm } = storage;
  const one = () => wrote(1, sql.databaseSize);
  const executed = (...args: Parameters<typeof exec>) => {
    const cursor = exec.apply(sql, args);
    if (cursor.rowsWritten > 0) wrote(cursor.rowsWritten, sql.databaseSize);
    return cursor;
  };
  Object.defineProperty(sql, "exec", { value: executed });
  Object.defineProperty(kv, "put", {
    value: (...args: Parameters<typeof put>) => {
      put.apply(kv, args);
      one();
    },
  });
  Object.defineProperty(storage, "setAlarm", {
    value: async (...args: Parameters<typeof setAlarm>) => {
      await setAlarm.apply(storage, args);
      one();
    },
  });
}

export class SearchShard extends ProductShard {
  constructor(ctx: DurableObjectState, env: Env) {
    counting(ctx, (rows, bytes) => {
      counted.searchRows += rows;
      searchBytes.set(ctx.id.toString(), bytes);
    });
    super(ctx, env);
  }
}

/** What happens to units is told there. */
export class Topic extends ProductTopic {
  constructor(ctx: DurableObjectState, env: Env) {
    counting(ctx, (rows) => (counted.topicRows += rows));
    super(ctx, env);
  }
}

/** The product's own agent: an object with a mailbox. */
export class Agent extends ProductAgent {
  constructor(ctx: DurableObjectState, env: Env) {
    counting(ctx, (rows, bytes) => {
      counted.agentRows += rows;
      counted.agentBytes = bytes;
    });
    super(ctx, env);
  }
}

type Statement = D1PreparedStatement & { inner: D1PreparedStatement };

function countingD1(name: string, database: D1Database): D1Database {
  const count = <T extends { meta: D1Meta }>(result: T): T => {
    counted.d1Rows += result.meta.rows_written;
    d1Bytes.set(name, result.meta.size_after);
    return result;
  };
  const wrap = (inner: D1PreparedStatement): Statement =>
    ({
      inner,
      bind: (...values: unknown[]) => wrap(inner.bind(...values)),
      run: async () => count(await inner.run()),
      all: async () => count(await inner.all()),
      raw: async () => await inner.raw(),
      first: async () => await inner.first(),
    }) as unknown as Statement;
  return {
    prepare: (sql: string) => wrap(database.prepare(sql)),
    batch: async (statements: Statement[]) =>
      (await database.batch(statements.map(({ inner }) => inner))).map(count),
  } as unknown as D1Database;
}

function countingObjects<N extends { getByName(name: string, options?: object): object }>(
  namespace: N,
): N {
  const stub = (inner: object) =>
    new Proxy(inner, {
      get: (target, method) => {
        counted.objectRequests++;
        return (...args: unknown[]) =>
          (target as Record<PropertyKey, (...args: unknown[]) => unknown>)[method]?.(...args);
      },
    });
  return {
    getByName: (name: string, options?: object) => stub(namespace.getByName(name, options)),
  } as unknown as N;
}

const countingQueue = {
  sendBatch: (messages: object[]) => {
    counted.queueMessages += messages.length;
    return Promise.resolve();
  },
} as unknown as Queue;

/** Workers AI as far as cards are embedded with it: whatever is said, in one direction. */
const embedder = {
  run: (_model: string, { text }: { text: string[] }) =>
    Promise.resolve({
      shape: [text.length, EMBEDDED_SPACE.dimensions],
      data: text.map(() => Array.from({ length: EMBEDDED_SPACE.dimensions }, () => 1)),
    }),
};

const countingAll = (env: Env): Env => ({
  ...env,
  AI: embedder as unknown as Env["AI"],
  CATALOG_0: countingD1("catalog", env.CATALOG_0),
  UNITS_0: countingD1("0", env.UNITS_0),
  UNITS_1: countingD1("1", env.UNITS_1),
  SEARCH_SHARD: countingObjects(env.SEARCH_SHARD),
  RELAY: countingObjects(env.RELAY),
  TOPIC: countingObjects(env.TOPIC),
  UNIT_VERIFY: countingQueue,
  UNIT_INDEX: countingQueue,
});

/** New units are written in here. */
export class Relay extends ProductRelay {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, countingAll(env));
  }
}

let ports: ReturnType<typeof services> | null = null;
const portsOf = (env: Env) => (ports ??= services(countingAll(env)));

const AUTHOR = { accountId: "a0_0000000000000000", principalId: "p0_0000000000000000" };
const INDEXED_TOGETHER = 32;

async function published(env: Env, inputs: UnitInput[], seed: string): Promise<void> {
  const all = portsOf(env);
  const { id: space } = all.spaces.preferred;
  const publications = inputs.map((input, i) => ({
    input: { ...input, space },
    seed: `${seed} ${i}`,
  }));
  const made = await publishUnits(all, AUTHOR, publications, Date.now());
  const refs = made.flatMap((one): UnitRef[] => {
    if (!one.ok) throw new Error(JSON.stringify(one.error));
    return [{ unitId: one.value.head.id, version: 1 }];
  });
  await verifyUnits(all, refs, Date.now());
  for (let start = 0; start < refs.length; start += INDEXED_TOGETHER)
    await indexUnits(all, refs.slice(start, start + INDEXED_TOGETHER), Date.now());
  const stored = await all.units.many(refs);
  const lost = stored.filter(({ version }) => version.status !== "searchable").length;
  if (lost > 0 || stored.length < refs.length) throw new Error(`${lost} units are not searchable`);
}

/** So many agents of one account; what they take is in the catalog alone. */
async function registered(env: Env, count: number, seed: string): Promise<void> {
  const all = portsOf(env);
  for (let n = 0; n < count; n++) {
    const input = agentInput.parse({
      name: `Agent ${seed} ${n}`,
      type: "query",
      description: "Reads the manuals of pumps and answers questions about their seals.",
      capabilities: ["answer", "read"],
    });
    const idBytes = crypto.getRandomValues(new Uint8Array(16));
    const made = await registerAgent(all, AUTHOR, input, idBytes, Date.now());
    if (!made.ok) throw new Error(JSON.stringify(made.error));
  }
}

/** So many messages to one agent, each sent, leased and acknowledged by itself. */
async function exchanged(env: Env, count: number): Promise<void> {
  const agent = env.AGENT.getByName("a0_0000000000000001");
  const body = JSON.stringify({ ask: "Which seal fits the pump of hall three?".repeat(5) });
  for (let n = 0; n < count; n++) {
    const draft: Draft = {
      from: { accountId: AUTHOR.accountId, agentId: null },
      isOwn: true,
      kind: "message",
      conversationId: null,
      inReplyTo: null,
      priority: 5,
      deadlineMs: null,
      once: [],
      body,
      bytes: body.length,
    };
    const [placed] = await agent.send([draft]);
    if (placed?.ok !== true) throw new Error(JSON.stringify(placed));
    const leased = await agent.lease({ limit: 1, leaseMs: 30_000, waitMs: 0 });
    const [message] = leased.ok ? leased.value : [];
    if (message === undefined) throw new Error(JSON.stringify(leased));
    const { seq, lease } = message;
    const [settled] = await agent.settle([{ how: "ack", seq, token: lease.token }]);
    if (settled?.ok !== true) throw new Error(JSON.stringify(settled));
  }
}

export default {
  async fetch(request: Request, env: Env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/migrate") {
      const { binding, statements } = await request.json<{
        binding: "CATALOG_0" | "UNITS_0" | "UNITS_1";
        statements: string[];
      }>();
      for (const statement of statements) await env[binding].prepare(statement).run();
    }
    if (pathname === "/publish")
      await published(env, await request.json<UnitInput[]>(), searchParams.get("seed") ?? "");
    const count = Number(searchParams.get("count"));
    if (pathname === "/agents") await registered(env, count, searchParams.get("seed") ?? "");
    if (pathname === "/messages") await exchanged(env, count);
    const sum = (sizes: Iterable<number>) => [...sizes].reduce((total, size) => total + size, 0);
    return Response.json({
      ...counted,
      d1Bytes: sum(["0", "1"].map((shard) => d1Bytes.get(shard) ?? 0)),
      catalogBytes: d1Bytes.get("catalog") ?? 0,
      searchBytes: sum(searchBytes.values()),
    });
  },
};
