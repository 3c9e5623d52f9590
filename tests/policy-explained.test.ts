import { expect, it } from "vitest";
import type { Explained } from "#domain/policies/explain.ts";
import { call, newAccount, problemOf } from "./helpers.ts";
import { joined } from "./people-invited.ts";

it("explains what a person of the account may do, to who may read policies", async () => {
  const account = await newAccount();
  const { principalId: id } = await joined(account, "viewer");
  const unit = { type: "unit" };
  const explained = async (action: string, resource: object) => {
    const body = { action, resource, memberId: id };
    return await (await account.call("POST", "/v1/policies/explain", { body })).json<Explained>();
  };
  expect(await explained("unit.search", unit)).toMatchObject({
    decision: "allow",
    rule: "role:viewer",
  });
  expect(await explained("member.invite", { type: "member" })).toEqual({
    decision: "deny",
    rule: "scope:admin",
    reason: "needs the scope admin",
  });
  const asked = (body: object, by = account) =>
    by.call("POST", "/v1/policies/explain", {
      body: { action: "unit.read", resource: unit, ...body },
    });
  const [stranger, { apiKey }] = await Promise.all([newAccount(), account.key(["search"])]);
  expect((await asked({ memberId: id }, stranger)).status).toBe(404);
  const headers = { Authorization: `Bearer ${apiKey}` };
  const body = { action: "unit.read", resource: unit, memberId: id };
  expect((await call("POST", "/v1/policies/explain", { body, headers })).status).toBe(403);
  const both = await asked({ memberId: id, keyId: account.principal.keyId });
  expect((await problemOf(both)).errors?.[0]?.pointer).toBe("/memberId");
});
