import { compareSync, hashSync } from "bcryptjs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkPassword, NOBODYS_HASH, passwordDigest } from "#domain/people/password.ts";

const verdict = (password: string, about: string[] = []) => {
  const checked = checkPassword(password, about);
  return checked.ok ? "taken" : (checked.error.errors?.[0]?.detail ?? "");
};

describe("a new password", () => {
  it.each([
    ["violet-anvil-motorway"],
    ["tr0ubador&3kangaroos"],
    ["9f2c81d07be4"],
    ["ein langer Satz mit Kaffee"],
    ["密码是一只会飞的红色大象啊"],
    ["😀🦊🌍🚲🍕🎈🧲🪴🛶🧵🥝🦆"],
  ])("%s is taken: length is what counts, not kinds of characters", (password) => {
    expect(verdict(password)).toBe("taken");
  });

  it("needs 12 characters, counted as people count them", () => {
    expect(verdict("violet-anv1")).toContain("at least 12");
    // Twelve UTF-16 units, six characters.
    expect(verdict("😀🦊🌍🚲🍕🎈")).toContain("at least 12");
  });

  it.each([
    ["passwordpassword"],
    ["P@ssw0rd12345678"],
    ["Password123456!"],
    ["qwertyuiop123456"],
    ["1q2w3e4r5t6y7u"],
    ["iloveyou2026!!"],
    ["aaaaaaaaaaaaaaa"],
    ["123456789012"],
    ["abcabcabcabc"],
    ["Welcome2026WisHub"],
    ["correcthorsebatterystaple"],
    ["Summer2026!!!"],
    ["adminadmin2026"],
  ])("%s is refused: anybody tries it", (password) => {
    expect(verdict(password)).toContain("too easy");
  });

  it("is refused when it is what the person is called", () => {
    expect(verdict("grete.hermann1926", ["grete.hermann@example.org"])).toContain("too easy");
    expect(verdict("grete.hermann1926", ["otto@example.org"])).toBe("taken");
  });

  it("is judged in time that does not explode", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 256, unit: "binary" }), (password) => {
        const startedAt = performance.now();
        verdict(password, ["someone@example.org", "Someone Somewhere"]);
        expect(performance.now() - startedAt).toBeLessThan(200);
      }),
      { numRuns: 50 },
    );
  });
});

describe("a password's digest", () => {
  it("tells passwords apart beyond what bcrypt itself reads, and behind a NUL", async () => {
    const long = "x".repeat(72);
    const [one, other] = [await passwordDigest(`${long}1`), await passwordDigest(`${long}2`)];
    const hash = hashSync(one, 4);
    expect([compareSync(one, hash), compareSync(other, hash)]).toEqual([true, false]);
    expect(await passwordDigest("a\0b")).not.toBe(await passwordDigest("a\0c"));
  });

  it("is the same however a keyboard composes a letter", async () => {
    expect(await passwordDigest("caf\u00e9")).toBe(await passwordDigest("cafe\u0301"));
  });

  it("fits into what bcrypt reads, whatever the password", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 256, unit: "binary" }), async (password) => {
        expect(await passwordDigest(password)).toMatch(/^[A-Za-z0-9+/]{64}$/);
      }),
    );
  });
});

it("compares the password of nobody with a hash that costs what anybody's does", () => {
  expect(NOBODYS_HASH).toMatch(/^\$2b\$12\$[./A-Za-z0-9]{53}$/);
  expect(compareSync("anything", NOBODYS_HASH)).toBe(false);
});
