/** Counters that only grow and a histogram of durations, in Prometheus' text format (0.0.4). */
export type Metrics = ReturnType<typeof createMetrics>;

/** One line of the answer beside what is counted here: its name says the unit, its help what it is. */
export type Gauge = {
  name: string;
  help: string;
  type: "gauge" | "counter";
  values: { labels?: Record<string, string>; value: number }[];
};

/** Seconds, up to what a full queue takes. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Routes and statuses are few: whoever asks for addresses that are not there makes no new series. */
const SERIES_MAX = 200;

type Series = { route: string; status: number; count: number };
type Durations = { buckets: number[]; sum: number; count: number };

export function createMetrics() {
  const requests = new Map<string, Series>();
  const durations = new Map<string, Durations>();

  return {
    /** One answered request; `route` is one of those there are, never what a client wrote. */
    observe(route: string, status: number, seconds: number): void {
      const key = `${route} ${status}`;
      const series = requests.get(key) ?? { route, status, count: 0 };
      series.count += 1;
      if (requests.size < SERIES_MAX) requests.set(key, series);
      const of = durations.get(route) ?? { buckets: BUCKETS.map(() => 0), sum: 0, count: 0 };
      for (const [at, most] of BUCKETS.entries())
        if (seconds <= most) of.buckets[at] = (of.buckets[at] ?? 0) + 1;
      of.sum += seconds;
      of.count += 1;
      durations.set(route, of);
    },

    text: (gauges: readonly Gauge[]): string =>
      [
        ...requestLines([...requests.values()]),
        ...durationLines(durations),
        ...gauges.flatMap(({ name, help, type, values }) => [
          ...head(name, help, type),
          ...values.map(({ labels, value }) => line(name, labels, value)),
        ]),
        "",
      ].join("\n"),
  };
}

type JobCounts = { running: number; done: number; failed: number; lost: number };

/** What jobs hold and what came of them; no counts where none are pulled. */
export function jobGauges(
  { used, max }: { used(): number; max: number },
  counts: JobCounts | undefined,
): Gauge[] {
  const memory: Gauge = {
    name: "wishub_gpu_job_memory_bytes",
    help: "Memory that jobs were promised, and what there is for them.",
    type: "gauge",
    values: [
      { labels: { of: "used" }, value: used() },
      { labels: { of: "max" }, value: max },
    ],
  };
  if (counts === undefined) return [memory];
  const { running, ...ended } = counts;
  return [
    memory,
    {
      name: "wishub_gpu_jobs_running",
      help: "Jobs being done.",
      type: "gauge",
      values: [{ value: running }],
    },
    {
      name: "wishub_gpu_jobs_total",
      help: "Jobs that ended, by how.",
      type: "counter",
      values: Object.entries(ended).map(([outcome, value]) => ({ labels: { outcome }, value })),
    },
  ];
}

const head = (name: string, help: string, type: string) => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
];

function line(name: string, labels: Record<string, string> | undefined, value: number): string {
  const inside = Object.entries(labels ?? {}).map(
    ([key, text]) => `${key}=${JSON.stringify(text)}`,
  );
  return `${name}${inside.length === 0 ? "" : `{${inside.join(",")}}`} ${value}`;
}

function requestLines(series: readonly Series[]): string[] {
  const name = "wishub_gpu_requests_total";
  const lines = series.map(({ route, status, count }) =>
    line(name, { route, status: String(status) }, count),
  );
  return [...head(name, "Requests answered.", "counter"), ...lines];
}

function durationLines(durations: ReadonlyMap<string, Durations>): string[] {
  const name = "wishub_gpu_request_seconds";
  const lines = [...durations].flatMap(([route, { buckets, sum, count }]) => [
    ...buckets.map((value, at) =>
      line(`${name}_bucket`, { route, le: String(BUCKETS[at]) }, value),
    ),
    line(`${name}_bucket`, { route, le: "+Inf" }, count),
    line(`${name}_sum`, { route }, sum),
    line(`${name}_count`, { route }, count),
  ]);
  return [...head(name, "Time to answer a request.", "histogram"), ...lines];
}
