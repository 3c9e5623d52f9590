import fc from "fast-check";
import { expect, test } from "vitest";
import { answeredBodies } from "#adapters/search-bodies.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("a body is known to the account that sent it, as long as its answer stands", () => {
  const bodies = answeredBodies();
  let stands = true;
  bodies.answered("a", bytes("question"), "[1]", () => stands);
  expect(bodies.hits("a", bytes("question"))).toBe("[1]");
  expect(bodies.hits("b", bytes("question"))).toBeNull();
  stands = false;
  expect(bodies.hits("a", bytes("question"))).toBeNull();
});

test("a body is never taken for one that differs anywhere", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ maxLength: 40 }),
      (one, other) => {
        const bodies = answeredBodies();
        bodies.answered("a", one, "[1]", () => true);
        const isSame = one.length === other.length && one.every((byte, i) => byte === other[i]);
        expect(bodies.hits("a", other)).toBe(isSame ? "[1]" : null);
        expect(bodies.hits("a", one.slice())).toBe("[1]");
        if (one.length === 0) return;
        const changed = one.slice();
        changed[one.length - 1] = (one.at(-1) ?? 0) ^ 1;
        expect(bodies.hits("a", changed)).toBeNull();
      },
    ),
  );
});

test("however many different bodies are sent, no more than some megabytes of them are kept", () => {
  const bodies = answeredBodies();
  const body = (n: number) => bytes(`${n} `.padEnd(100_000, "x"));
  for (let n = 0; n < 200; n++) bodies.answered("a", body(n), "[]", () => true);
  const known = Array.from({ length: 200 }, (_, n) => bodies.hits("a", body(n)) !== null);
  expect(known.at(-1)).toBe(true);
  expect(known.filter(Boolean).length).toBeLessThan(80);
});
