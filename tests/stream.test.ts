import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { TOKEN_LIFE_MS } from "#domain/oauth/access-token.ts";
import type { SessionState } from "#domain/sessions/state.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { connect, upgrade } from "./agent-session.ts";
import { newAccount, ORIGIN, problemOf, type TestAccount } from "./helpers.ts";
import { makeClient, tokenOf } from "./oauth.ts";

const PATH = "/v1/stream";
const get = (path: string) => ({ type: "request", method: "GET", path });

let account: TestAccount;
beforeEach(async () => {
  account = await newAccount();
});
const object = (principalId = account.principal.principalId) =>
  env.STREAM.getByName(`${account.accountId} ${principalId}`);
const names = async (): Promise<number> =>
  await runInDurableObject(object(), (_, state) => state.getWebSockets().length);

/** Makes what the object knows of who is there as old as it will be then. */
async function forward(ms: number, of = object()): Promise<void> {
  await runInDurableObject(of, (_, state) => {
    for (const socket of state.getWebSockets()) {
      const kept = socket.deserializeAttachment() as SessionState;
      kept.standing.checkedAtMs -= ms;
      if (kept.standing.endsAtMs !== null) kept.standing.endsAtMs -= ms;
      socket.serializeAttachment(kept);
    }
  });
  await evictDurableObject(of);
}

it("carries the API's operations, as whoever opened it and with what they may do", async () => {
  const reader = await account.key(["units:read"]);
  const [own, readers] = [await connect(PATH, account.apiKey), await connect(PATH, reader.apiKey)];
  const title = "Otters hold hands";
  const made = await own.ask({
    type: "request",
    method: "POST",
    path: "/v1/units",
    body: { title, body: "So as not to drift apart." },
  });
  expect(made.status).toBe(202);
  const { id } = made.body as { id: string };
  expect((await readers.ask(get(`/v1/units/${id}`))).body).toMatchObject({ title });
  const refused = await readers.ask({ ...get("/v1/search"), method: "POST", body: { query: "a" } });
  expect(refused).toMatchObject({ status: 403, body: { code: "forbidden" } });
  const stranger = await connect(PATH, (await newAccount()).apiKey);
  expect((await stranger.ask(get(`/v1/units/${id}`))).status).toBe(404);
  // What is for HTTP alone stays so.
  expect((await own.ask(get("/v1/keys"))).status).toBe(404);
  expect(await own.ask({ type: "echo", body: ["ß"] })).toMatchObject({ status: 200, body: ["ß"] });
});

it("is refused to nobody's credential, to other sites' pages, and without an upgrade", async () => {
  const as = (more: Record<string, string>) =>
    upgrade(PATH, { Authorization: `Bearer ${account.apiKey}`, ...more });
  const refused: [Promise<Response>, string][] = [
    [upgrade(PATH, {}), "unauthenticated"],
    [as({ Origin: "https://evil.example" }), "forbidden"],
    [as({ Upgrade: "h2c" }), "upgrade-required"],
    [account.call("GET", PATH), "upgrade-required"],
  ];
  for (const [answer, code] of refused) expect((await problemOf(await answer)).code).toBe(code);
  expect((await as({ Origin: ORIGIN })).status).toBe(101);
});

it("ends where the client speaks otherwise, and answers what is no request", async () => {
  const [loud, lost] = [await connect(PATH, account.apiKey), await connect(PATH, account.apiKey)];
  loud.raw("no frame");
  expect((await loud.ended).code).toBe(4400);
  expect((await lost.ask({ type: "request", method: "GET" })).status).toBe(400);
  lost.send({ type: "receive", credit: 1 });
  expect(await lost.ended).toMatchObject({
    code: 4400,
    reason: "bad-frame: a stream is given no messages",
  });
});

it("survives hibernation, and does nothing more once its key was revoked", async () => {
  const { id, apiKey } = await account.key(["units:read"]);
  const stream = await connect(PATH, apiKey);
  await evictDurableObject(object());
  expect((await stream.ask(get("/v1/units"))).status).toBe(200);
  await account.call("DELETE", `/v1/keys/${id}`);
  await forward(5_000);
  stream.send({ id: "1", ...get("/v1/units") });
  expect(await stream.ended).toEqual({ code: 4401, reason: "unauthenticated" });
});

it("ends when its token does, though nobody says anything", async () => {
  const client = await makeClient(account, { scope: "units:read" });
  const { token } = await tokenOf(client, { scope: "units:read" });
  const stream = await connect(PATH, token);
  const clients = client.id;
  const holders = [account.principal.principalId, clients].map((name) => object(name));
  for (const one of holders) {
    await forward(TOKEN_LIFE_MS, one);
    await runDurableObjectAlarm(one);
  }
  expect(await stream.ended).toEqual({ code: 4401, reason: "unauthenticated" });
});

it("costs no alarm by a key that has no end, and nothing is stored", async () => {
  await connect(PATH, account.apiKey);
  expect(await runDurableObjectAlarm(object())).toBe(false);
});

it("keeps to its number: the one that was opened first ends for a newer one", async () => {
  const first = await connect(PATH, account.apiKey);
  for (let i = 0; i < LIMITS.streamsPerPrincipalMax; i++) await connect(PATH, account.apiKey);
  expect(await first.ended).toEqual({ code: 4409, reason: "replaced" });
  expect(await names()).toBeLessThanOrEqual(LIMITS.streamsPerPrincipalMax);
});
