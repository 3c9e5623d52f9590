import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { Gathering, type PointRow } from "#domain/metrics/gathering.ts";
import { Host, NAME, seen, T0 } from "#domain/metrics/harness.ts";
import { PLATFORM_KEPT } from "#domain/metrics/keeping.ts";
import type { Asked } from "#domain/metrics/rollups.ts";
import { hasLabels, labelsFrom, seriesFrom, seriesKey } from "#domain/metrics/series.ts";

const withoutControls = (text: string) =>
  [...text]
    .map((char) => (char !== "\n" && /\p{Cc}/u.test(char) && char < "\u0080" ? " " : char))
    .join("");

test("a series' key says what it is of, whatever its labels hold", () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 40, unit: "binary" }),
      fc.string({ maxLength: 40 }),
      (a, b) => {
        const series = seriesFrom(seriesKey(NAME, { route: a, status: b }));
        expect(series?.name).toBe(NAME);
        expect(series?.labels["status"]).toBe(withoutControls(b));
        const again = seriesKey(NAME, series?.labels ?? {});
        expect(again).toBe(seriesKey(NAME, { route: a, status: b }));
      },
    ),
  );
  for (const wrong of [
    "",
    "other_total",
    NAME,
    `${NAME}{route="a"}`,
    `${NAME}{route="a",status="b"`,
  ])
    expect(seriesFrom(wrong), wrong).toBeNull();
});

test("labels of a query are read as Prometheus writes them, or not at all", () => {
  expect(labelsFrom('route="GET /v1/units/{id}",status="5xx"')).toEqual({
    route: "GET /v1/units/{id}",
    status: "5xx",
  });
  expect(labelsFrom("")).toEqual({});
  expect(labelsFrom('a="x\\"y"')).toEqual({ a: 'x"y' });
  for (const wrong of ["a=b", 'a="b', 'a="b"c', 'a="b" d="e"', 'a="b",a="c"', 'A="b"'])
    expect(labelsFrom(wrong), wrong).toBeNull();
  const series = { name: NAME, labels: { route: "a", status: "b" } };
  expect(hasLabels(series, { route: "a" })).toBe(true);
  expect(hasLabels(series, { route: "b" })).toBe(false);
});

describe("roll-ups", () => {
  it("show the same in seconds, minutes and hours", () => {
    const host = new Host();
    const values = Array.from({ length: 300 }, (_, i): [number, number] => [
      T0 + i * 400,
      (i % 10) / 10 + 0.1,
    ]);
    host.take(seen("GET /a", "2xx", values), T0 + 120_000);
    const of = (stepMs: number) => host.ask(stepMs, T0, T0 + 120_000)[0]?.points ?? [];
    expect(of(1_000)).toHaveLength(120);
    expect(of(60_000).map(({ count }) => count)).toEqual([150, 150]);
    const [hour] = of(3_600_000);
    expect(hour).toMatchObject({ atMs: T0, count: 300, min: 0.1, max: 1 });
    expect(hour?.sum).toBeCloseTo(300 * 0.55, 6);
    expect(hour?.p50).toBeGreaterThan(0.49);
    expect(hour?.p99).toBeGreaterThan(0.98);
  });

  it("are grouped by the labels that are asked for, and filtered by others", () => {
    const host = new Host();
    host.take(seen("GET /a", "2xx", [[T0, 1]]), T0);
    host.take(seen("GET /a", "5xx", [[T0, 2]]), T0);
    host.take(seen("GET /b", "2xx", [[T0, 3]]), T0);
    const sums = (more: Partial<Asked>) =>
      Object.fromEntries(
        host
          .ask(60_000, T0, T0 + 1, more)
          .map(({ labels, points }) => [JSON.stringify(labels), points[0]?.sum]),
      );
    expect(sums({})).toEqual({ "{}": 6 });
    expect(sums({ by: ["route"] })).toEqual({ '{"route":"GET /a"}': 3, '{"route":"GET /b"}': 3 });
    expect(sums({ labels: { status: "2xx" } })).toEqual({ "{}": 4 });
    expect(sums({ labels: { status: "4xx" } })).toEqual({});
  });

  it("lose nothing that was written when the object is made again, and what comes late joins it", () => {
    const host = new Host();
    host.take(seen("GET /a", "2xx", [[T0, 1]]), T0);
    host.write(T0);
    host.open(T0 + 1_000);
    host.take(seen("GET /a", "2xx", [[T0 + 500, 2]]), T0 + 1_000);
    host.write(T0 + 1_000);
    host.open(T0 + 2_000);
    expect(host.ask(60_000, T0, T0 + 1)[0]?.points).toMatchObject([{ count: 2, sum: 3 }]);
    expect(host.rollups.totals(T0)).toHaveLength(1);
    expect(host.rollups.totals(T0)[0]?.[1].slice(0, 2)).toEqual([2, 3]);
    expect(host.write(T0 + 2_000)).toEqual([]);
  });

  it("do not count what is far too late or of another day, and say so", () => {
    const host = new Host();
    expect(host.take(seen("GET /a", "2xx", [[T0 - 3_600_000, 1]]), T0).dropped).toBe(1);
    expect(host.take(seen("GET /a", "2xx", [[T0 + 61_000, 1]]), T0).dropped).toBe(1);
    expect(host.take([["nothing of ours", T0 / 1_000, [1, 1, 1, 1, 1]]], T0).dropped).toBe(1);
    expect(host.take([[NAME, T0 / 1_000, [Number.NaN]]], T0).dropped).toBe(1);
    expect(host.ask(60_000, T0 - 3_600_000, T0 + 120_000)).toEqual([]);
  });

  it("take no more series than they may, and forget those that were silent for a day", () => {
    const host = new Host();
    const many = (from: number, count: number, nowMs: number) =>
      host.take(
        Array.from({ length: count }, (_, i): PointRow => {
          const key = seriesKey(NAME, { route: `r${from + i}`, status: "2xx" });
          return [key, Math.floor(nowMs / 1_000), [1, 1, 1, 1, 1, 0, 1, 1]];
        }),
        nowMs,
      );
    expect(many(0, PLATFORM_KEPT.seriesMax, T0).dropped).toBe(0);
    expect(many(PLATFORM_KEPT.seriesMax, 5, T0 + 120_000).dropped).toBe(5);
    const later = many(PLATFORM_KEPT.seriesMax, 5, T0 + 86_400_000 + 180_000);
    expect([later.dropped, later.added.length]).toEqual([0, 5]);
    expect(later.forgotten).toHaveLength(PLATFORM_KEPT.seriesMax);
    expect(Math.min(...later.added.map(([id]) => id))).toBeGreaterThan(PLATFORM_KEPT.seriesMax);
  });

  it("hold in memory only what is going on", () => {
    const host = new Host();
    for (let minute = 0; minute < 180; minute++) {
      const nowMs = T0 + minute * 60_000;
      host.take(seen("GET /a", "2xx", [[nowMs, 1]]), nowMs);
      host.write(nowMs);
    }
    const endMs = T0 + 180 * 60_000;
    expect(host.ask(60_000, T0, endMs)[0]?.points).toHaveLength(180);
    expect(host.ask(3_600_000, T0, endMs)[0]?.points.map(({ count }) => count)).toEqual([
      60, 60, 60,
    ]);
    const seconds = host.ask(1_000, T0, endMs)[0]?.points ?? [];
    expect(seconds.length).toBeLessThanOrEqual(PLATFORM_KEPT.keptMs[1_000] / 60_000 + 2);
  });

  it("hold what was gathered, whoever gathered it and in whatever order it came", () => {
    const event = fc.record({
      atMs: fc.integer({ min: 0, max: 600_000 }),
      value: fc.double({ min: 0.001, max: 10, noNaN: true }),
      isolate: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 80 }), (events) => {
        const host = new Host();
        for (const isolate of [2, 0, 1]) {
          const mine = events.filter((one) => one.isolate === isolate);
          host.take(
            seen(
              "GET /a",
              "2xx",
              mine.map(({ atMs, value }) => [T0 + atMs, value]),
            ),
            T0 + 600_000,
          );
          host.write(T0 + 600_000);
          host.open(T0 + 600_000);
        }
        const points = host.ask(60_000, T0, T0 + 660_000)[0]?.points ?? [];
        for (const { atMs, count, sum } of points) {
          const mine = events.filter(
            (one) => T0 + one.atMs >= atMs && T0 + one.atMs < atMs + 60_000,
          );
          expect(count).toBe(mine.length);
          expect(sum).toBeCloseTo(
            mine.reduce((all, { value }) => all + value, 0),
            6,
          );
        }
        expect(points.reduce((all, { count }) => all + count, 0)).toBe(events.length);
      }),
      { numRuns: 50 },
    );
  });
});

describe("gathering", () => {
  it("tells each thing once, by the second, and goes on with the same meter", () => {
    const gathering = new Gathering();
    const meter = gathering.meter(NAME, { route: "GET /a", status: "2xx" });
    gathering.write(meter, 1, T0);
    gathering.write(meter, 2, T0 + 999);
    gathering.write(meter, 3, T0 + 1_000);
    const told = gathering.take(T0);
    expect(told.map(([, second, [count, sum]]) => [second, count, sum])).toEqual([
      [T0 / 1_000, 2, 3],
      [T0 / 1_000 + 1, 1, 3],
    ]);
    expect(gathering.isEmpty).toBe(true);
    gathering.write(meter, 4, T0 + 1_000);
    expect(gathering.take(T0).map(([, , [count, sum]]) => [count, sum])).toEqual([[1, 4]]);
  });

  it("counts what it has no room for and takes nothing that is no number", () => {
    const gathering = new Gathering();
    for (let i = 0; i < 10_005; i++)
      gathering.record("wishub_cpu_share", { host: `h${i}` }, 0.5, T0);
    gathering.record("wishub_cpu_share", { host: "x" }, Number.NaN, T0);
    const dropped = gathering.take(T0).find(([key]) => key.includes("dropped"));
    expect(dropped?.[2][1]).toBe(5);
  });
});

test("a count alone leaves out how what was counted is distributed: a month of all routes fits one answer", () => {
  const host = new Host();
  const values = Array.from({ length: 200 }, (_, i): [number, number] => [T0, 1.05 ** i / 100]);
  host.take(seen("GET /v1/units", "2xx", values), T0);
  const asked = { name: NAME, labels: {}, by: ["route"], fromMs: T0, toMs: T0 + 60_000 };
  const [whole] = host.rollups.groups({ ...asked, stepMs: 60_000 }) ?? [];
  const [counted] = host.rollups.groups({ ...asked, stepMs: 60_000, isCount: true }) ?? [];
  expect(whole?.points[0]?.[1].length).toBeGreaterThan(200);
  expect(counted?.points[0]?.[1]).toEqual(whole?.points[0]?.[1].slice(0, 5));
});
