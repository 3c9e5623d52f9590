import type { Collections } from "#sdk/client.ts";
import { api } from "#web/app/client.ts";
import {
  type Flow,
  flowsOf,
  type Level,
  levelsOf,
  type Stretch,
  stretchAt,
} from "#web/screens/map/figures.ts";

const WINDOW_SECONDS = 60;
const ROUTES_SHOWN = 8;

export type Collection = Collections["items"][number];

/** What flows where, by the metric and the label that tell it. */
const PLATFORM = {
  requests: ["wishub_http_request_duration_seconds", "route", "status"],
  objects: ["wishub_object_call_duration_seconds", "class", "outcome"],
  searches: ["wishub_search_duration_seconds", "collection", "outcome"],
  models: ["wishub_model_call_duration_seconds", "model", "outcome"],
  databases: ["wishub_db_query_duration_seconds", "database", "outcome"],
  messages: ["wishub_queue_messages_total", "queue", null],
  tasks: ["wishub_task_duration_seconds", "pool", "outcome"],
} as const;
const ACCOUNT = {
  requests: ["wishub_account_request_duration_seconds", "status", null],
  tasks: ["wishub_account_task_duration_seconds", "pool", "outcome"],
} as const;
const HOST = {
  cpu: "wishub_cpu_share",
  memory: "wishub_memory_share",
  disk: "wishub_disk_share",
} as const;

export type Part = keyof typeof PLATFORM;
type HostShare = keyof typeof HOST;

/** The whole installation for those who run it, one account for everybody else. */
export type SystemMap = {
  of: "platform" | "account";
  stretch: Stretch;
  flows: Partial<Record<Part, Flow[]>>;
  hosts: { share: HostShare; levels: Level[] }[];
};

export async function readMap(): Promise<SystemMap> {
  const { items } = await api.operation("GET /v1/metrics/names");
  const isPlatform = items.some(({ name }) => name === PLATFORM.requests[0]);
  const of = isPlatform ? "platform" : "account";
  const stretch = stretchAt(Date.now(), of);
  const metric = (name: string, by: string) =>
    api.operation("GET /v1/metrics", { query: { name, by, ...stretch } });
  const wanted = Object.entries(isPlatform ? PLATFORM : ACCOUNT);
  const flows = await Promise.all(
    wanted.map(async ([part, [name, label, failing]]) => {
      const answer = await metric(name, failing === null ? label : `${label},${failing}`);
      const all = flowsOf(answer, label, WINDOW_SECONDS);
      return [part, part === "requests" ? all.slice(0, ROUTES_SHOWN) : all] as const;
    }),
  );
  const hosts = await Promise.all(
    (isPlatform ? Object.entries(HOST) : []).map(async ([share, name]) => ({
      share: share as HostShare,
      levels: levelsOf(await metric(name, "host"), "host"),
    })),
  );
  return { of, stretch, flows: Object.fromEntries(flows), hosts };
}
