import { createHmac } from "node:crypto";
import { expect, it } from "vitest";
import { CHALLENGE_LIFE_MS, challengeEnd, newChallenge } from "#domain/people/passkeys.ts";

const ringOf = (secret: string) => ({
  blindIndex: async (purpose: string, text: string) =>
    createHmac("sha256", secret).update(`${purpose}\n${text}`).digest("hex"),
});
const ring = ringOf("ours");
const random = new Uint8Array(15).fill(3);
const NOW_MS = 1_800_000_000_000;

it("takes a challenge of its own for five minutes, for what it was made for", async () => {
  const challenge = await newChallenge(ring, "sign-in", random, NOW_MS);
  const at = (nowMs: number) => challengeEnd(ring, "sign-in", challenge, nowMs);
  expect(await at(NOW_MS)).toBe(NOW_MS + CHALLENGE_LIFE_MS);
  expect(await at(NOW_MS + CHALLENGE_LIFE_MS - 1)).not.toBeNull();
  expect(await at(NOW_MS + CHALLENGE_LIFE_MS)).toBeNull();
  expect(await challengeEnd(ring, { register: "h0_a" }, challenge, NOW_MS)).toBeNull();
});

it("takes a challenge to register from the person it was made for", async () => {
  const challenge = await newChallenge(ring, { register: "h0_a" }, random, NOW_MS);
  expect(await challengeEnd(ring, { register: "h0_a" }, challenge, NOW_MS)).not.toBeNull();
  expect(await challengeEnd(ring, { register: "h0_b" }, challenge, NOW_MS)).toBeNull();
  expect(await challengeEnd(ring, "sign-in", challenge, NOW_MS)).toBeNull();
});

it("takes no challenge that is another's, longer lived, spelt otherwise or made up", async () => {
  const challenge = await newChallenge(ring, "sign-in", random, NOW_MS);
  const plain = atob(challenge.replaceAll("-", "+").replaceAll("_", "/"));
  const [name, , mac] = plain.split(".");
  const later = btoa(`${name}.${(NOW_MS + 1e9).toString(36)}.${mac}`).replaceAll("=", "");
  const wrong = [later, `${challenge}=`, `${challenge} `, "", "AAAA", challenge.slice(1)];
  for (const one of wrong) expect(await challengeEnd(ring, "sign-in", one, NOW_MS)).toBeNull();
  expect(await challengeEnd(ringOf("theirs"), "sign-in", challenge, NOW_MS)).toBeNull();
});
