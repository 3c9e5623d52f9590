import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { pullAnswer } from "#domain/jobs/pull.ts";
import type { JobView, SourcePage } from "#domain/jobs/protocol.ts";
import { wakeUp, type WakeUp } from "#domain/jobs/wakeup.ts";
import { bytesOf } from "#domain/shared/bytes.ts";
import { call, newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { publish, searchable, until } from "./knowledge.ts";
import { asking, placeOf, randomHex, spanIn, traceOf } from "./tracing.ts";

// The way of a heavy job to a backend and back, with the test as the backend: what it says is what any may say.

type Task = { id: string; state: string; attempts: number; reason: string | null };
const { WISHUB_JOBS_TOKEN: token } = env as Env;
const bearer = (credential: string) => ({ Authorization: `Bearer ${credential}` });
const SHARD = "shared/gpu/0";
const queue = () => env.TASK_QUEUE.getByName(SHARD);
const shard = (work: (state: DurableObjectState) => unknown) =>
  runInDurableObject(queue(), async (_, state) => void (await work(state)));

let owner: TestAccount;
beforeEach(async () => {
  await queue().depth();
  await shard(async (state) => {
    const tables = state.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'task'");
    if (tables.toArray().length > 0)
      state.storage.sql.exec("DELETE FROM task; DELETE FROM wake_up");
    await state.storage.deleteAlarm();
  });
  await evictDurableObject(queue());
  owner = await newAccount();
});

async function made(body: object): Promise<Task> {
  const answer = await owner.call("POST", "/v1/tasks", { body: { pool: "gpu", ...body } });
  expect(answer.status).toBe(201);
  return await answer.json<Task>();
}
const shown = async ({ id }: Pick<Task, "id">) =>
  await (await owner.call("GET", `/v1/tasks/${id}`)).json<Task>();

async function pulled(): Promise<WakeUp[]> {
  const body = { batch_size: 100, visibility_timeout_ms: 60_000 };
  const path = "/jobs/queue/messages/pull";
  const answer = await call("POST", path, { body, headers: bearer(token ?? "") });
  const { messages } = pullAnswer.parse(await answer.json()).result;
  return messages.map(({ body: text }) =>
    wakeUp.parse(JSON.parse(new TextDecoder().decode(bytesOf(text)))),
  );
}
/** Those that come after their outbox was relayed. */
const announced = (count: number) =>
  vi.waitFor(async () => {
    const got = await pulled();
    expect(got).toHaveLength(count);
    return got;
  });
const say = (what: string, credential: string, body: object) =>
  call("POST", `/jobs/${what}`, { body, headers: bearer(credential) });
const KINDS = ["embed.batch", "kmeans", "reembed", "rerank"];
async function claimed(secret: string, kinds = KINDS, leaseMs = 60_000): Promise<JobView | null> {
  const answer = await say("claim", secret, { kinds, leaseMs });
  expect(answer.status).toBe(200);
  return (await answer.json<{ job: JobView | null }>()).job;
}
/** A job that is ours. */
async function working(task: object): Promise<{ task: Task; job: JobView }> {
  const one = await made(task);
  const [message] = await announced(1);
  const job = await claimed(message?.secret ?? "");
  if (job === null) throw new Error("nothing was given");
  return { task: one, job };
}
const RERANK = { type: "rerank", input: { query: "q", documents: ["a", "b"] } };
const RANKED = {
  model: "m",
  results: [
    { index: 1, score: 2 },
    { index: 0, score: 1 },
  ],
};

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

describe("the collection of a job", () => {
  const read = async ({ ticket }: JobView, after?: string | null) => {
    const path = `/jobs/source${after ? `?after=${encodeURIComponent(after)}` : ""}`;
    return await call("GET", path, { headers: bearer(ticket) });
  };
  const CLUSTER = { type: "kmeans", input: { collection: "private" } };

  it("is read as vectors of length 1, of its own account's units alone", async () => {
    const other = await newAccount();
    await searchable(other, { title: "Theirs", body: "Nobody else may read this." });
    const units = await Promise.all(
      ["tides", "otters", "engines"].map((what) =>
        publish(owner, { title: what, body: `A private note on ${what}.` }),
      ),
    );
    for (const { id } of units) await until(owner, id, "searchable");
    const { job } = await working(CLUSTER);
    const page = await (await read(job)).json<SourcePage>();
    expect(page.next).toBeNull();
    expect(page.units.map(({ unitId }) => unitId).toSorted()).toEqual(
      units.map(({ id }) => id).toSorted(),
    );
    for (const { vector = "", text } of page.units) {
      const values = new Float32Array(bytesOf(vector).buffer);
      expect(values.length).toBe(page.dimensions);
      expect(Math.hypot(...values)).toBeCloseTo(1, 4);
      expect(text).toBeUndefined();
    }
  });

  it("is read as texts where the job is to embed it anew", async () => {
    await searchable(owner, { title: "Otters", body: "They hold hands while they sleep." });
    const { job } = await working({ type: "reembed", input: { collection: "private" } });
    const { units } = await (await read(job)).json<SourcePage>();
    expect(units).toMatchObject([{ text: expect.stringContaining("hold hands") }]);
    expect(units[0]?.vector).toBeUndefined();
  });

  it("is empty where nothing was published, and not there for a job that reads none", async () => {
    const { job } = await working(CLUSTER);
    const page = await (await read(job)).json<SourcePage>();
    expect(page).toMatchObject({ units: [], next: null });
    const { job: other } = await working(RERANK);
    expect((await read(other)).status).toBe(404);
  });

  it("goes on only from where a page ended, in the collection it is of", async () => {
    const { job } = await working(CLUSTER);
    for (const odd of ["x", "e30", btoa('{"space":1}')])
      expect((await read(job, odd)).status).toBe(400);
    const foreign = btoa(JSON.stringify({ space: "s@1", leaf: "public|s@1", slot: -1 }));
    expect(await (await read(job, foreign)).json()).toMatchObject({ units: [] });
  });
});
