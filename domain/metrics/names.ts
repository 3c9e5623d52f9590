/** `counter`: adds up. `gauge`: how much there is now. `histogram`: how long or how large, with quantiles. */
export type MetricKind = "counter" | "gauge" | "histogram";
type Metric = { kind: MetricKind; labels: readonly string[]; help: string };

/**
 * Everything that is measured of the platform. RED (rate, errors, duration) is one histogram with an outcome; USE (utilisation,
 * saturation, errors) a gauge beside it. Times are in seconds and sizes in bytes, as Prometheus has it.
 */
const PLATFORM_METRICS = {
  wishub_http_request_duration_seconds: {
    kind: "histogram",
    labels: ["route", "status"],
    help: "Requests by route and class of status, protocols' operations among them",
  },
  wishub_http_requests_in_flight: {
    kind: "gauge",
    labels: [],
    help: "Requests under way in one isolate; what an isolate takes is bounded",
  },
  wishub_object_call_duration_seconds: {
    kind: "histogram",
    labels: ["class", "method", "outcome"],
    help: "Calls of objects by class and method",
  },
  wishub_queue_message_delay_seconds: {
    kind: "histogram",
    labels: ["queue"],
    help: "From sending a message to its consumer",
  },
  wishub_queue_batch_duration_seconds: {
    kind: "histogram",
    labels: ["queue", "outcome"],
    help: "Batches of messages by queue",
  },
  wishub_queue_messages_total: {
    kind: "counter",
    labels: ["queue", "delivery"],
    help: "Messages that came to a consumer, for the first time or again",
  },
  wishub_queue_backlog: {
    kind: "gauge",
    labels: ["queue"],
    help: "What waits in a queue",
  },
  wishub_tasks_total: {
    kind: "counter",
    labels: ["pool", "state"],
    help: "Tasks that came and that ended, by pool",
  },
  wishub_task_duration_seconds: {
    kind: "histogram",
    labels: ["pool", "outcome"],
    help: "From a task's last lease to its end, by pool of agents; over A2A from when it was asked for",
  },
  wishub_tasks_leased: {
    kind: "gauge",
    labels: ["queue"],
    help: "Tasks that agents work on",
  },
  wishub_pool_share: {
    kind: "gauge",
    labels: ["pool"],
    help: "How much of a pool's capacity is in use, of 1",
  },
  wishub_model_call_duration_seconds: {
    kind: "histogram",
    labels: ["model", "kind", "outcome"],
    help: "Calls of models",
  },
  wishub_model_tokens_total: {
    kind: "counter",
    labels: ["model", "kind", "direction"],
    help: "Tokens that models read and wrote",
  },
  wishub_search_duration_seconds: {
    kind: "histogram",
    labels: ["collection", "outcome"],
    help: "Searches by collection, those answered from what is kept among them",
  },
  wishub_db_query_duration_seconds: {
    kind: "histogram",
    labels: ["database", "outcome"],
    help: "Queries of D1 by shard",
  },
  wishub_db_queries_in_flight: {
    kind: "gauge",
    labels: ["database"],
    help: "Queries of D1 under way in one isolate",
  },
  wishub_cpu_share: {
    kind: "gauge",
    labels: ["host"],
    help: "Processor time in use, of 1",
  },
  wishub_memory_share: {
    kind: "gauge",
    labels: ["host"],
    help: "Memory in use, of 1",
  },
  wishub_disk_share: {
    kind: "gauge",
    labels: ["host"],
    help: "Disk in use, of 1",
  },
  wishub_usage_records_total: {
    kind: "counter",
    labels: ["outcome"],
    help: "Usage that was counted, by what became of it",
  },
  wishub_observations_dropped_total: {
    kind: "counter",
    labels: ["what"],
    help: "What was observed and could not be kept",
  },
} as const satisfies Record<string, Metric>;

/** The label that says whose a series is; nobody asks for it or sees it, as everybody sees their own only. */
export const ACCOUNT_LABEL = "account";

/**
 * What is measured of each account for itself: so many series an account as these labels have values, 16 at most.
 * `waits`: whether an answer takes as long as something to come, an agent or a model does (waiting.ts).
 */
const ACCOUNT_METRICS = {
  wishub_account_request_duration_seconds: {
    kind: "histogram",
    labels: [ACCOUNT_LABEL, "status", "waits"],
    help: "Your account's requests by class of status",
  },
  wishub_account_task_duration_seconds: {
    kind: "histogram",
    labels: [ACCOUNT_LABEL, "pool", "outcome"],
    help: "The same of the tasks that your account asks for",
  },
  wishub_account_queue_backlog: {
    kind: "gauge",
    labels: [ACCOUNT_LABEL, "queue"],
    help: "What waits in your account's own queue; of several shards the newest",
  },
} as const satisfies Record<string, Metric>;

export const METRICS = { ...PLATFORM_METRICS, ...ACCOUNT_METRICS };
export type MetricName = keyof typeof METRICS;
export type LabelsOf<N extends MetricName> = Record<(typeof METRICS)[N]["labels"][number], string>;
export type Labels = Readonly<Record<string, string>>;

/** Of the platform: what `/metrics` shows. */
export const METRIC_NAMES = Object.keys(PLATFORM_METRICS) as (keyof typeof PLATFORM_METRICS)[];
/** What every account may read of itself. */
export const ACCOUNT_METRIC_NAMES = Object.keys(
  ACCOUNT_METRICS,
) as (keyof typeof ACCOUNT_METRICS)[];
export const metricOf = (name: MetricName): Metric => METRICS[name];
export const isMetricName = (name: string): name is MetricName => Object.hasOwn(METRICS, name);
export const isAccountMetric = (name: MetricName): boolean => Object.hasOwn(ACCOUNT_METRICS, name);
/** The labels that whoever asks may name. */
export const askableLabels = (name: MetricName): readonly string[] =>
  metricOf(name).labels.filter((label) => label !== ACCOUNT_LABEL);
