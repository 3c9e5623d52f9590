import fc from "fast-check";
import { expect, test } from "vitest";
import { answeredBodies } from "#adapters/search-bodies.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const ANSWER = bytes("[1]");

test("a body is known to the account that sent it, as long as its answer stands", () => {
  const bodies = answeredBodies();
  let stands = true;
  bodies.answered("a", bytes("question"), ANSWER, () => stands);
  expect(bodies.answer("a", bytes("question"))).toBe(ANSWER);
  expect(bodies.answer("b", bytes("question"))).toBeNull();
  stands = false;
  expect(bodies.answer("a", bytes("question"))).toBeNull();
});

test("a body is never taken for one that differs anywhere", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ maxLength: 40 }),
      (one, other) => {
        const bodies = answeredBodies();
        bodies.answered("a", one, ANSWER, () => true);
        const isSame = one.length === other.length && one.every((byte, i) => byte === other[i]);
        expect(bodies.answer("a", other)).toBe(isSame ? ANSWER : null);
        expect(bodies.answer("a", one.slice())).toBe(ANSWER);
        if (one.length === 0) return;
        const changed = one.slice();
        changed[one.length - 1] = (one.at(-1) ?? 0) ^ 1;
        expect(bodies.answer("a", changed)).toBeNull();
      },
    ),
  );
});

test("however many different bodies are sent, no more than some megabytes of them are kept", () => {
  const bodies = answeredBodies();
  const body = (n: number) => bytes(`${n} `.padEnd(100_000, "x"));
  for (let n = 0; n < 200; n++) bodies.answered("a", body(n), ANSWER, () => true);
  const known = Array.from({ length: 200 }, (_, n) => bodies.answer("a", body(n)) !== null);
  expect(known.at(-1)).toBe(true);
  expect(known.filter(Boolean).length).toBeLessThan(80);
});
