import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "#domain/shared/limits.ts";
import { conditionFrom, type ConditionFacts } from "./condition.ts";

const facts: ConditionFacts = {
  principal: {
    id: "p0_1",
    kind: "key",
    role: "member",
    keyId: "k0_1",
    clientId: "",
    agentId: "",
    scopes: ["search"],
  },
  resource: {
    type: "unit",
    id: "u0_1",
    visibility: "public",
    kind: "note",
    language: "en",
    tags: ["internal-hr", "otter"],
    level: "L3",
    status: "searchable",
    authorId: "p0_1",
    own: true,
  },
  request: { time: new Date("2026-11-21T19:30:00Z"), address: "192.0.2.7" },
};

function holds(source: string): boolean {
  const condition = conditionFrom(source);
  if (!condition.ok) throw new Error(condition.error);
  return condition.value.holds(facts);
}

it.each<[string, boolean]>([
  ['principal.role == "member"', true],
  ['principal.kind in ["session", "token"]', false],
  ['resource.visibility == "public" && "otter" in resource.tags', true],
  ['resource.tags.exists(tag, tag.startsWith("internal-"))', true],
  ['resource.tags.all(tag, tag.startsWith("internal-"))', false],
  ["resource.authorId != principal.id", false],
  ['resource.level < "L4"', true],
  ["!resource.own || resource.tags.size() > 1", true],
  ["request.time.getHours() >= 18", true],
  ['request.time > timestamp("2027-01-01T00:00:00Z")', false],
  ['principal.keyId == "" ? false : true', true],
  ['inNetwork(request.address, "192.0.2.0/24")', true],
  ['inNetwork(request.address, "10.0.0.0/8")', false],
])("%s", (source, expected) => {
  expect(holds(source)).toBe(expected);
});

describe("a condition is refused", () => {
  it.each([
    ["that is none", "resource.kind =="],
    ["that is no question", "resource.kind"],
    ["about what nobody has", "resource.owner == principal.id"],
    ["that compares what cannot be compared", 'resource.own == "yes"'],
    ["with a regular expression", 'resource.kind.matches("(a+)+$")'],
    ["that counts", "1 + 1 == 2"],
    ["with a map", '{"a": true}.a'],
    ["that goes through a list in a list", "resource.tags.all(a, resource.tags.exists(b, a == b))"],
    ["that makes a list", "resource.tags.map(t, t).size() > 0"],
    ["with a time zone", 'request.time.getHours("Asia/Tokyo") < 8'],
    ["about the machinery", 'principal.constructor == "x"'],
    ["about everything at once", "resource == resource"],
    ["with a time from text that is not written down", "timestamp(resource.kind) < request.time"],
    ["that asks too much", `resource.tags.exists(t, ${Array(30).fill('t == "a"').join(" || ")})`],
    ["that nests too deep", `${"(".repeat(200)}true${")".repeat(200)}`],
    ["that reads through brackets", 'resource["visibility"] == "public"'],
    ["about a network that is none", 'inNetwork(request.address, "10.0.0.1/8")'],
    ["about a network that is not written down", "inNetwork(request.address, resource.kind)"],
    ["that binds", "cel.bind(x, true, x)"],
  ])("%s", (_, source) => {
    const condition = conditionFrom(source);
    expect(condition.ok).toBe(false);
    if (!condition.ok) expect(condition.error).toMatch(/\S/);
  });
});

it("never throws at a text, and never costs more than one rule may", () => {
  const words = [
    ..."()[].,!=<>&|?:".split(""),
    '"a"',
    "1",
    "true",
    "resource.tags",
    "resource.kind",
    "principal.role",
    ".exists(t, ",
    ".all(t, ",
    ".size()",
    " in ",
    "t",
    "&&",
    "||",
    "==",
  ];
  const source = fc
    .array(fc.constantFrom(...words), { maxLength: 60 })
    .map((parts) => parts.join(" ").slice(0, LIMITS.policyConditionCharsMax));
  fc.assert(
    fc.property(fc.oneof(source, fc.string({ maxLength: 500 })), (text) => {
      const condition = conditionFrom(text);
      if (!condition.ok) return;
      expect(condition.value.cost).toBeLessThanOrEqual(LIMITS.policyConditionCostMax);
      expect(typeof condition.value.holds(facts)).toBe("boolean");
    }),
    { numRuns: 2_000 },
  );
});

it("says which fields of the resource it needs", () => {
  const condition = conditionFrom('resource.type == "unit" && resource.id != "" && resource.own');
  expect(condition.ok && [...condition.value.fields].sort()).toEqual(["id", "own"]);
});
