import { describe, expect, it } from "vitest";
import { type Principal, type Role, ROLES, type Scope, SCOPES } from "#domain/accounts/model.ts";
import { type Action, ACTIONS, FRESH_FOR_MS, refusalOf, requirementOf } from "./actions.ts";

const NOW_MS = 1_800_000_000_000;

const principal = (role: Role, scopes: readonly Scope[] = SCOPES): Principal => ({
  accountId: "a0_1",
  principalId: "p0_1",
  kind: "session",
  scopes: new Set(scopes),
  role,
  policyVersion: 0,
});
const actions = Object.keys(ACTIONS) as Action[];
const allowed = (role: Role) =>
  actions.filter((action) => refusalOf(principal(role), action, NOW_MS) === null);

describe("what a principal may do", () => {
  it("is everything for an owner with all scopes", () => {
    expect(allowed("owner")).toEqual(actions);
  });

  it("never grows from a higher role to a lower one", () => {
    for (const [i, role] of ROLES.entries()) {
      const higher = allowed(ROLES[i - 1] ?? role);
      if (role === "auditor" || role === "viewer") continue;
      expect(higher).toEqual(expect.arrayContaining(allowed(role)));
    }
    expect(allowed("viewer")).not.toContain("unit.publish");
    expect(allowed("auditor")).not.toContain("unit.publish");
  });

  it("is refused without the action's scope, whatever the role", () => {
    for (const action of actions) {
      const { scope } = requirementOf(action);
      const others = SCOPES.filter((one) => one !== scope);
      const refusal = refusalOf(principal("owner", others), action, NOW_MS);
      expect(refusal?.detail).toBe(scope && `needs the scope ${scope}`);
    }
  });

  it("lets a person see who they work with, and a key of theirs only with the scope for it", () => {
    const keyOfOwner = principal("owner", ["search"]);
    const inPerson = { ...principal("viewer", ["search"]), factor: { provenAtMs: null } };
    expect(refusalOf(keyOfOwner, "member.read", NOW_MS)?.scope).toBe("admin");
    expect(refusalOf(inPerson, "member.read", NOW_MS)).toBeNull();
  });

  it("needs a second factor proven a short while ago where that is asked of people", () => {
    const at = (provenAtMs: number | null) =>
      refusalOf({ ...principal("owner"), factor: { provenAtMs } }, "key.make", NOW_MS)?.code;
    expect(at(null)).toBe("second-factor-required");
    expect(at(NOW_MS - FRESH_FOR_MS - 1)).toBe("second-factor-required");
    expect(at(NOW_MS - FRESH_FOR_MS)).toBeUndefined();
  });
});
