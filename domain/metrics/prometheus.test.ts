import { expect, it } from "vitest";
import { Gathering } from "#domain/metrics/gathering.ts";
import { exposition } from "#domain/metrics/prometheus.ts";
import type { TotalRow } from "#domain/metrics/rollups.ts";
import { parsedExposition } from "#domain/metrics/prometheus-reader.ts";

const T0 = 1_700_000_000_000;
const rows = (gathering: Gathering, ageMs = 0): TotalRow[] =>
  gathering.take(T0).map(([key, , cell]) => [key, cell, ageMs]);

it("writes what a strict reader of the text format takes, labels with everything in them", () => {
  const gathering = new Gathering();
  const odd = 'GET /v1/"odd"\\path\nwith {braces}, and = signs 獺';
  for (const value of [0.0004, 0.02, 0.3, 4, 500])
    gathering.record(
      "wishub_http_request_duration_seconds",
      { route: odd, status: "2xx" },
      value,
      T0,
    );
  gathering.record("wishub_tasks_total", { pool: "gpu", state: "completed" }, 2, T0);
  gathering.record("wishub_tasks_total", { pool: "gpu", state: "completed" }, 3, T0);
  gathering.record("wishub_cpu_share", { host: "a" }, 0.25, T0);
  gathering.record("wishub_http_requests_in_flight", {}, 7, T0);
  const read = parsedExposition(exposition(rows(gathering)));
  const { samples } = read.get("wishub_http_request_duration_seconds") ?? { samples: [] };
  const bucket = (le: string) =>
    samples.find(({ name, labels }) => name.endsWith("_bucket") && labels["le"] === le)?.value;
  expect(["0.001", "0.025", "0.5", "5", "120", "+Inf"].map(bucket)).toEqual([1, 2, 3, 4, 4, 5]);
  expect(samples[0]?.labels["route"]).toBe(odd);
  expect(read.get("wishub_tasks_total")).toMatchObject({
    type: "counter",
    samples: [{ labels: { pool: "gpu", state: "completed" }, value: 5 }],
  });
  expect(read.get("wishub_http_requests_in_flight")?.samples).toMatchObject([{ value: 7 }]);
});

it("does not show for ever how much there was once", () => {
  const gathering = new Gathering();
  gathering.record("wishub_cpu_share", { host: "a" }, 0.25, T0);
  const told = rows(gathering, 300_001);
  expect(exposition(told)).toBe("");
});
