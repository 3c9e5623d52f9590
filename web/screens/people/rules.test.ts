import { expect, it } from "vitest";
import { rulesOf } from "./rules.ts";

it("reads a rule a line, whatever stands in its value", () => {
  expect(rulesOf("groups = team = viewer\n\n memberOf = CN=Admins,DC=x = admin ")).toEqual([
    { attribute: "groups", value: "team", role: "viewer" },
    { attribute: "memberOf", value: "CN=Admins,DC=x", role: "admin" },
  ]);
  // Never somebody else's group and role.
  expect(rulesOf("groups = team=admin = viewer")).toEqual([
    { attribute: "groups", value: "team=admin", role: "viewer" },
  ]);
});

it("leaves a line without a role for the schema to refuse", () => {
  expect(rulesOf("groups = admin")).toEqual([{ attribute: "groups", value: "admin", role: "" }]);
  expect(rulesOf("groups")).toEqual([{ attribute: "groups", value: "", role: "" }]);
});
