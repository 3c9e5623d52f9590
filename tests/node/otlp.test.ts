import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { readOtlpLogs, readOtlpTraces } from "#domain/observability/otlp-reader.ts";
import { commandLine } from "./command-line.ts";
import { type Launched, launch, temporaryState } from "./launched.ts";
import { ownerOf } from "./owner.ts";

// The served product with a collector beside it, which takes OTLP/HTTP in JSON as the OpenTelemetry Collector does.

const state = temporaryState();
type Taken = { path: string; type: string | undefined; auth: string | undefined; text: string };
const taken: Taken[] = [];
const collector = createServer((request, response) => {
  let text = "";
  request.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  request.on("end", () => {
    const { "content-type": type, "x-collector-key": auth } = request.headers;
    taken.push({
      path: request.url ?? "",
      type,
      auth: typeof auth === "string" ? auth : undefined,
      text,
    });
    response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
  });
});
let product: Launched;

beforeAll(async () => {
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  const origin = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  product = launch({
    state: state.path,
    port: await freePort(),
    env: {
      WISHUB_OTLP_URL: origin,
      WISHUB_OTLP_HEADERS: "x-collector-key=a%20key",
      WISHUB_EGRESS_ALLOW: origin,
    },
  });
  await product.ready();
}, 120_000);

afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  collector.close();
  state.remove();
});

it("sends a recorded trace to the operator's collector, whole and once, and nothing of how it was sent", async () => {
  const { apiKey } = ownerOf(state.path);
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const answer = await fetch(`${product.url}/v1/units`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${apiKey}`,
      "Content-Type": "application/json",
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    },
    body: JSON.stringify({ title: "Otters", body: "Otters hold hands while they sleep." }),
  });
  expect(answer.status).toBe(202);
  const spans = () =>
    taken
      .filter(({ path }) => path === "/v1/traces")
      .flatMap(({ text }) => readOtlpTraces(text))
      .filter((span) => span.traceId === traceId);
  const requests = () =>
    taken
      .filter(({ path }) => path === "/v1/logs")
      .flatMap(({ text }) => readOtlpLogs(text))
      .filter((line) => line.traceId === traceId);
  await vi.waitFor(() => {
    const names = spans().map(({ name }) => name);
    expect(names).toContain("POST /v1/units");
    expect(names).toContain("Relay insert");
    expect(requests()).not.toEqual([]);
  });
  const ids = spans().map(({ spanId }) => spanId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(spans().find(({ name }) => name === "POST /v1/units")?.parentSpanId).toBe(
    "00f067aa0ba902b7",
  );
  expect(spans().filter(({ name }) => name.startsWith("POST http://127"))).toEqual([]);
  expect(taken.every(({ type, auth }) => type === "application/json" && auth === "a key")).toBe(
    true,
  );
  expect(requests()).toMatchObject([{ severityText: "DEBUG", body: { stringValue: "request" } }]);
  expect(
    taken.map(({ path }) => path).filter((path) => !/^\/v1\/(traces|logs)$/.test(path)),
  ).toEqual([]);
  const read = await fetch(`${product.url}/v1/traces/${traceId}`, {
    headers: { Authorization: `Bearer ${apiKey}` },
  });
  expect(read.status).toBe(200);
}, 60_000);

it("shows a person its traces and its log on 80 columns, and a program all of them", async () => {
  const { says, document } = commandLine(state.path, product.url);
  const listed = await says(["traces"]);
  expect(listed).toContain("4bf92f3577b34da6a3ce929d0e0e4736");
  expect(listed).toContain("POST /v1/units");
  const { items } = await document<{ items: { traceId: string; spans: number }[] }>([
    "traces",
    "--name",
    "POST /v1/units",
  ]);
  expect(items).toMatchObject([{ traceId: "4bf92f3577b34da6a3ce929d0e0e4736" }]);
  expect(await says(["traces", "--errors"])).toBe("no traces\n");
  const tree = await says(["trace", items[0]?.traceId ?? ""]);
  const [first, ...below] = tree.split("\n");
  expect(first).toMatch(/^ +\+0 +\d+ ms {2}POST \/v1\/units +http$/);
  expect(below.some((line) => /ms {4,}Relay\.insert +http/.test(line))).toBe(true);
  const lines = await says(["logs", "--trace", items[0]?.traceId ?? ""]);
  expect(lines).toMatch(/debug {2}http {2}request {2}route="POST \/v1\/units"/);
  const { items: all } = await document<{ items: { level: string; message: string }[] }>([
    "logs",
    "--grep",
    "post /v1/units",
  ]);
  expect(all).toMatchObject([{ level: "debug", message: "request" }]);
  expect(await says(["logs", "--level", "fatal"])).toBe("no lines\n");
}, 60_000);
