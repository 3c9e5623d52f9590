import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { call, problemOf, unobserved } from "./helpers.ts";
import { ask, freshEmail, newPerson, PASSWORD, sessionOf, signedIn, tokenTo } from "./people.ts";

const GUESS = "not the password";
/** Guesses cost a bcrypt each; so many were made in one statement instead. */
async function guessed(email: string, count: number, headers: Record<string, string> = {}) {
  await guess(email, headers);
  await env.CATALOG_0.prepare("UPDATE attempt SET failures = ? WHERE failures = 1")
    .bind(count)
    .run();
}
const CLOUDFLARE = { ...unobserved, WISHUB_TRUSTED_PROXY: "cloudflare" } as Env;
const guess = (email: string, headers: Record<string, string> = {}, password = GUESS) =>
  ask(CLOUDFLARE, "POST", "/v1/sessions", { body: { email, password }, headers });
const from = (address: string) => ({ "CF-Connecting-IP": address });

it("stops guesses after ten, in the same words whether somebody has the address or not", async () => {
  const bodies = [];
  for (const email of [(await newPerson()).email, freshEmail()]) {
    await guessed(email, 9, from("192.0.2.1"));
    expect((await guess(email, from("192.0.2.1"))).status).toBe(401);
    const refused = await guess(email, from("192.0.2.1"), PASSWORD);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(600);
    bodies.push({ ...(await problemOf(refused)), instance: "" });
  }
  expect(bodies[0]).toEqual(bodies[1]);
});

it("holds up nobody who comes from another network, or from a device they have used before", async () => {
  const person = await newPerson();
  const { headers } = await signedIn(person);
  await guessed(person.email, 50, from("192.0.2.1"));
  expect((await guess(person.email, from("192.0.2.1"), PASSWORD)).status).toBe(429);
  expect((await guess(person.email, from("198.51.100.7"), PASSWORD)).status).toBe(201);
  const known = { ...from("192.0.2.1"), ...headers };
  expect((await guess(person.email, known, PASSWORD)).status).toBe(201);
});

it("takes all addresses of a household for one, where they are IPv6", async () => {
  const person = await newPerson();
  await guessed(person.email, 50, from("2001:db8:0:1::1"));
  expect((await guess(person.email, from("2001:db8:0:ff::9"), PASSWORD)).status).toBe(429);
  expect((await guess(person.email, from("2001:db8:0:100::1"), PASSWORD)).status).toBe(201);
});

it("holds up a new device where no address can be trusted, until its mailbox is proven there", async () => {
  const person = await newPerson();
  await call("POST", "/v1/sessions", { body: { email: person.email, password: GUESS } });
  await env.CATALOG_0.prepare("UPDATE attempt SET failures = 50 WHERE failures = 1").run();
  expect((await signedIn(person)).opened.status).toBe(429);
  await call("POST", "/v1/known-devices", { body: { email: person.email } });
  const token = await tokenTo(person.email);
  const known = await call("POST", "/v1/known-devices/complete", { body: { token } });
  expect(known.status).toBe(204);
  expect((await signedIn(person, {}, sessionOf(known).Cookie)).opened.status).toBe(201);
  const again = await call("POST", "/v1/known-devices/complete", { body: { token } });
  expect(again.status).toBe(400);
});

it("counts guesses from a known device too, and takes no device cookie that is another's or made up", async () => {
  const [person, other] = [await newPerson(), await newPerson()];
  const mine = (await signedIn(person)).headers.Cookie;
  const theirs = (await signedIn(other)).headers.Cookie;
  await guessed(person.email, 50, { Cookie: mine });
  expect((await guess(person.email, { Cookie: mine }, PASSWORD)).status).toBe(429);
  await guessed(person.email, 50, from("192.0.2.9"));
  const device = /wishub_device=([^;]+)/.exec(mine)?.[1] ?? "";
  const forged = `wishub_device=${device.replace(/^..../, "0000")}`;
  for (const Cookie of [theirs, forged])
    expect((await guess(person.email, { ...from("192.0.2.9"), Cookie }, PASSWORD)).status).toBe(
      429,
    );
});

it("lets no burst through that one after another would not get through", async () => {
  const { email } = await newPerson();
  await guessed(email, 6, from("192.0.2.3"));
  const burst = await Promise.all(
    Array.from({ length: 12 }, () => guess(email, from("192.0.2.3"))),
  );
  const statuses = burst.map(({ status }) => status);
  expect(statuses.filter((status) => status === 429)).toHaveLength(8);
});

it("forgets guesses after a quarter of an hour, and at a sign-in", async () => {
  const person = await newPerson();
  await guessed(person.email, 50, from("192.0.2.4"));
  await env.CATALOG_0.prepare("UPDATE attempt SET since_ms = since_ms - 900000").run();
  expect((await guess(person.email, from("192.0.2.4"), PASSWORD)).status).toBe(201);
  await guessed(person.email, 9, from("192.0.2.4"));
  expect((await guess(person.email, from("192.0.2.4"), PASSWORD)).status).toBe(201);
  expect((await guess(person.email, from("192.0.2.4"))).status).toBe(401);
});

it("takes as long for an address that nobody has as for a wrong password", async () => {
  const { email } = await newPerson();
  const times: Record<string, number[]> = { known: [], unknown: [] };
  for (let i = 0; i < 5; i++) {
    for (const [who, address] of [
      ["known", email],
      ["unknown", freshEmail()],
    ] as const) {
      const startedAt = performance.now();
      expect((await guess(address, from(`192.0.2.${50 + i}`))).status).toBe(401);
      times[who]?.push(performance.now() - startedAt);
    }
  }
  const median = (all: number[] = []) => all.toSorted((a, b) => a - b)[2] ?? 0;
  const ratio = median(times["known"]) / median(times["unknown"]);
  // A bcrypt that is left out makes it a hundredth; a busy machine makes it no more than this.
  expect(ratio).toBeGreaterThan(0.4);
  expect(ratio).toBeLessThan(2.5);
});
