import { beforeAll, expect, it } from "vitest";
import { SCOPES } from "#domain/accounts/model.ts";
import { anErasure } from "./audit-log.ts";
import { call, newAccount, problemOf, type TestAccount } from "./helpers.ts";

/** What one account owns, by the address of each thing. */
type Owned = {
  keyId: string;
  unitId: string;
  memberId: string;
  invitationId: string;
  erasureId: string;
  etag: string;
};

let owner: TestAccount;
let stranger: TestAccount;
let owned: Owned;

beforeAll(async () => {
  [owner, stranger] = [await newAccount(), await newAccount()];
  const { id: keyId } = await owner.key(["search"]);
  const published = await owner.call("POST", "/v1/units", {
    body: { title: "Ours alone", body: "A private note on tides." },
  });
  const { id: unitId } = await published.json<{ id: string }>();
  const invited = await owner.call("POST", "/v1/invitations", {
    body: { email: "somebody@example.org", role: "viewer" },
  });
  const { id: invitationId } = await invited.json<{ id: string }>();
  const { principalId: memberId } = owner.principal;
  const erasureId = await anErasure(owner);
  const etag = published.headers.get("ETag") ?? "";
  owned = { keyId, unitId, memberId, invitationId, erasureId, etag };
});

// The operations on all other things, and that none is left out, are in tests/matrix.test.ts.
const things: [string, string, (owned: Owned) => string, object?][] = [
  ["GET", "a key", ({ keyId }) => `/v1/keys/${keyId}`],
  ["DELETE", "a key", ({ keyId }) => `/v1/keys/${keyId}`],
  ["GET", "a member", ({ memberId }) => `/v1/members/${memberId}`],
  ["PATCH", "a member", ({ memberId }) => `/v1/members/${memberId}`, { role: "viewer" }],
  ["DELETE", "a member", ({ memberId }) => `/v1/members/${memberId}`],
  ["POST", "a member", ({ memberId }) => `/v1/members/${memberId}/erase`, { units: "keep" }],
  ["GET", "an erasure", ({ erasureId }) => `/v1/erasures/${erasureId}`],
  ["DELETE", "an invitation", ({ invitationId }) => `/v1/invitations/${invitationId}`],
  ["GET", "a unit", ({ unitId }) => `/v1/units/${unitId}`],
  ["GET", "a unit's versions", ({ unitId }) => `/v1/units/${unitId}/versions`],
  ["GET", "a unit's evidence", ({ unitId }) => `/v1/units/${unitId}/evidence`],
  ["PATCH", "a unit", ({ unitId }) => `/v1/units/${unitId}`, { title: "Theirs" }],
  ["DELETE", "a unit", ({ unitId }) => `/v1/units/${unitId}`],
];

it.each(things)(
  "%s of %s of another account is 404, like a thing that never was",
  async (method, _, address, body) => {
    const sent = { ...(body && { body }), headers: { "If-Match": owned.etag } };
    const foreign = await stranger.call(method, address(owned), sent);
    const absent = await stranger.call(
      method,
      address({
        keyId: "k0_0000000000000000",
        unitId: "u0_00000000000000000000000000",
        memberId: "p0_0000000000000000",
        invitationId: "l0_0000000000000000",
        erasureId: "e0_0000000000000000",
        etag: "",
      }),
      sent,
    );
    expect([foreign.status, absent.status]).toEqual([404, 404]);
    const [one, other] = await Promise.all([
      foreign.json<{ detail?: string }>(),
      absent.json<{ detail?: string }>(),
    ]);
    expect(one.detail).toBe(other.detail);
  },
);

it("leaves what a stranger tried to change as it was", async () => {
  expect((await owner.call("GET", `/v1/keys/${owned.keyId}`)).status).toBe(200);
  const unit = await owner.call("GET", `/v1/units/${owned.unitId}`);
  expect(unit.headers.get("ETag")).toBe(owned.etag);
});

it("lists only what is one's own", async () => {
  for (const path of ["/v1/keys", "/v1/units"]) {
    const list = await (await stranger.call("GET", path)).text();
    expect(list).not.toContain(owned.keyId);
    expect(list).not.toContain(owned.unitId);
    expect(await (await owner.call("GET", path)).text()).toContain(
      path === "/v1/keys" ? owned.keyId : owned.unitId,
    );
  }
});

it("exports only what is one's own", async () => {
  const exported = await (await stranger.call("GET", "/v1/units/export")).bytes();
  expect(new TextDecoder().decode(exported)).not.toContain(owned.unitId);
});

type Operation = { method: string; path: string; scope: string | undefined };

async function operations(): Promise<Operation[]> {
  const document = await (
    await call("GET", "/openapi.json")
  ).json<{
    paths: Record<string, Record<string, { "x-scope"?: string }>>;
  }>();
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      scope: operation["x-scope"],
    })),
  );
}

it("refuses every operation to a key that has all scopes but its own, before it looks at anything else", async () => {
  const scoped = (await operations()).filter(({ scope }) => scope !== undefined);
  expect(scoped.length).toBeGreaterThan(10);
  for (const missing of new Set(scoped.map(({ scope }) => scope))) {
    const { apiKey } = await owner.key(SCOPES.filter((scope) => scope !== missing));
    for (const { method, path, scope } of scoped) {
      if (scope !== missing) continue;
      const address = path.replace("{id}", owned.unitId).replace("{visibility}", "private");
      const headers = { Authorization: `Bearer ${apiKey}` };
      const answer = await call(method, address, { headers });
      expect(answer.status, `${method} ${path}`).toBe(403);
      expect((await problemOf(answer)).code).toBe("forbidden");
    }
  }
});

it("lets a key that may only search do nothing else", async () => {
  const { apiKey } = await owner.key(["search"]);
  const headers = { Authorization: `Bearer ${apiKey}` };
  const search = await call("POST", "/v1/search", { headers, body: { query: "tides" } });
  expect(search.status).toBe(200);
  for (const { method, path, scope } of await operations()) {
    if (scope === undefined || scope === "search") continue;
    const address = path.replace("{id}", owned.unitId).replace("{visibility}", "private");
    expect((await call(method, address, { headers })).status, `${method} ${path}`).toBe(403);
  }
});

it("lets nobody but the first account move the public collection", async () => {
  const body = { space: "anywhere" };
  const refused = await stranger.call("PUT", "/v1/collections/public/space", { body });
  expect([refused.status, (await problemOf(refused)).code]).toEqual([403, "forbidden"]);
});
