import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { newAccount, type TestAccount } from "./helpers.ts";
import { mailbox } from "./mailbox.ts";

type State = {
  state: unknown;
  program: string | null;
  release: number;
  version: number;
  previous: { release: number }[];
};

let account: TestAccount;
let box: Awaited<ReturnType<typeof mailbox>>;
beforeEach(async () => {
  account = await newAccount();
  box = await mailbox(account);
});

const at = (what: string) => `/v1/agents/${box.id}/${what}`;
const changes = (method: string, what: string, body: object, version: number | "*") =>
  account.call(method, at(what), {
    body,
    headers: { "If-Match": version === "*" ? "*" : `"${version}"` },
  });
const state = async () => await (await account.call("GET", at("state"))).json<State>();

describe("an agent's state", () => {
  it("is nothing at first, is kept with its ETag, and survives its object's eviction", async () => {
    expect(await state()).toMatchObject({ state: null, program: null, release: 0, version: 0 });
    expect((await changes("PUT", "state", { state: { seen: [1] } }, 0)).status).toBe(200);
    await evictDurableObject(env.AGENT.getByName(box.id));
    expect(await state()).toMatchObject({ state: { seen: [1] }, version: 1 });
    expect((await changes("PUT", "state", { state: 2 }, 0)).status).toBe(412);
    const blind = await account.call("PUT", at("state"), { body: { state: 2 } });
    expect(blind.status).toBe(428);
    const large = await changes("PUT", "state", { state: "x".repeat(300_000) }, 1);
    expect(large.status).toBe(400);
  });

  it("is no business of another account, listed or not", async () => {
    const other = await newAccount();
    expect((await other.call("GET", at("state"))).status).toBe(404);
    expect((await other.call("GET", at("presence"))).status).toBe(404);
  });
});

describe("an upgrade", () => {
  it("brings program and migrated state at once, and takes back what the old program worked on", async () => {
    await changes("PUT", "state", { state: { count: 1 } }, 0);
    await box.sent({ body: "work" });
    const [held] = await box.leased();
    const upgrade = { program: "2.0", state: { counts: [1] } };
    const done = await changes("POST", "upgrade", upgrade, 1);
    expect(await done.json()).toMatchObject({ ...upgrade, release: 1, version: 2 });
    expect((await box.settle("ack", held)).status).toBe(409);
    const [again] = await box.leased();
    expect((await box.settle("ack", again)).status).toBe(200);
    // Asked for once more, by whoever did not hear the answer, it takes nothing from the new program.
    await box.sent({ body: "more" });
    const [next] = await box.leased();
    expect((await changes("POST", "upgrade", upgrade, 1)).status).toBe(200);
    expect((await box.settle("ack", next)).status).toBe(200);
  });

  it("is refused where the state has changed since it was migrated", async () => {
    await changes("PUT", "state", { state: 1 }, 0);
    expect((await changes("POST", "upgrade", { program: "2.0", state: 2 }, 0)).status).toBe(412);
    expect(await state()).toMatchObject({ state: 1, release: 0 });
  });

  it("can be taken back, with the state as it was before it", async () => {
    await changes("PUT", "state", { state: "old" }, 0);
    await changes("POST", "upgrade", { program: "2.0", state: "new" }, 1);
    await changes("PUT", "state", { state: "newer" }, 2);
    const back = await changes("POST", "roll-back", { release: 0 }, 3);
    expect(await back.json()).toMatchObject({ state: "old", release: 0, version: 4 });
    expect((await changes("POST", "roll-back", { release: 0 }, 3)).status).toBe(200);
    expect((await changes("POST", "roll-back", { release: 1 }, "*")).status).toBe(409);
  });
});

it("is present while it works on something, without anything being stored for it", async () => {
  const presence = async () => await (await account.call("GET", at("presence"))).json();
  expect(await presence()).toEqual({ isPresent: false, sessions: 0, leases: 0 });
  await box.sent({ body: "work" });
  const [held] = await box.leased();
  expect(await presence()).toEqual({ isPresent: true, sessions: 0, leases: 1 });
  await box.settle("ack", held);
  expect(await presence()).toEqual({ isPresent: false, sessions: 0, leases: 0 });
});
