import { describe, expect, it } from "vitest";
import { Gathering, type PointRow } from "#domain/metrics/gathering.ts";
import { Host, NAME, seen, T0 } from "#domain/metrics/harness.ts";
import { ACCOUNTS_KEPT, CELLS_MAX } from "#domain/metrics/keeping.ts";
import { boundedGroups } from "#domain/metrics/merged.ts";
import type { Asked } from "#domain/metrics/rollups.ts";
import { seriesKey } from "#domain/metrics/series.ts";

describe("roll-ups", () => {
  it("answer no more than one answer holds, by themselves or together", () => {
    const host = new Host();
    const steps = 250;
    const routes = CELLS_MAX / steps;
    const points = Array.from({ length: routes * steps }, (_, i): PointRow => {
      const key = seriesKey(NAME, { route: `r${i % routes}`, status: "2xx" });
      return [key, T0 / 1_000 + Math.floor(i / routes), [1, 1, 1, 1, 1, 0, 1, 1]];
    });
    host.take(points, T0 + steps * 1_000);
    const asked: Asked = {
      name: NAME,
      labels: {},
      by: ["route"],
      fromMs: T0,
      toMs: T0 + steps * 1_000,
      stepMs: 1_000,
    };
    const all = host.rollups.groups(asked);
    expect(all).toHaveLength(routes);
    expect(boundedGroups([all])).toHaveLength(routes);
    const other = seen("GET /other", "2xx", [[T0, 1]]);
    host.take(other, T0 + steps * 1_000);
    expect(host.rollups.groups(asked)).toBeNull();
    expect(host.rollups.groups({ ...asked, isCount: true })).toHaveLength(routes + 1);
    expect(host.rollups.groups({ ...asked, by: [] })).toHaveLength(1);
    expect(boundedGroups([all, null])).toBeNull();
    const one = host.rollups.groups({ ...asked, labels: { route: "GET /other" } });
    expect(boundedGroups([all, one])).toBeNull();
  });

  it("say how fast answers are of those that wait for nothing and nobody", () => {
    const host = new Host();
    host.take(seen("GET /v1/units/{id}", "2xx", [[T0, 0.1]]), T0);
    host.take(seen("POST /v1/tasks/lease", "2xx", [[T0, 20]]), T0);
    host.take(seen("POST /v1/inference/chat", "2xx", [[T0, 9]]), T0);
    host.take(seen("POST /v1/agents/{id}/release", "2xx", [[T0, 0.2]]), T0);
    const [prompt] = host.ask(60_000, T0, T0 + 1, { isPrompt: true });
    expect(prompt?.points).toMatchObject([{ count: 2, max: 0.2 }]);
  });

  it("keep accounts' series by minute and hour, and forget one account's without another's", () => {
    const host = new Host(T0, ACCOUNTS_KEPT);
    const name = "wishub_account_request_duration_seconds";
    const gathering = new Gathering(60);
    for (const account of ["a0_one", "a0_other"])
      for (let i = 0; i < 90; i++)
        gathering.record(name, { account, status: "2xx", waits: "no" }, 0.1, T0 + i * 1_000);
    const points = gathering.take(T0 + 90_000);
    expect(points).toHaveLength(4);
    host.take(points, T0 + 90_000);
    const of = (account: string, stepMs: number) =>
      host.ask(stepMs, T0, T0 + 120_000, { name, labels: { account } })[0]?.points ?? [];
    expect(of("a0_one", 60_000).map(({ count }) => count)).toEqual([60, 30]);
    expect(of("a0_one", 3_600_000).map(({ count }) => count)).toEqual([90]);
    expect(of("a0_one", 1_000)).toEqual([]);
    expect(host.rollups.hasSeen("a0_one", T0 + 60_000, T0 + 120_000)).toBe(true);
    expect(host.rollups.hasSeen("a0_one", T0 + 120_000, T0 + 240_000)).toBe(false);
    for (const id of host.rollups.forgetAccount("a0_one")) host.series.delete(id);
    host.write(T0 + 90_000);
    host.open(T0 + 100_000);
    expect(of("a0_one", 60_000)).toEqual([]);
    expect(host.rollups.hasSeen("a0_one", T0, T0 + 120_000)).toBe(false);
    expect(of("a0_other", 60_000).map(({ count }) => count)).toEqual([60, 30]);
    // Who comes back begins anew.
    gathering.record(name, { account: "a0_one", status: "2xx", waits: "no" }, 1, T0 + 100_000);
    host.take(gathering.take(T0 + 100_000), T0 + 100_000);
    expect(of("a0_one", 60_000).map(({ count }) => count)).toEqual([1]);
  });
});
