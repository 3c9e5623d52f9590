import { describe, expect, it } from "vitest";
import { type Alert, changed, isSilenced, routesOf, summaryOf } from "./alert.ts";
import { noticeText, opsgenieRequest, pagerDutyEvent, webhookEvent } from "./payloads.ts";
import { endedWith, round, type Told, type Tracked } from "./round.ts";
import { DEFAULT_RULES, type Rule, standingRules } from "./rules.ts";
import { type Series, type Signal, SIGNALS } from "./signals.ts";

const STEP_MS = 15_000;
const STANDING = standingRules([], "platform");

/** Ten quiet minutes, an hour far above the rule's bound, ten minutes of nothing wrong; in rounds of half a minute. */
function played(rule: Rule): Told[] {
  const told: Told[] = [];
  const tracked = new Map<string, Tracked>();
  const wrong = rule.above * 1.5 + 0.001;
  for (let nowMs = 30_000; nowMs <= 80 * 60_000; nowMs += 30_000) {
    const isWrong = nowMs > 10 * 60_000 && nowMs <= 70 * 60_000;
    const value = isWrong ? wrong : rule.above / 2;
    const points = [nowMs - STEP_MS, nowMs].map((atMs) => ({ atMs, value }));
    const measured = new Map<Signal, Series[]>([
      [rule.signal, [{ labels: { of: "one" }, points }]],
    ]);
    told.push(...round(STANDING, measured, tracked, { nowMs, floorMs: 0 }));
  }
  return told;
}

describe.each(DEFAULT_RULES)("the rule $id", (rule) => {
  it("fires and clears once on a series that is wrong for an hour", () => {
    const told = played(rule).filter((one) => one.rule.id === rule.id);
    expect(told.map(({ change }) => change.to)).toEqual(["pending", "firing", "resolved"]);
    const [pending, firing] = told.map(({ change }) => change.atMs);
    expect((firing ?? 0) - (pending ?? 0)).toBeGreaterThanOrEqual(rule.forSeconds * 1_000);
  });
});

it("has the thresholds that were asked for", () => {
  const bounds = DEFAULT_RULES.map(({ signal, above }) => [signal, above]);
  expect(Object.fromEntries(bounds)).toMatchObject({
    "system.cpu": 0.8,
    "system.memory": 0.85,
    "system.disk": 0.9,
    "api.p99": 2_000,
    "api.errors": 0.01,
    "agent.p95": 30_000,
    "agent.failures": 0.05,
    "db.pool": 0.8,
    "db.p95": 500,
    "queue.backlog": 10_000,
    "queue.delay": 30_000,
  });
  expect(DEFAULT_RULES.find(({ id }) => id === "cpu-high")?.forSeconds).toBe(300);
});

describe("a round", () => {
  const cpu = (host: string, value: number, atMs: number): Series => ({
    labels: { host },
    points: [{ atMs, value }],
  });
  const now = { nowMs: 1_000, floorMs: 0 };
  const at = (all: Series[]) => new Map<Signal, Series[]>([["system.cpu", all]]);
  const immediate = standingRules(
    [
      {
        rule: { ...(DEFAULT_RULES[0] as Rule), forSeconds: 0, labels: { host: "a" } },
        version: 1,
      },
    ],
    "platform",
  );

  it("looks at each thing by itself, and only at those that its labels name", () => {
    const told = round(immediate, at([cpu("a", 0.9, 1_000), cpu("b", 0.9, 1_000)]), new Map(), now);
    expect(told.map(({ labels, change }) => [labels["host"], change.to])).toEqual([
      ["a", "pending"],
      ["a", "firing"],
    ]);
  });

  it("takes nothing for new that was looked at before it was forgotten", () => {
    const told = round(immediate, at([cpu("a", 0.9, 1_000)]), new Map(), {
      ...now,
      floorMs: 1_000,
    });
    expect(told).toEqual([]);
  });

  it("ends what a rule was saying when the rule is changed", () => {
    const tracked = new Map<string, Tracked>();
    round(immediate, at([cpu("a", 0.9, 1_000)]), tracked, now);
    expect(endedWith("cpu-high", tracked).map(({ labels }) => labels)).toEqual([{ host: "a" }]);
    expect(tracked.size).toBe(0);
  });

  it("has rules of the installation for the first account only", () => {
    const own = standingRules([], "account");
    expect(own.length).toBeGreaterThan(0);
    for (const { signal } of own) expect(SIGNALS[signal].of).toBe("account");
  });
});

const FIRING: Alert = {
  id: "alt_1",
  ruleId: "cpu-high",
  signal: "system.cpu",
  severity: "critical",
  state: "firing",
  labels: { host: "a" },
  above: 0.8,
  value: 0.93,
  sinceMs: 0,
  firedAtMs: 300_000,
  resolvedAtMs: null,
};
const RESOLVED: Alert = { ...FIRING, state: "resolved", value: 0.4, resolvedAtMs: 900_000 };
const TELLER = { publicUrl: "https://wishub.example", accountId: "a0_1" };

describe("an alert", () => {
  it("is one from pending to resolved, and forgotten where it never fired", () => {
    const rule = STANDING.find(({ id }) => id === "cpu-high");
    if (rule === undefined) throw new Error("no such rule");
    const step = (before: Alert | null, to: Told["change"]["to"], atMs: number) =>
      changed(before, { rule, labels: {}, change: { to, atMs, value: 0.9 } }, () => `alt_${atMs}`);
    const pending = step(null, "pending", 1);
    const resolved = step(step(pending, "firing", 2), "resolved", 3);
    expect(resolved).toMatchObject({
      id: "alt_1",
      state: "resolved",
      sinceMs: 1,
      firedAtMs: 2,
      resolvedAtMs: 3,
    });
    expect(step(pending, "dropped", 2)).toBeNull();
  });

  it("is silenced by rule and labels, while the silence is in force", () => {
    const silence = {
      id: "s",
      ruleId: null,
      labels: { host: "a" },
      fromMs: 10,
      untilMs: 20,
      reason: "",
    };
    expect(isSilenced(FIRING, [silence], 10)).toBe(true);
    expect(isSilenced(FIRING, [silence], 20)).toBe(false);
    expect(isSilenced(FIRING, [{ ...silence, labels: { host: "b" } }], 10)).toBe(false);
    expect(isSilenced(FIRING, [{ ...silence, ruleId: "disk-high" }], 10)).toBe(false);
  });

  it("goes where its severity and rule are wanted", () => {
    const routes = [
      { id: "all", severities: ["critical", "warning"] as const, rules: [] },
      { id: "warnings", severities: ["warning"] as const, rules: [] },
      { id: "cpu", severities: ["critical"] as const, rules: ["cpu-high"] },
      { id: "disk", severities: ["critical"] as const, rules: ["disk-high"] },
    ];
    expect(routesOf(FIRING, routes).map(({ id }) => id)).toEqual(["all", "cpu"]);
  });

  it("is told in the words of each receiver, and resolved under the same name", () => {
    expect(summaryOf(FIRING)).toBe(
      "cpu-high (host a): system.cpu is at 93.0 %, the bound is 80.0 %",
    );
    const opened = pagerDutyEvent(FIRING, TELLER);
    expect(opened).toMatchObject({
      event_action: "trigger",
      dedup_key: "wishub/a0_1/alt_1",
      payload: { severity: "critical", source: TELLER.publicUrl, component: "system.cpu" },
    });
    expect(pagerDutyEvent(RESOLVED, TELLER)).toEqual({
      event_action: "resolve",
      dedup_key: "wishub/a0_1/alt_1",
    });
    expect(opsgenieRequest(FIRING, TELLER)).toMatchObject({
      path: "",
      body: { alias: "wishub/a0_1/alt_1", priority: "P1" },
    });
    const closed = opsgenieRequest(RESOLVED, TELLER);
    expect(closed.path).toBe("/wishub%2Fa0_1%2Falt_1/close?identifierType=alias");
    expect(webhookEvent(RESOLVED)).toMatchObject({ type: "alert.resolved", data: { id: "alt_1" } });
    expect(noticeText(FIRING, TELLER).subject).toBe("CRITICAL: cpu-high");
  });

  it("fits what its receivers take, however long its labels are", () => {
    const long: Alert = { ...FIRING, labels: { host: "x".repeat(5_000) } };
    const { payload } = pagerDutyEvent(long, TELLER) as { payload: { summary: string } };
    expect(payload.summary.length).toBeLessThanOrEqual(1_024);
    const { body } = opsgenieRequest(long, TELLER) as { body: { message: string } };
    expect(body.message.length).toBeLessThanOrEqual(130);
  });
});
