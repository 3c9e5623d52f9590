import fc from "fast-check";
import { expect, it } from "vitest";
import { typedCode, USER_CODE_BYTES, userCodeOf, userCodeText } from "#domain/oauth/device.ts";

const bytes = fc.uint8Array({ minLength: USER_CODE_BYTES, maxLength: USER_CODE_BYTES });

it("makes codes that are read back however a person types them", () => {
  fc.assert(
    fc.property(bytes, (random) => {
      const code = userCodeOf(random);
      fc.pre([...random].filter((byte) => byte < 240).length >= 8);
      expect(code).toMatch(/^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/);
      for (const typed of [code, code.toLowerCase(), code.replace("-", " "), ` ${code} `])
        expect(userCodeText(typedCode(typed) ?? "")).toBe(userCodeText(code));
    }),
  );
});

it("makes no letter more likely than another", () => {
  const seen = new Map<string, number>();
  for (let byte = 0; byte < 240; byte++) {
    const [letter = ""] = userCodeOf(new Uint8Array(USER_CODE_BYTES).fill(byte));
    seen.set(letter, (seen.get(letter) ?? 0) + 1);
  }
  expect([...new Set(seen.values())]).toEqual([12]);
});

it("takes nothing else for a code", () => {
  for (const typed of ["", "BCDF", "BCDF-GHJKL", "-".repeat(8), "B".repeat(40), "БВГД-ЖЗКЛ"])
    expect(typedCode(typed)).toBeNull();
});
