import { spawnSync } from "node:child_process";
import { expect, it, vi } from "vitest";
import { parsedExposition } from "#domain/metrics/prometheus-reader.ts";
import { killable } from "./killable.ts";

const product = killable();

type Used = { items: { operations: { operation: string; calls: number }[] }[] };
const limits = async (): Promise<number> => {
  const answer = await product.api("/v1/usage");
  if (!answer.ok) throw new Error(await answer.text());
  return ((await answer.json()) as Used).items
    .flatMap(({ operations }) => operations)
    .filter(({ operation }) => operation === "limit.read")
    .reduce((all, { calls }) => all + calls, 0);
};

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
type Trace = { spans: { spanId: string; name: string }[]; logs: { message: string }[] };
const trace = async (): Promise<Trace> => {
  const answer = await product.api(`/v1/traces/${traceId}`);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Trace;
};

it("bills once what was told before the product was killed, keeps the traces and lines that were there, and shows Prometheus what it takes", async () => {
  await product.start();
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
  expect((await product.api("/v1/units", { headers: { traceparent } })).ok).toBe(true);
  const kept = await vi.waitFor(
    async () => {
      const found = await trace();
      expect(found.spans.map(({ name }) => name)).toContain("GET /v1/units");
      expect(found.logs.map(({ message }) => message)).toEqual(["request"]);
      return found;
    },
    { timeout: 10_000, interval: 100 },
  );
  const calls = async (count: number) =>
    await Promise.all(Array.from({ length: count }, () => product.api("/v1/limits")));
  await calls(200);
  // Whoever asks has told first.
  expect(await limits()).toBe(200);
  await product.kill();
  await product.start();
  expect(await limits()).toBe(200);
  expect(await trace()).toEqual(kept);
  await calls(50);
  expect(await limits()).toBe(250);
  const answer = await product.api("/metrics");
  const page = await answer.text();
  expect(answer.status).toBe(200);
  const routes = parsedExposition(page).get("wishub_http_request_duration_seconds")?.samples;
  expect(routes?.some(({ labels }) => labels["route"] === "GET /v1/limits")).toBe(true);
  const { error, status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
    input: page,
    encoding: "utf8",
  });
  // Where the package is not installed the strict reader has looked at it.
  if (error === undefined)
    expect({ status, stdout, stderr }).toMatchObject({ status: 0, stdout: "" });
}, 180_000);
