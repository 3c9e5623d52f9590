import { createExecutionContext, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { perform } from "#workers/http/app.ts";
import { servicesOf } from "#adapters/index.ts";
import { hourOf, type UseRow } from "#domain/usage/use.ts";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { append, batchOf, collector, lines, owner, used } from "./usage-log.ts";

describe("what an account uses", () => {
  it("is every call by operation, and what failed costs nothing", async () => {
    for (let i = 0; i < 3; i++) await owner.call("GET", "/v1/limits");
    await owner.call("GET", "/v1/units/absent");
    expect(await lines()).toEqual([
      { operation: "limit.read", caller: "service", calls: 3, failed: 0, units: 3 },
      { operation: "unit.read", caller: "service", calls: 1, failed: 1, units: 0 },
    ]);
    const { total } = await used();
    expect(total).toEqual({ calls: 5, failed: 1, units: 4 });
  });

  it("is nobody else's, and counts nobody who has not signed in", async () => {
    const other = await newAccount();
    await owner.call("GET", "/v1/limits");
    await owner.call("GET", "/v1/limits", { headers: { Authorization: "Bearer nothing" } });
    expect(await lines(other)).toEqual([]);
    expect((await lines()).map(({ calls }) => calls)).toEqual([1]);
  });

  it("is the same operation by whatever protocol it comes, and the way there costs nothing", async () => {
    const context = createExecutionContext();
    const asked = { method: "GET", path: "/v1/pools", isCounted: true };
    expect((await perform(env, context, owner.principal, asked)).status).toBe(200);
    await owner.call("POST", "/mcp", { body: { jsonrpc: "2.0", id: 1, method: "ping" } });
    const [mcp, pools] = await lines();
    expect(mcp).toMatchObject({ operation: "mcp.use", units: 0 });
    expect(pools).toMatchObject({ operation: "pool.read", calls: 1, units: 1 });
  });

  it("is counted once though it is told twice, late or out of order", async () => {
    const [first, second, third] = [batchOf(0, 1), batchOf(0, 10), batchOf(0, 100)];
    for (const batch of [third, first, third, second, first, first, second]) await append(batch);
    expect((await lines()).map(({ calls }) => calls)).toEqual([111]);
    await append(second);
    expect((await lines()).map(({ calls }) => calls)).toEqual([111]);
  });

  it("is read again from the log where what added it up was cut off", async () => {
    await append(batchOf(0, 5));
    expect((await lines()).map(({ calls }) => calls)).toEqual([5]);
    await evictDurableObject(collector());
    await append(batchOf(0, 7));
    expect((await lines()).map(({ calls }) => calls)).toEqual([12]);
    await runDurableObjectAlarm(collector());
    await evictDurableObject(collector());
    expect((await lines()).map(({ calls }) => calls)).toEqual([12]);
  });

  it("is forgotten with its account, and another's is not", async () => {
    const other = await newAccount();
    const uses = [owner, other].map(({ accountId }): UseRow => [
      accountId,
      "agent",
      "unit.search",
      hourOf(Date.now()),
      3,
      0,
      3,
    ]);
    await append(batchOf(0, 3, { uses }));
    const sealedHour = { hourMs: hourOf(Date.now()) - 7_200_000, uses: [] };
    await env.USAGE.getByName(owner.accountId).keep(0, [sealedHour]);
    await servicesOf(env).usage.forgetAccount(owner.accountId);
    await evictDurableObject(collector());
    const found = async ({ accountId }: TestAccount) =>
      await servicesOf(env).usage.hours(accountId, 0, Date.now());
    expect(await found(owner)).toEqual([]);
    expect(await found(other)).toMatchObject([{ uses: [["agent", "unit.search", 3, 0, 3]] }]);
  });

  it("is shown by day, and asked for with what is wrong named", async () => {
    await append(batchOf(0, 3));
    const answer = await used("?step=day");
    expect(answer.items.flatMap(({ operations }) => operations)[0]?.calls).toBeGreaterThan(0);
    for (const [query, pointer] of [
      ["?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "#/query/from"],
      ["?from=2020-01-02T00:00:00Z", "#/query/from"],
      ["?step=year", "#/query/step"],
    ]) {
      const wrong = await owner.call("GET", `/v1/usage${query}`);
      expect([wrong.status, (await problemOf(wrong)).errors?.[0]?.pointer]).toEqual([400, pointer]);
    }
  });
});
