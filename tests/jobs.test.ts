import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { call, problemOf } from "./helpers.ts";
import {
  announced,
  bearer,
  claimed,
  KINDS,
  made,
  newOwnerEachTime,
  owner,
  queue,
  RANKED,
  RERANK,
  say,
  shard,
  shown,
  working,
} from "./job-desk.ts";
import { asking, placeOf, randomHex, spanIn, traceOf } from "./tracing.ts";

newOwnerEachTime();

describe("a heavy job", () => {
  it("is announced, claimed, kept and done", async () => {
    const { task, job } = await working(RERANK);
    expect(job).toMatchObject({ id: task.id, kind: "rerank", input: RERANK.input, attempts: 1 });
    expect(await shown(task)).toMatchObject({ state: "working" });
    const kept = await say("heartbeat", job.ticket, { leaseMs: 30_000, progress: 0.5 });
    const { ticket } = await kept.json<{ ticket: string }>();
    expect(ticket).not.toBe(job.ticket);
    const done = await say("complete", ticket, { result: RANKED });
    expect([done.status, await done.json()]).toEqual([200, { state: "completed" }]);
    expect(await shown(task)).toMatchObject({ state: "completed" });
    // A backend that lost the answer says so again.
    expect((await say("complete", job.ticket, { result: RANKED })).status).toBe(200);
    const result = await owner.call("GET", `/v1/tasks/${task.id}/result`);
    if (result.status === 200) expect(await result.json()).toMatchObject(RANKED);
  });

  it("is announced again where its announcement was lost, also after its queue was evicted", async () => {
    await made(RERANK);
    const [lost] = await announced(1);
    await evictDurableObject(queue());
    await shard((state) => {
      state.storage.sql.exec("UPDATE wake_up SET due_at_ms = 1");
      return state.storage.setAlarm(1);
    });
    const [again] = await announced(1);
    expect(again).toEqual(lost);
    expect(await claimed(again?.secret ?? "")).not.toBeNull();
    expect((await say("claim", lost?.secret ?? "", { kinds: KINDS, leaseMs: 1_000 })).status).toBe(
      404,
    );
  });

  it("is given by priority when it is claimed, not by who was announced first", async () => {
    await made({ ...RERANK, priority: 1 });
    const [first] = await announced(1);
    const urgent = await made({ ...RERANK, priority: 9 });
    // Taken out here: it is sent whether or not anybody still needs it.
    await announced(1);
    expect(await claimed(first?.secret ?? "")).toMatchObject({ id: urgent.id });
  });

  it("stays where a backend cannot do it, and costs no attempt where none comes", async () => {
    const task = await made(RERANK);
    const [message] = await announced(1);
    expect(await claimed(message?.secret ?? "", ["ocr"])).toBeNull();
    expect(await shown(task)).toMatchObject({ state: "submitted", attempts: 0 });
    expect(await claimed(message?.secret ?? "")).toMatchObject({ id: task.id });
  });

  it("is not there for whoever comes when nothing waits any more: they need not come again", async () => {
    const untilMs = Date.now() + 60_000;
    await made({ ...RERANK, deadline: new Date(untilMs).toISOString() });
    const [message] = await announced(1);
    vi.useFakeTimers({ toFake: ["Date"], now: untilMs + 1 });
    try {
      const late = await say("claim", message?.secret ?? "", { kinds: KINDS, leaseMs: 1_000 });
      expect([late.status, (await problemOf(late)).code]).toEqual([404, "not-found"]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("is refused with an input that its kind does not take", async () => {
    for (const [body, pointer] of [
      [{ type: "rerank", input: { query: "q" } }, "/input/documents"],
      [{ type: "kmeans", input: { collection: "theirs" } }, "/input/collection"],
      [{ type: "sing", input: {} }, "/type"],
    ] as const) {
      const refused = await owner.call("POST", "/v1/tasks", { body: { pool: "gpu", ...body } });
      expect(refused.status).toBe(400);
      expect((await problemOf(refused)).errors).toMatchObject([{ pointer }]);
    }
  });
});

describe("the trace of a heavy job", () => {
  const span = (changes: object = {}) => ({
    spanId: randomHex(8),
    name: "job rerank",
    startMs: Date.now() - 20,
    endMs: Date.now(),
    isError: false,
    ...changes,
  });

  it("goes to the backend and comes back with what it did there", async () => {
    const { traceId, headers } = asking();
    const answer = await owner.call("POST", "/v1/tasks", {
      body: { pool: "gpu", ...RERANK },
      headers,
    });
    expect(answer.status).toBe(201);
    const [message] = await announced(1);
    const job = await claimed(message?.secret ?? "");
    const above = placeOf(job?.traceparent);
    expect(above).toMatchObject({ traceId, flags: "01" });
    const whole = span({ parentId: above.spanId });
    const spans = [whole, span({ parentId: whole.spanId, name: "rerank" })];
    const body = { result: RANKED, spans };
    const done = await call("POST", "/jobs/complete", {
      body,
      headers: { ...bearer(job?.ticket ?? ""), traceparent: job?.traceparent ?? "" },
    });
    expect(done.status).toBe(200);
    const parts = ["task rerank", "POST /jobs/complete", "rerank"];
    const found = await traceOf(owner, traceId, (names) =>
      parts.every((one) => names.includes(one)),
    );
    const [attempt, ran] = [spanIn(found, "attempt rerank"), spanIn(found, "job rerank")];
    expect(ran).toMatchObject({ service: "gpu-backend", parentSpanId: attempt.spanId });
    expect(spanIn(found, "rerank")).toMatchObject({ parentSpanId: ran.spanId });
    expect(spanIn(found, "POST /jobs/complete").parentSpanId).toBe(attempt.spanId);
  });

  it("is not the backend's to say: of a job that nobody traces its spans are none", async () => {
    const { job } = await working(RERANK);
    expect(job.traceparent).toBeUndefined();
    const { traceId, parent, headers } = asking();
    const done = await call("POST", "/jobs/complete", {
      body: { result: RANKED, spans: [span({ parentId: parent })] },
      headers: bearer(job.ticket),
    });
    expect(done.status).toBe(200);
    await owner.call("GET", "/v1/units", { headers });
    await traceOf(owner, traceId, (names) => names.includes("GET /v1/units"));
    const { items } = await (
      await owner.call("GET", "/v1/traces?limit=100")
    ).json<{ items: { traceId: string }[] }>();
    expect(items.map((one) => one.traceId)).toEqual([traceId]);
  });
});

describe("nobody but its holder", () => {
  it("says what came of it: no account, no made-up secret or ticket", async () => {
    const { task, job } = await working(RERANK);
    const body = { fencingToken: 1, result: RANKED };
    const own = await owner.call("POST", `/v1/tasks/${task.id}/complete`, { body });
    expect((await problemOf(own)).code).toBe("lease-lost");
    const taken = await owner.call("POST", "/v1/tasks/lease", { body: { types: ["rerank"] } });
    expect(await taken.json()).toEqual({ tasks: [] });
    for (const odd of ["", "x", owner.apiKey, `${job.ticket}x`, job.ticket.slice(1)])
      for (const what of ["heartbeat", "complete", "fail"])
        expect((await say(what, odd, { result: RANKED })).status).toBe(401);
    for (const odd of ["", "gpu.0", `account.0.${"0".repeat(32)}`, `gpu.0.${"0".repeat(31)}x`])
      expect((await say("claim", odd, { kinds: KINDS, leaseMs: 1_000 })).status).toBe(401);
    const unknown = await say("claim", `gpu.0.${"0".repeat(32)}`, { kinds: KINDS, leaseMs: 1_000 });
    expect(unknown.status).toBe(404);
    expect(await shown(task)).toMatchObject({ state: "working", attempts: 1 });
  });

  it("and not he who lost it: 409, and nothing changes", async () => {
    const { task, job: first } = await working(RERANK);
    const failed = await say("fail", first.ticket, { reason: "gave up" });
    expect(failed.status).toBe(200);
    await shard((state) => state.storage.sql.exec("UPDATE task SET until_ms = 1"));
    await evictDurableObject(queue());
    await shard((state) => state.storage.setAlarm(1));
    const [message] = await announced(1);
    const second = await claimed(message?.secret ?? "");
    expect(second).toMatchObject({ id: task.id, attempts: 2 });
    for (const [what, body] of [
      ["complete", { result: RANKED }],
      ["heartbeat", { leaseMs: 1_000 }],
      ["fail", { reason: "late" }],
    ] as const) {
      const late = await say(what, first.ticket, body);
      expect([late.status, (await problemOf(late)).code]).toEqual([409, "lease-lost"]);
    }
    const read = await call("GET", "/jobs/source", { headers: bearer(first.ticket) });
    expect(read.status).toBe(409);
    expect(await shown(task)).toMatchObject({ state: "working", attempts: 2 });
    expect((await say("complete", second?.ticket ?? "", { result: RANKED })).status).toBe(200);
    expect(await shown(task)).toMatchObject({ state: "completed", attempts: 2 });
  });
});

describe("a backend that lies", () => {
  const LIES: [string, unknown][] = [
    ["is not best first", { ...RANKED, results: RANKED.results.toReversed() }],
    ["leaves some out", { ...RANKED, results: [{ index: 0, score: 1 }] }],
    ["says null for NaN", { ...RANKED, results: [{ index: 0, score: null }] }],
    ["says nothing", {}],
    ["says no object", "done"],
  ];
  it.each(LIES)("and %s is refused, and its attempt has failed", async (_, result) => {
    const { task, job } = await working(RERANK);
    const refused = await say("complete", job.ticket, { result });
    expect((await problemOf(refused)).code).toBe("invalid-request");
    expect(await shown(task)).toMatchObject({ state: "submitted", attempts: 1 });
    const again = await say("complete", job.ticket, { result: RANKED });
    expect(again.status).toBe(409);
  });

  it("and sends what is too long is refused before it is read", async () => {
    const { job } = await working(RERANK);
    const body = `{"result":"${"x".repeat(17_000_000)}"}`;
    const headers = { ...bearer(job.ticket), "Content-Type": "application/json" };
    const refused = await call("POST", "/jobs/complete", { body, headers });
    expect((await problemOf(refused)).code).toBe("body-too-large");
  });
});
