import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scimError } from "./describe.ts";
import { groupPatch, patchedUser } from "./patch.ts";
import { scimFilter, scimPath } from "./path.ts";
import { personOf, type ScimUser, userFrom } from "./user.ts";

const ADA: ScimUser = {
  userName: "ada@example.com",
  externalId: "42",
  name: { givenName: "Ada", familyName: "Lovelace" },
  emails: [{ value: "ada@example.com", type: "work", primary: true }],
  active: true,
};
const patch = (...Operations: object[]) => {
  const outcome = patchedUser(ADA, { Operations });
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  return outcome.value;
};

describe("a patch of a user", () => {
  it("does what Entra sends: names in any case, flags as texts, paths as keys", () => {
    expect(patch({ op: "Replace", path: "active", value: "False" }).active).toBe(false);
    expect(patch({ op: "replace", value: { ACTIVE: false } }).active).toBe(false);
    expect(patch({ op: "Add", value: { "name.givenName": "Augusta", displayName: "A." } })).toEqual(
      {
        ...ADA,
        name: { givenName: "Augusta", familyName: "Lovelace" },
        displayName: "A.",
      },
    );
    expect(
      patch({ op: "replace", path: 'emails[type eq "work"].value', value: "x@y.z" }).emails,
    ).toEqual([{ value: "x@y.z", type: "work", primary: true }]);
    expect(
      patch({ op: "add", path: 'emails[type eq "home"].value', value: "h@y.z" }).emails,
    ).toHaveLength(2);
  });

  it("does what the protocol says of add, replace and remove", () => {
    expect(patch({ op: "add", path: "emails", value: [{ value: "b@c.d" }] }).emails).toHaveLength(
      2,
    );
    expect(patch({ op: "replace", path: "emails", value: [{ value: "b@c.d" }] }).emails).toEqual([
      { value: "b@c.d" },
    ]);
    expect(patch({ op: "remove", path: "emails[primary eq true]" }).emails).toEqual([]);
    expect(patch({ op: "remove", path: "name.familyName" }).name).toEqual({ givenName: "Ada" });
    expect(patch({ op: "remove", path: "externalId" }).externalId).toBeUndefined();
    expect(
      patch({
        op: "add",
        path: "urn:ietf:params:scim:schemas:core:2.0:User:displayName",
        value: "A",
      }).displayName,
    ).toBe("A");
  });

  it("passes over what is not kept, and does all of it or nothing", () => {
    expect(
      patch(
        { op: "add", path: "title", value: "Countess" },
        { op: "replace", path: "id", value: "x" },
      ),
    ).toEqual(ADA);
    expect(
      patch({
        op: "add",
        value: {
          "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { department: "x" },
        },
      }),
    ).toEqual(ADA);
    const pointerOf = (...Operations: object[]) => {
      const outcome = patchedUser(ADA, { Operations });
      return outcome.ok ? null : outcome.error.errors?.[0]?.pointer;
    };
    expect(pointerOf({ op: "remove", path: "userName" })).toBe("/userName");
    expect(pointerOf({ op: "move", path: "a" })).toBe("/Operations/0/op");
    expect(pointerOf({ op: "add", path: "a[b", value: 1 })).toBe("/Operations/0/path");
    expect(pointerOf({ op: "remove" })).toBe("/Operations/0/path");
    expect(pointerOf({ op: "replace", path: "active", value: "perhaps" })).toBe("/active");
    expect(pointerOf()).toBe("/Operations");
  });

  it("answers every patch there can be with a user or a reason", () => {
    const path = fc.constantFrom(
      "active",
      "name",
      "emails",
      "name.givenName",
      'emails[type eq "work"].value',
      "x",
      "",
    );
    const operation = fc.record(
      { op: fc.constantFrom("add", "replace", "remove"), path, value: fc.jsonValue() },
      { requiredKeys: ["op"] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(operation, fc.jsonValue())), (Operations) => {
        const outcome = patchedUser(ADA, { Operations });
        if (outcome.ok) expect(userFrom({ ...outcome.value })).toEqual(outcome);
        else expect(outcome.error.code).toBe("invalid-request");
      }),
      { numRuns: 500 },
    );
    const hostile = JSON.parse(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":1}}',
    ) as object;
    expect(patchedUser(ADA, { Operations: [{ op: "add", value: hostile }] }).ok).toBe(false);
    expect(patch({ op: "add", path: "constructor.prototype", value: 1 })).toEqual(ADA);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

it("patches members by what is said of them, in order", () => {
  const changeOf = (...Operations: object[]) => {
    const outcome = groupPatch({ Operations });
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
    const { cleared, added, removed } = outcome.value.members;
    return [cleared, [...added], [...removed]];
  };
  const add = (...ids: string[]) => ({
    op: "add",
    path: "members",
    value: ids.map((value) => ({ value })),
  });
  expect(changeOf(add("a", "b"), { op: "remove", path: 'members[value eq "a"]' })).toEqual([
    false,
    ["b"],
    ["a"],
  ]);
  expect(changeOf(add("a"), { op: "remove", path: "members" }, add("c"))).toEqual([
    true,
    ["c"],
    [],
  ]);
  expect(changeOf({ op: "replace", value: { members: [{ value: "d" }] } })).toEqual([
    true,
    ["d"],
    [],
  ]);
  expect(changeOf({ op: "remove", path: "members", value: [{ value: "a" }] })).toEqual([
    false,
    [],
    ["a"],
  ]);
  expect(
    groupPatch({ Operations: [{ op: "add", path: "members", value: [{ value: "../x" }] }] }).ok,
  ).toBe(false);
  expect(groupPatch({ Operations: [{ op: "replace", path: "displayName", value: "" }] }).ok).toBe(
    false,
  );
});

it("understands one comparison, and no expression that takes long", () => {
  expect(scimFilter('userName eq "a\\"b"')).toEqual({
    ok: true,
    value: { attribute: "username", value: 'a"b' },
  });
  expect(scimFilter('urn:ietf:params:scim:schemas:core:2.0:User:userName EQ "x"').ok).toBe(true);
  for (const text of [
    "",
    "userName",
    'userName sw "a"',
    'a eq "b" and c eq "d"',
    'a eq "b',
    "a eq b",
    `${" ".repeat(1_900)}x`,
  ])
    expect(scimFilter(text).ok, text).toBe(false);
  expect(scimPath('emails[type eq "work"].value')).toEqual({
    attribute: "emails",
    where: { sub: "type", value: "work" },
    sub: "value",
  });
  const startMs = performance.now();
  for (const text of ["a".repeat(1_024), `a[${" ".repeat(1_000)}`, `a[b eq "${"\\".repeat(1_000)}`])
    scimPath(text);
  expect(performance.now() - startMs).toBeLessThan(100);
});

it("calls a person as the directory does", () => {
  expect(personOf(ADA)).toEqual({ name: "Ada Lovelace", email: "ada@example.com" });
  expect(personOf({ userName: "x@y.z", active: true })).toEqual({ name: "x@y.z", email: "x@y.z" });
});

it("says what is wrong in the protocol's words", () => {
  const typeOf = (pointer: string) =>
    scimError({ code: "invalid-request", errors: [{ pointer, detail: "x" }] }, "urn:x").scimType;
  expect(
    ["#/query/filter", "/Operations/0/path", "/Operations", "/userName", ""].map(typeOf),
  ).toEqual(["invalidFilter", "invalidPath", "invalidSyntax", "invalidValue", "invalidSyntax"]);
  expect(scimError({ code: "conflict" }, "urn:x")).toMatchObject({
    status: "409",
    scimType: "uniqueness",
  });
});
