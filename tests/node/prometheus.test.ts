import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Gathering } from "#domain/metrics/gathering.ts";
import { METRIC_NAMES, type MetricName, metricOf } from "#domain/metrics/names.ts";
import { exposition } from "#domain/metrics/prometheus.ts";
import { parsedExposition } from "#domain/metrics/prometheus-reader.ts";
import type { TotalRow } from "#domain/metrics/rollups.ts";

const T0 = 1_700_000_000_000;
const ODD = 'GET /v1/"units"\\{id}\n獺';

/** Every metric there is, each with a label that holds everything a label may. */
function everything(): string {
  const gathering = new Gathering();
  for (const name of METRIC_NAMES)
    for (const value of [0, 0.004, 3, 250]) {
      const labels = Object.fromEntries(metricOf(name).labels.map((label) => [label, ODD]));
      gathering.record(name, labels as never, value, T0);
    }
  return exposition(gathering.take(T0).map(([key, , cell]): TotalRow => [key, cell, 0]));
}

it("shows every metric that is declared, as a strict reader takes it", () => {
  const families = parsedExposition(everything());
  expect([...families.keys()]).toEqual(METRIC_NAMES);
  for (const [name, { samples }] of families) {
    const labels = metricOf(name as MetricName).labels;
    for (const label of labels) expect(samples[0]?.labels[label], name).toBe(ODD);
  }
});

const promtool = spawnSync("promtool", ["--version"]);
it.skipIf(promtool.error !== undefined)(
  "is taken by Prometheus' own promtool (skipped where the package prometheus is not installed)",
  () => {
    const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
      input: everything(),
      encoding: "utf8",
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
  },
);

it("has a Grafana dashboard that asks for nothing that is not measured, and for all that is", () => {
  const path = join(import.meta.dirname, "..", "..", "docs", "grafana", "wishub.json");
  const dashboard = JSON.parse(readFileSync(path, "utf8")) as {
    panels: { id: number; title: string; targets?: { expr: string; legendFormat: string }[] }[];
  };
  const asked = new Set<string>();
  for (const { title, targets = [] } of dashboard.panels)
    for (const { expr, legendFormat } of targets) {
      const names = expr.match(/wishub_\w+/g) ?? [];
      expect(names.length, title).toBeGreaterThan(0);
      for (const full of names) {
        const isHistogram = /_(?:bucket|count|sum)$/.test(full);
        const name = isHistogram ? full.replace(/_(?:bucket|count|sum)$/, "") : full;
        expect(METRIC_NAMES, `${title}: ${full}`).toContain(name);
        const { kind, labels } = metricOf(name as MetricName);
        expect(kind === "histogram", `${title}: ${full}`).toBe(isHistogram);
        expect(kind === "counter", `${title}: a counter is read by its rate`).toBe(
          !isHistogram && expr.includes(`rate(${full}`),
        );
        asked.add(name);
        const used = [
          ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, all = ""]) => all.split(", ")),
          ...[...expr.matchAll(/[{,](\w+)="/g)].map(([, label = ""]) => label),
          ...[...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label),
        ];
        for (const label of used) expect(["le", ...labels], `${title}: ${label}`).toContain(label);
      }
    }
  expect([...asked].sort()).toEqual([...METRIC_NAMES].sort());
  const ids = dashboard.panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
