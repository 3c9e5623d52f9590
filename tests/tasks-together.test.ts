import { beforeEach, describe, expect, it } from "vitest";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { type Desk, newDesk, ok, type Task } from "./task-desk.ts";

let owner: TestAccount;
let post: Desk["post"];
let batch: Desk["batch"];
let lease: Desk["lease"];
let say: Desk["say"];
let show: Desk["show"];
beforeEach(async () => {
  ({ owner, post, batch, lease, say, show } = await newDesk());
});

describe("a batch of tasks", () => {
  it("is given out in the order of what depends on what", async () => {
    const [last, first, middle] = await batch([
      { ref: "last", dependsOn: ["first", "middle"] },
      { ref: "first" },
      { ref: "middle", dependsOn: ["first"] },
    ]);
    expect(last).toMatchObject({ ref: "last", state: "submitted" });
    for (const due of [first, middle, last]) {
      const [given, ...none] = await lease();
      expect([given?.id, none]).toEqual([due?.id, []]);
      if (given !== undefined) await say("complete", given, { result: null });
    }
    expect(await show(last?.id ?? "")).toMatchObject({ state: "completed" });
  });

  it("cancels what comes after one that failed, all the way, and says why", async () => {
    const [a, b, c] = await batch([
      { ref: "a" },
      { ref: "b", dependsOn: ["a"] },
      { ref: "c", dependsOn: ["b"] },
    ]);
    const [given] = await lease();
    expect(given?.id).toBe(a?.id);
    if (given !== undefined) await say("fail", given, { final: true, reason: "no such lake" });
    expect(await show(a?.id ?? "")).toMatchObject({ state: "failed", cause: "refused" });
    for (const after of [b, c])
      expect(await show(after?.id ?? "")).toMatchObject({
        state: "canceled",
        cause: "dependency",
        reason: expect.stringContaining("comes after"),
      });
    // Tried again, it is done; what was canceled with it can be named, too.
    const named = { ids: [b?.id ?? "", a?.id ?? ""] };
    expect(await ok(post("/v1/queues/account/redrive", named))).toEqual({ redriven: 2 });
    expect((await lease()).map(({ id }) => id)).toEqual([a?.id]);
  });

  it("is refused as a whole where it contradicts itself, with the place", async () => {
    const refused = async (tasks: object[]) => {
      const body = { tasks: tasks.map((one) => ({ type: "step", input: 1, ...one })) };
      return await problemOf(await post("/v1/tasks/batch", body));
    };
    const circle = [
      { ref: "a", dependsOn: ["b"] },
      { ref: "b", dependsOn: ["a"] },
    ];
    expect(await refused(circle)).toMatchObject({
      code: "invalid-request",
      errors: [{ pointer: "/tasks/0/dependsOn", detail: "comes after itself: a after b after a" }],
    });
    expect(await refused([{ ref: "a", dependsOn: ["z"] }])).toMatchObject({
      errors: [{ pointer: "/tasks/0/dependsOn/0" }],
    });
    expect(await refused([{}, { deadline: "2020-01-01T00:00:00Z" }])).toMatchObject({
      errors: [{ pointer: "/tasks/1/deadline" }],
    });
    const gpu = { pool: "gpu", type: "knn", input: { collection: "private", unitIds: ["u"] } };
    expect(await refused([{}, gpu])).toMatchObject({ errors: [{ pointer: "/tasks/1/pool" }] });
    expect(await lease()).toEqual([]);
  });

  it("is completed together, each with its own outcome", async () => {
    await batch([{}, {}]);
    const [one, two] = await lease();
    const late = { id: two?.id, fencingToken: (two?.fencingToken ?? 0) + 1, result: 1 };
    const body = {
      tasks: [
        { id: one?.id, fencingToken: one?.fencingToken, result: [1] },
        late,
        { ...late, id: "tsk_x" },
      ],
    };
    const { results } = await ok<{ results: object[] }>(post("/v1/tasks/complete", body));
    expect(results).toMatchObject([
      { id: one?.id, state: "completed" },
      { id: two?.id, code: "lease-lost" },
      { code: "not-found" },
    ]);
  });
});

describe("the list of tasks", () => {
  it("shows all, the newest first, page by page, and what is asked for", async () => {
    const made = [];
    for (let i = 0; i < 5; i++) made.push(...(await batch([{ type: i % 2 ? "odd" : "even" }])));
    const newest = made.map(({ id }) => id).toReversed();
    const seen: string[] = [];
    let next = "";
    do {
      const page = await ok<{ items: Task[]; nextCursor: string | null }>(
        owner.call("GET", `/v1/tasks?limit=2${next}`),
      );
      seen.push(...page.items.map(({ id }) => id));
      next = page.nextCursor === null ? "" : `&cursor=${page.nextCursor}`;
    } while (next !== "");
    expect(seen).toEqual(newest);
    const only = async (query: string) =>
      (await ok<{ items: Task[] }>(owner.call("GET", `/v1/tasks?${query}`))).items.map(
        ({ id }) => id,
      );
    expect(await only("type=odd")).toEqual([made[3]?.id, made[1]?.id]);
    const [given] = await lease(1, ["odd"]);
    expect(await only("state=working")).toEqual([given?.id]);
    expect(await only("state=submitted&type=odd")).toEqual([made[3]?.id]);
    expect(await only("state=failed")).toEqual([]);
    expect((await problemOf(await owner.call("GET", "/v1/tasks?cursor=no!"))).code).toBe(
      "invalid-request",
    );
    const stranger = await newAccount();
    expect(await (await stranger.call("GET", "/v1/tasks")).json()).toEqual({
      items: [],
      nextCursor: null,
    });
  });
});

describe("a queue", () => {
  it("gives out nothing while it is paused, and takes nothing while it drains", async () => {
    await batch([{}]);
    expect(await ok(post("/v1/queues/account/pause", {}))).toMatchObject({
      mode: "paused",
      waiting: 1,
    });
    expect(await lease()).toEqual([]);
    await ok(post("/v1/queues/account/resume", {}));
    const [given] = await lease();
    await ok(post("/v1/queues/account/drain", {}));
    const refused = await post("/v1/tasks", { type: "step", input: 1 });
    expect((await problemOf(refused)).code).toBe("queue-closed");
    expect(refused.headers.get("Retry-After")).not.toBeNull();
    if (given !== undefined) expect((await say("complete", given, { result: 1 })).status).toBe(200);
    await ok(post("/v1/queues/account/resume", {}));
    const { items } = await ok<{ items: object[] }>(owner.call("GET", "/v1/queues"));
    expect(items).toMatchObject([
      { pool: "account", mode: "open", waiting: 0, leased: 0, oldestAt: null },
      { pool: "gpu", mode: "open" },
    ]);
    const shared = await post("/v1/queues/gpu/pause", {});
    expect((await problemOf(shared)).code).toBe("forbidden");
  });
});
