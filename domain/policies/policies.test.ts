import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Principal, SCOPES } from "#domain/accounts/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { type Action, ACTIONS, requirementOf } from "./actions.ts";
import type { UnitAttributes } from "./attributes.ts";
import { explain } from "./explain.ts";
import { policyInput, type Rule } from "./model.ts";
import { checkPolicy, compile, decide } from "./policies.ts";

const HERE = { nowMs: Date.parse("2026-11-21T19:30:00Z"), address: null };
const principal: Principal = {
  accountId: "a0_1",
  principalId: "p0_1",
  keyId: "k0_1",
  kind: "key",
  scopes: new Set(SCOPES),
  role: "owner",
  policyVersion: 7,
};
const attributes: UnitAttributes = {
  visibility: "public",
  kind: "note",
  language: "en",
  tags: ["otter"],
  level: "L3",
  status: "searchable",
  authorId: "p0_1",
  own: true,
};
const unit = { type: "unit", id: "u0_1", attributes };

const rule = (id: string, effect: Rule["effect"], actions: string[], when?: string): Rule => ({
  id,
  effect,
  actions,
  ...(when !== undefined && { when }),
});
const policy = (rules: Rule[], otherwise: "allow" | "deny" = "allow") =>
  compile({ version: 7, otherwise, rules });
const decision = (
  rules: Rule[],
  otherwise: "allow" | "deny" = "allow",
  action: Action = "unit.publish",
) => decide(policy(rules, otherwise), principal, action, unit, HERE).decision;

describe("an account's policy", () => {
  it("leaves to scope and role what none of its rules speaks of", () => {
    expect(decision([])).toBe("allow");
    expect(decision([rule("r", "forbid", ["key.*"])])).toBe("allow");
    expect(decision([rule("r", "forbid", ["unit.*"], 'resource.kind == "law"')])).toBe("allow");
  });

  it("denies what no rule permits, where it says so", () => {
    expect(decision([], "deny")).toBe("deny");
    expect(decision([rule("r", "permit", ["unit.read"])], "deny")).toBe("deny");
    expect(decision([rule("r", "permit", ["unit.*"])], "deny")).toBe("allow");
    const drafts = rule("r", "permit", ["unit.*"], 'resource.visibility == "private"');
    expect(decision([drafts], "deny")).toBe("deny");
  });

  it("lets a rule that forbids beat all that permit, in whatever order they stand", () => {
    const action = fc.constantFrom("*", "unit.*", "unit.publish", "key.make");
    const when = fc.constantFrom(undefined, 'resource.kind == "note"', 'resource.kind == "law"');
    const rules = fc.array(
      fc.record({ effect: fc.constantFrom("permit", "forbid"), action, when }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(rules, fc.constantFrom("allow", "deny"), fc.gen(), (given, otherwise, gen) => {
        const made = given.map((one, i) => rule(`r${i}`, one.effect, [one.action], one.when));
        const applies = given.filter(
          ({ action: pattern, when: asked }) => pattern !== "key.make" && !asked?.includes("law"),
        );
        const forbidden = applies.some(({ effect }) => effect === "forbid");
        const permitted =
          otherwise === "allow" || applies.some(({ effect }) => effect === "permit");
        const expected = !forbidden && permitted ? "allow" : "deny";
        const order = made.map((one) => ({ one, at: gen(fc.nat) })).sort((a, b) => a.at - b.at);
        expect(decision(made, otherwise)).toBe(expected);
        expect(
          decision(
            order.map(({ one }) => one),
            otherwise,
          ),
        ).toBe(expected);
      }),
    );
  });

  it("waits for what it does not know yet, and only where that matters", () => {
    const tagged = rule("secret", "forbid", ["unit.read"], '"secret" in resource.tags');
    const named = rule("one", "forbid", ["unit.read"], 'resource.id == "u0_9"');
    const ask = (rules: Rule[], resource: { type: string; id?: string }) =>
      decide(policy(rules), principal, "unit.read", resource, HERE);
    expect(ask([tagged], { type: "unit" })).toMatchObject({ decision: "depends" });
    expect(ask([tagged], { type: "unit", id: "u0_1" })).toMatchObject({
      decision: "depends",
      rule: "policy:secret@7",
    });
    expect(ask([named], { type: "unit" }).decision).toBe("depends");
    expect(ask([named], { type: "unit", id: "u0_1" }).decision).toBe("allow");
    expect(ask([named], { type: "unit", id: "u0_9" }).decision).toBe("deny");
    const never = rule("never", "forbid", ["unit.read"]);
    expect(ask([tagged, never], { type: "unit" }).decision).toBe("deny");
  });

  it("locks nobody out of leaving, of asking why, and of mending it", () => {
    const shut = policy([rule("all", "forbid", ["*"])], "deny");
    const open = (Object.keys(ACTIONS) as Action[]).filter(
      (action) =>
        decide(
          shut,
          principal,
          action,
          { type: requirementOf(action).resource, id: "x", attributes },
          HERE,
        ).decision === "allow",
    );
    // By a protocol nothing is done that its own action does not allow.
    expect(open.sort()).toEqual([
      "a2a.use",
      "account.list",
      "account.make",
      "mcp.use",
      "member.leave",
      "person.change",
      "person.enrol",
      "person.password",
      "person.read",
      "policy.change",
      "policy.explain",
      "policy.read",
      "session.end",
      "session.prove",
      "session.read",
      "session.switch",
    ]);
  });

  it("takes a stored rule that it cannot read for one that forbids, never for one that permits", () => {
    expect(decision([rule("r", "forbid", ["unit.*"], "resource.gone == 1")])).toBe("deny");
    expect(decision([rule("r", "permit", ["unit.*"], "resource.gone == 1")], "deny")).toBe("deny");
  });

  it("widens nothing: scope and role are asked first", () => {
    const permitted = policy([rule("all", "permit", ["*"])], "deny");
    const viewer: Principal = { ...principal, role: "viewer", scopes: new Set(["search"]) };
    const said = (action: Action) => explain(permitted, viewer, action, unit, HERE);
    expect(said("unit.publish")).toMatchObject({ decision: "deny", rule: "scope:units:write" });
    expect(said("unit.search")).toMatchObject({ decision: "allow", rule: "policy:all@7" });
    const reader: Principal = { ...principal, role: "viewer" };
    const because = explain(permitted, reader, "unit.publish", unit, HERE);
    expect(because).toMatchObject({ decision: "deny", rule: "role:member" });
  });

  it("takes an address that nobody tells for one that a rule forbids, never for one that it permits", () => {
    const office = 'inNetwork(request.address, "192.0.2.0/24")';
    const ask = (rules: Rule[], otherwise: "allow" | "deny", address: string | null) =>
      decide(policy(rules, otherwise), principal, "unit.read", unit, { ...HERE, address }).decision;
    const outside = [rule("outside", "forbid", ["unit.*"], `!${office}`)];
    const inside = [rule("inside", "permit", ["unit.*"], office)];
    for (const [rules, otherwise] of [
      [outside, "allow"],
      [inside, "deny"],
    ] as const) {
      expect(ask(rules, otherwise, "192.0.2.9")).toBe("allow");
      expect(ask(rules, otherwise, "198.51.100.9")).toBe("deny");
      expect(ask(rules, otherwise, null)).toBe("deny");
    }
  });

  it("tells a refused caller the rule's own reason", () => {
    const said = policy([{ ...rule("r", "forbid", ["unit.*"]), reason: "Ask the librarian." }]);
    expect(explain(said, principal, "unit.read", unit, HERE)).toEqual({
      decision: "deny",
      rule: "policy:r@7",
      reason: "Ask the librarian.",
    });
  });
});

describe("a policy is refused", () => {
  const problems = (rules: unknown[]) => {
    const parsed = policyInput.safeParse({ rules });
    if (!parsed.success) return parsed.error.issues.map(({ path }) => `/${path.join("/")}`);
    const checked = checkPolicy(parsed.data);
    return checked.ok ? [] : (checked.error.errors ?? []).map(({ pointer }) => pointer);
  };
  const good = { id: "r", effect: "forbid", actions: ["unit.*"] };

  it.each<[string, unknown[], string]>([
    ["for an action that is none", [{ ...good, actions: ["unit.fly"] }], "/rules/0/actions/0"],
    ["for two rules of one name", [good, good], "/rules/1/id"],
    ["for a condition that is none", [{ ...good, when: "1 ==" }], "/rules/0/when"],
    [
      "for a condition that its action cannot answer",
      [{ ...good, actions: ["unit.*", "key.make"], when: "resource.own" }],
      "/rules/0/when",
    ],
    [
      "for rules that together ask too much of one request",
      Array.from({ length: LIMITS.policyRulesMax }, (_, i) => ({
        ...good,
        id: `r-${i}`,
        when: 'resource.tags.exists(t, t == "a" || t == "b")',
      })),
      "/rules",
    ],
  ])("%s", (_, rules, pointer) => {
    expect(problems(rules)).toContain(pointer);
  });

  it("but not for asking every action about the caller", () => {
    expect(
      problems([
        { ...good, actions: ["*"], when: 'principal.kind == "key" && resource.id != "x"' },
      ]),
    ).toEqual([]);
  });
});
