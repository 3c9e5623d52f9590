import fc from "fast-check";
import { expect, it } from "vitest";
import { base64Of } from "#domain/shared/bytes.ts";
import { ATTEMPT_LIFE_MS, attemptCookie, attemptOf, ownPath } from "./attempt.ts";
import { attributesOf, GIVEN_ROLES, roleOf } from "./roles.ts";

const URL_OF_OURS = "https://hub.example";
const NOW_MS = 1_800_000_000_000;

it("gives the role of the first rule that fits, else the default one, and never an owner's", () => {
  const rules = [
    { attribute: "groups", value: "security", role: "auditor" as const },
    { attribute: "groups", value: "staff", role: "member" as const },
    { attribute: "realm_access.roles", value: "boss", role: "admin" as const },
  ];
  const of = (claims: Record<string, unknown>) => roleOf(rules, null, attributesOf(claims));
  expect(of({ groups: ["staff", "security"] })).toBe("auditor");
  expect(of({ groups: "staff" })).toBe("member");
  expect(of({ realm_access: { roles: ["boss"] } })).toBe("admin");
  expect(of({ groups: ["Staff", "staff2"], realm_access: "boss" })).toBeNull();
  expect(roleOf(rules, "viewer", attributesOf({}))).toBe("viewer");
  expect(GIVEN_ROLES).not.toContain("owner");
});

it("reads any claims there can be, a bounded number of them", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (claims) => {
      const attributes = attributesOf(claims);
      expect(attributes.size).toBeLessThanOrEqual(500);
      for (const values of attributes.values())
        for (const value of values) expect(typeof value).toBe("string");
    }),
  );
  const deep = JSON.parse(`${`{"a":`.repeat(500)}1${"}".repeat(500)}`) as Record<string, unknown>;
  expect(attributesOf(deep).size).toBeLessThanOrEqual(1);
});

it("comes back to no other site, whatever a link asks for", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.webUrl(),
    fc
      .tuple(fc.constantFrom("/", "//", "/\\", "\\/", "/\t/", "/%2f/", "/./", "@"), fc.webUrl())
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(hostile, (wanted) => {
      const path = ownPath(wanted, URL_OF_OURS);
      expect(path.startsWith("/")).toBe(true);
      expect(new URL(path, URL_OF_OURS).origin).toBe(URL_OF_OURS);
    }),
    { numRuns: 1_000 },
  );
  for (const wanted of [
    "/.//evil.example",
    "/a/..//evil.example/x",
    "/%2e//evil.example",
    "/\\evil.example",
  ])
    expect(ownPath(wanted, URL_OF_OURS), wanted).toBe("/");
  expect(ownPath("/docs?a=b", URL_OF_OURS)).toBe("/docs?a=b");
  expect(ownPath(null, URL_OF_OURS)).toBe("/");
});

const ring = {
  blindIndex: async (purpose: string, text: string) =>
    base64Of(
      new Uint8Array(
        await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`ours ${purpose} ${text}`)),
      ),
    ),
};
const begun = {
  providerId: "f0_a",
  state: "s",
  nonce: "n",
  codeVerifier: "v",
  returnTo: "/é",
  atMs: NOW_MS,
};

it("finds the sign-in that this browser has begun with this provider, while it lasts", async () => {
  const cookie = await attemptCookie(ring, begun, "f0_a", URL_OF_OURS);
  expect(cookie).toMatch(/; Path=\/sso\/f0_a; HttpOnly; SameSite=Lax; Max-Age=900; Secure$/);
  const header = `other=1; ${cookie.split(";")[0]}`;
  const found = (at: string | null, providerId: string, nowMs: number) =>
    attemptOf(ring, at, providerId, nowMs);
  expect(await found(header, "f0_a", NOW_MS)).toEqual(begun);
  expect(await found(header, "f0_a", NOW_MS + ATTEMPT_LIFE_MS)).toBeNull();
  expect(await found(header, "f0_a", NOW_MS - 1)).toBeNull();
  expect(await found(header, "f0_b", NOW_MS)).toBeNull();
  expect(await found(null, "f0_a", NOW_MS)).toBeNull();
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary" }), async (value) => {
      expect(await found(`wishub_sso=${value}`, "f0_a", NOW_MS)).toBeNull();
    }),
  );
});

it("finds no sign-in that somebody wrote down themselves", async () => {
  const cookie = await attemptCookie(ring, begun, "f0_a", URL_OF_OURS);
  const [text, mac] = (/^wishub_sso=([^;]*)/.exec(cookie)?.[1] ?? "").split(".");
  const other = base64Of(new TextEncoder().encode(JSON.stringify({ ...begun, state: "t" })));
  for (const forged of [text, `${text}.`, `${text}.x${mac?.slice(1)}`, `${other}.${mac}`])
    expect(await attemptOf(ring, `wishub_sso=${forged}`, "f0_a", NOW_MS), forged).toBeNull();
});
