import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { servicesOf } from "#adapters/index.ts";
import type { LogRecord } from "#domain/observability/log.ts";
import { newAccount } from "./helpers.ts";

it("forgets an account's traces and log, and keeps what comes later of it", async () => {
  const [owner, other] = [await newAccount(), await newAccount()];
  const line = (message: string): LogRecord => ({
    timestamp: new Date().toISOString(),
    level: "info",
    service: "http",
    traceId: null,
    spanId: null,
    message,
    data: {},
  });
  const { traces } = servicesOf(env);
  const keep = async (accountId: string, message: string) =>
    await env.TRACE.getByName(accountId).keep([], [line(message)], Date.now());
  const found = async (accountId: string) =>
    (await traces.lines(accountId, {}, null, 10)).items.map(
      (text) => (JSON.parse(text) as LogRecord).message,
    );
  for (const { accountId } of [owner, other]) await keep(accountId, "before");
  await traces.forgetAccount(owner.accountId);
  expect([await found(owner.accountId), await found(other.accountId)]).toEqual([[], ["before"]]);
  await keep(owner.accountId, "after");
  expect(await found(owner.accountId)).toEqual(["after"]);
});
