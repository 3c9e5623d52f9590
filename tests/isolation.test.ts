import { beforeAll, expect, it } from "vitest";
import { newAccount, type TestAccount } from "./helpers.ts";

/** What one account owns, by the address of each thing. */
type Owned = { keyId: string; unitId: string; etag: string };

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
  owned = { keyId, unitId, etag: published.headers.get("ETag") ?? "" };
});

const things: [string, string, (owned: Owned) => string, object?][] = [
  ["GET", "a key", ({ keyId }) => `/v1/keys/${keyId}`],
  ["DELETE", "a key", ({ keyId }) => `/v1/keys/${keyId}`],
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
      address({ keyId: "k0_0000000000000000", unitId: "u0_00000000000000000000000000", etag: "" }),
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
