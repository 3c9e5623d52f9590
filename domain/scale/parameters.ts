import { BEAM } from "#domain/search/leaves/fan-out.ts";

/** One number of the model: what it is counted in, and why it is what it is (for a price or a limit, where it stands). */
export type Parameter = { value: number; unit: string; why: string };

const is = (value: number, unit: string, why: string): Parameter => ({ value, unit, why });
const DOCS = "https://developers.cloudflare.com";

/** What is asked of the whole. */
export const WORKLOAD = {
  callsPerDay: is(1e10, "calls/day", "100M agents, 100 calls a day each"),
  units: is(2e8, "units", "the knowledge that is searched together"),
  vectors: is(1e10, "vectors", "all collections, private ones included"),
  agents: is(1e8, "agents", "one object each"),
  peakFactor: is(8.6, "× mean", "1M calls/s at the busiest moment over a mean of 116k/s"),
  searchShare: is(0.5, "of calls", "half of the calls search, half read a unit that was found"),
  sessionShare: is(
    0.9,
    "of calls",
    "agents that call often keep a WebSocket; the rest call by HTTP",
  ),
  cacheHits: is(
    0.9,
    "of searches",
    "answered under a lease, no shard asked; an answer that is only revalidated counts as a miss",
  ),
  unitCacheHits: is(0.7, "of unit reads", "answered from an isolate's cache, no database asked"),
  unitsPerDay: is(550_000, "units/day", "200M units published or revised once a year"),
  messagesPerDay: is(
    1e8,
    "messages/day",
    "one a day and agent; outside the goal, priced on its own",
  ),
} as const;

/** What is assumed of how the whole is used and run, until it can be measured. */
export const ASSUMPTIONS = {
  publicLeavesAsked: is(BEAM, "leaves/search", "the bound of a search over more leaves than that"),
  privateLeavesAsked: is(0.5, "leaves/search", "half of the callers have a private collection"),
  passagesPerUnit: is(1.5, "passages/unit", "most units fit one passage of 256 word pieces"),
  passagesPerLeaf: is(1e6, "passages/leaf", "what one isolate holds resident with room to work"),
  leafFill: is(
    0.7,
    "of capacity",
    "a leaf that splits leaves two half full: ln 2 on average (Yao 1978)",
  ),
  shardFill: is(0.8, "of 10 GB", "a D1 database takes no new units from 8 GB on"),
  replicas: is(2, "copies", "of public leaves: one more region reads near by"),
  hotSkew: is(3, "× mean", "how much more than the mean the busiest leaf is asked"),
  dimensions: is(384, "dimensions", "MiniLM; Workers AI's bge-m3 has 1,024"),
  privateCollections: is(
    1e7,
    "collections",
    "accounts that keep vectors of their own; one object at least",
  ),
  sessionsPerAgentDay: is(
    2,
    "sessions/agent/day",
    "deployments and networks end a WebSocket now and then",
  ),
  presenceRowsPerSession: is(1, "rows/session", "presence is stored on change only"),
  agentWallMsHit: is(3, "ms", "an Agent object awake for a call that needs no shard"),
  agentWallMsMiss: is(25, "ms", "the same while leaves in the region answer"),
  leafWallFactor: is(1.5, "× CPU", "a leaf awake for a call: its CPU and the pages it reads"),
  catalogMisses: is(0.2, "of HTTP calls", "verdicts that no isolate has within its 5 seconds"),
  rowsPerVerdict: is(3, "rows", "key, principal and account"),
  rowsPerUnitRead: is(3, "rows", "unit and version, through an index"),
  cpuFactor: is(1, "× here", "a core of the platform against a core of this machine"),
  tokensPerQuery: is(14, "tokens", "a question"),
  tokensPerUnit: is(180, "tokens", "120 words"),
  logSample: is(0.01, "of HTTP calls", "head sampling of wishub-edge"),
  backups: is(1, "copies", "of everything stored, in R2; not built yet"),
  vectorizeProbes: is(4, "indexes/search", "the bound of ARCHITECTURE.md"),
  vectorizeDimensions: is(128, "dimensions", "reduced by PCA"),
} as const;

const DO = `${DOCS}/durable-objects/platform/pricing/`;
const WORKERS = `${DOCS}/workers/platform/pricing/`;
const D1 = `${DOCS}/d1/platform/pricing/`;
const VECTORIZE = `${DOCS}/vectorize/platform/pricing/`;

/** US dollars beyond what the Workers Paid plan includes, which is nothing at this size. Read in November 2026. */
export const PRICES = {
  workerRequest: is(0.3e-6, "$/request", WORKERS),
  workerCpuMs: is(0.02e-6, "$/ms", WORKERS),
  objectRequest: is(0.15e-6, "$/request", DO),
  messagesPerRequest: is(20, "messages/request", `${DO} (incoming WebSocket messages)`),
  objectGbSecond: is(12.5e-6, "$/GB-s", DO),
  objectGb: is(0.128, "GB", `${DO} (128 MB whatever an object uses)`),
  objectStorageGb: is(0.2, "$/GB-month", `${DO} (SQLite)`),
  rowWritten: is(1e-6, "$/row", `${DO} and ${D1}`),
  rowRead: is(0.001e-6, "$/row", `${DO} and ${D1}`),
  d1StorageGb: is(0.75, "$/GB-month", D1),
  queueOperation: is(0.4e-6, "$/operation", `${DOCS}/queues/platform/pricing/`),
  operationsPerMessage: is(3, "operations/message", "a write, a read and a delete of up to 64 KB"),
  r2StorageGb: is(0.015, "$/GB-month", `${DOCS}/r2/pricing/`),
  vectorizeQueried: is(0.01e-6, "$/dimension", VECTORIZE),
  vectorizeStored: is(0.05e-8, "$/dimension-month", VECTORIZE),
  embeddingToken: is(0.012e-6, "$/token", `${DOCS}/workers-ai/models/bge-m3/`),
  logEvent: is(0.6e-6, "$/event", `${DOCS}/workers/observability/logs/workers-logs/`),
} as const;

/** What the platform bounds, each per thing. */
export const LIMITS = {
  d1Bytes: is(10e9, "bytes/database", `${DOCS}/d1/platform/limits/`),
  d1Bindings: is(5_000, "databases/Worker", `${DOCS}/d1/platform/limits/`),
  d1AccountBytes: is(1e12, "bytes/account", `${DOCS}/d1/platform/limits/ (raised on request)`),
  d1QueriesPerSecond: is(
    1_000,
    "queries/s",
    `${DOCS}/d1/platform/limits/ (1 ms a query, one at a time)`,
  ),
  objectBytes: is(10e9, "bytes/object", `${DOCS}/durable-objects/platform/limits/`),
  objectRequestsPerSecond: is(1_000, "requests/s", `${DOCS}/durable-objects/reference/faq/ (soft)`),
  queueMessagesPerSecond: is(5_000, "messages/s", `${DOCS}/queues/platform/limits/`),
  vectorizeVectors: is(10e6, "vectors/index", `${DOCS}/vectorize/platform/limits/`),
  vectorizeIndexes: is(50_000, "indexes/account", `${DOCS}/vectorize/platform/limits/`),
  embeddingsPerMinute: is(
    3_000,
    "requests/min",
    `${DOCS}/workers-ai/platform/limits/ (raised on request)`,
  ),
  unitShards: is(46_656, "databases", "three digits of a unit's id (domain/units/id.ts)"),
  catalogShards: is(
    36,
    "databases",
    "one digit of an account's id (domain/accounts/credential.ts)",
  ),
} as const;

/** What `npm run model` measures on the machine it runs on; the values stand in docs/model.json. */
export const MEASURED = {
  searchCpuMs: "ms",
  hitCpuMs: "ms",
  readCpuMs: "ms",
  publishCpuMs: "ms",
  bareCpuMs: "ms",
  leafCpuMs: "ms",
  residentBytesPerPassage: "bytes",
  d1BytesPerUnit: "bytes",
  d1RowsPerUnit: "rows written/unit",
  searchBytesPerPassage: "bytes",
  searchRowsPerUnit: "rows written/unit",
  topicRowsPerUnit: "rows written/unit",
  queueMessagesPerUnit: "messages/unit",
  objectRequestsPerUnit: "requests/unit",
  catalogBytesPerAgent: "bytes/agent",
  catalogRowsPerAgent: "rows written/agent",
  objectBytesPerAgent: "bytes/object",
  rowsPerMessage: "rows written/message",
} as const;

type Known = typeof WORKLOAD & typeof ASSUMPTIONS;
export type Measured = { [name in keyof typeof MEASURED]: number };
export type Values = { [name in keyof Known]: number } & {
  [name in keyof typeof PRICES as `price.${name}`]: number;
} & { [name in keyof typeof LIMITS as `limit.${name}`]: number } & {
  [name in keyof Measured as `measured.${name}`]: number;
};

const SHARES = new Set([
  "searchShare",
  "sessionShare",
  "cacheHits",
  "unitCacheHits",
  "leafFill",
  "shardFill",
  "catalogMisses",
  "logSample",
]);

/** Whether a parameter is a share, from 0 to 1. */
export const isShare = (name: string): boolean => SHARES.has(name);

/** Every number of the model by name, with what the caller sets in place of the defaults. */
export function valuesOf(measured: Measured, overrides: Record<string, number> = {}): Values {
  const named = (parameters: Record<string, Parameter>, prefix = "") =>
    Object.entries(parameters).map(([name, { value }]) => [prefix + name, value] as const);
  const values = Object.fromEntries([
    ...named(WORKLOAD),
    ...named(ASSUMPTIONS),
    ...named(PRICES, "price."),
    ...named(LIMITS, "limit."),
    ...Object.entries(measured).map(([name, value]) => [`measured.${name}`, value] as const),
  ]);
  for (const [name, value] of Object.entries(overrides)) values[name] = value;
  return values as Values;
}

/** What is wrong with a parameter that somebody sets, or null. */
export function refusalOf(values: Values, name: string, value: number): string | null {
  if (!(name in values)) return `there is no parameter "${name}"`;
  if (!Number.isFinite(value) || value < 0) return `${name} must be a number of 0 or more`;
  if (isShare(name) && value > 1) return `${name} is a share, from 0 to 1`;
  const divides = name.startsWith("limit.") || DIVISORS.has(name);
  return divides && value === 0 ? `${name} cannot be 0` : null;
}

const DIVISORS = new Set(["leafFill", "shardFill", "passagesPerLeaf", "price.messagesPerRequest"]);
