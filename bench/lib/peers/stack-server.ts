import { createHash, randomUUID } from "node:crypto";
import { join } from "node:path";
import type * as HonoModule from "hono";
import type * as Zod from "zod";
import { DIMENSIONS } from "#bench/lib/real-vectors.ts";
import { peer } from "./install.ts";
import { openJournal } from "./journal.ts";
import { openStore, type StoredUnit } from "./stack-store.ts";

// The conventional stack as a process: Hono on Node, Redis for API keys and as a cache of results, zvec for the rest.
// Arguments: port, port of Redis, folder.

type Redis = {
  get(key: string): Promise<string | null>;
  mget(...keys: string[]): Promise<(string | null)[]>;
  set(key: string, value: string, unit: "EX", seconds: number): Promise<unknown>;
  quit(): Promise<unknown>;
};
type NodeServer = {
  serve(options: object, listening: () => void): { close(done: () => void): void };
};

const [port = "0", redisPort = "0", folder = ""] = process.argv.slice(2);
/** A result may be this old: the usual bargain of a cache that writes do not reach. */
const CACHE_SECONDS = 60;
const SNIPPET_CHARS = 200;
const LEVEL = 2;

const { Hono } = peer<typeof HonoModule>("hono");
const { z } = peer<typeof Zod>("zod");
const { serve } = peer<NodeServer>("@hono/node-server");
const { Redis: RedisClient } = peer<{ Redis: new (options: object) => Redis }>("ioredis");
const redis = new RedisClient({ port: Number(redisPort), enableAutoPipelining: true });
const store = openStore(folder);
/** zvec's own log survives a killed process but not a power cut; what is accepted here survives both, as ours does. */
const journal = openJournal(join(folder, "units.log"));

const vector = z.array(z.number()).length(DIMENSIONS);
const name = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/);
const searchInput = z.strictObject({
  query: z.string().min(1).max(2_000).optional(),
  vector,
  mode: z.enum(["hybrid", "semantic"]).default("hybrid"),
  filter: z.strictObject({ kind: name.optional() }).default({}),
  limit: z.int().min(1).max(50).default(10),
});
const unitInput = z.strictObject({
  title: z.string().min(1).max(200),
  body: z.string().min(1).max(32_768),
  kind: name.default("note"),
  tags: z.array(z.string().max(40)).max(16).default([]),
  vector,
});

const app = new Hono();
const keyOf = (authorization: string | undefined): string =>
  `key:${sha256((authorization ?? "").replace("Bearer ", ""))}`;

app.post("/v1/search", async (c) => {
  const text = await c.req.text();
  const cacheKey = `search:${sha256(text)}`;
  // One trip for both: whether the key is good and whether the answer is known.
  const [account, cached] = await redis.mget(keyOf(c.req.header("authorization")), cacheKey);
  if (account === null) return c.json({ error: "unauthenticated" }, 401);
  if (cached) return c.body(cached, 200, { "content-type": "application/json" });
  const startedAt = Date.now();
  const input = searchInput.safeParse(parsed(text));
  if (!input.success) return c.json({ error: input.error.issues }, 400);
  const { filter, ...search } = input.data;
  const docs = await store.search({ ...search, kind: filter.kind });
  const answer = JSON.stringify({
    hits: docs.map(({ id, score, fields }) => ({
      unitId: id,
      version: 1,
      title: fields["title"],
      snippet: String(fields["body"]).slice(0, SNIPPET_CHARS),
      score,
      level: `L${Number(fields["level"])}`,
    })),
    tookMs: Date.now() - startedAt,
  });
  void redis.set(cacheKey, answer, "EX", CACHE_SECONDS);
  return c.body(answer, 200, { "content-type": "application/json" });
});

app.get("/v1/units/:id", async (c) => {
  if ((await redis.get(keyOf(c.req.header("authorization")))) === null)
    return c.json({ error: "unauthenticated" }, 401);
  const unit = store.get(c.req.param("id"));
  if (unit === undefined) return c.json({ error: "not-found" }, 404);
  const { words: _, ...fields } = unit.fields;
  return c.json({ id: unit.id, version: 1, status: "searchable", ...fields });
});

app.post("/v1/units", async (c) => {
  const account = await redis.get(keyOf(c.req.header("authorization")));
  if (account === null) return c.json({ error: "unauthenticated" }, 401);
  const text = await c.req.text();
  const input = unitInput.safeParse(parsed(text));
  if (!input.success) return c.json({ error: input.error.issues }, 400);
  const unit: StoredUnit = { id: randomUUID(), level: LEVEL, ...input.data };
  await journal(text);
  store.insert([unit]);
  return c.json({ id: unit.id, version: 1, status: "searchable" }, 202);
});

/** One unit a line; answers their ids in order. */
app.post("/v1/units/bulk", async (c) => {
  const account = await redis.get(keyOf(c.req.header("authorization")));
  if (account === null) return c.json({ error: "unauthenticated" }, 401);
  const ids: string[] = [];
  let waiting: StoredUnit[] = [];
  const text = await c.req.text();
  for (const line of text.split("\n")) {
    const input = unitInput.safeParse(parsed(line));
    if (!input.success) return c.json({ error: input.error.issues }, 400);
    const unit = { id: randomUUID(), level: LEVEL, ...input.data };
    ids.push(unit.id);
    waiting.push(unit);
    if (waiting.length === 500) {
      store.insert(waiting);
      waiting = [];
    }
  }
  store.insert(waiting);
  await journal(text);
  return c.json({ ids });
});

// For whoever runs it, not for clients.
app.post("/optimize", async (c) => {
  await store.optimize();
  return c.json({});
});
app.post("/widen/:width", (c) => {
  store.widen(Number(c.req.param("width")));
  return c.json({});
});

const server = serve({ fetch: app.fetch, port: Number(port), hostname: "127.0.0.1" }, () =>
  process.stdout.write("ready\n"),
);
process.stdin.once("end", () => process.exit()).resume();
process.once("SIGTERM", () => server.close(() => process.exit()));

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
