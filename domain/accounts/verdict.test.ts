import { describe, expect, it } from "vitest";
import { type CredentialRow, keyVerdict, sessionVerdict } from "#domain/accounts/verdict.ts";

const row: CredentialRow = {
  id: "k0_a",
  accountId: "a0_a",
  principalId: "p0_a",
  hash: "h",
  scopes: ["search", "keys"],
  expiresAtMs: 100,
  revokedAtMs: null,
  accountStatus: "active",
  principalStatus: "active",
  role: "member",
  policyVersion: 3,
  plan: "free",
  networks: null,
  agentId: null,
  agentType: null,
  agentState: null,
};
const session = {
  ...row,
  keyId: "k0_a",
  keyIsLive: true,
  keyExpiresAtMs: null,
  personId: null,
  factorAtMs: null,
};

it("says who a key is and what it may do", () => {
  expect(keyVerdict(row, "h", 99)?.principal).toEqual({
    accountId: "a0_a",
    principalId: "p0_a",
    keyId: "k0_a",
    kind: "key",
    scopes: new Set(["search", "keys"]),
    role: "member",
    policyVersion: 3,
    plan: "free",
    expiresAtMs: 100,
  });
});

it("grants nothing for a scope that this release does not know", () => {
  expect(keyVerdict({ ...row, scopes: ["root", "search"] }, "h", 0)?.principal.scopes).toEqual(
    new Set(["search"]),
  );
});

it("acts as the agent that a key is of", () => {
  const ofAgent = { agentId: "n0_1", agentType: "query", agentState: "paused" };
  expect(keyVerdict({ ...row, ...ofAgent }, "h", 0)?.principal).toMatchObject({
    agentId: "n0_1",
    agent: { type: "query", state: "paused" },
  });
});

describe.each<[string, Partial<CredentialRow>]>([
  ["of an agent that is gone", { agentId: "n0_1" }],
  ["of an agent of an unknown type", { agentId: "n0_1", agentType: "x", agentState: "active" }],
  ["another secret", { hash: "other" }],
  ["one that has expired", { expiresAtMs: 50 }],
  ["a revoked one", { revokedAtMs: 1 }],
  ["a suspended account", { accountStatus: "suspended" }],
  ["a suspended principal", { principalStatus: "suspended" }],
  ["a status this release does not know", { accountStatus: "frozen" }],
])("%s", (_, change) => {
  it("is refused", () => {
    expect(keyVerdict({ ...row, ...change }, "h", 50)).toBeNull();
    expect(sessionVerdict({ ...session, ...change }, "h", 50)).toBeNull();
  });
});

it("refuses a session without an end, or whose key is gone", () => {
  expect(sessionVerdict(session, "h", 50)).not.toBeNull();
  expect(sessionVerdict({ ...session, expiresAtMs: null }, "h", 50)).toBeNull();
  expect(sessionVerdict({ ...session, keyIsLive: false }, "h", 50)).toBeNull();
  expect(sessionVerdict({ ...session, keyId: null, keyIsLive: false }, "h", 50)).not.toBeNull();
});

it("lets a person's session do what their role allows now, and says when their second factor was proven", () => {
  const own = { ...session, keyId: null, keyIsLive: false, personId: "h0_a", factorAtMs: 7 };
  expect(sessionVerdict({ ...own, role: "viewer" }, "h", 50)?.principal).toMatchObject({
    personId: "h0_a",
    factor: { provenAtMs: 7 },
    scopes: new Set(["search", "units:read"]),
  });
  expect(sessionVerdict({ ...own, role: "owner" }, "h", 50)?.principal.scopes).toContain("admin");
  expect(sessionVerdict(session, "h", 50)?.principal.factor).toBeUndefined();
});
