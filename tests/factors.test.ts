import { env } from "cloudflare:workers";
import { Secret, TOTP } from "otpauth";
import { expect, it } from "vitest";
import { call, problemOf } from "./helpers.ts";
import { enrolled, newPerson, PASSWORD, sessionOf, signedIn } from "./people.ts";

const who = (headers: Record<string, string>) => call("GET", "/v1/sessions/current", { headers });
const makeKey = (headers: Record<string, string>) =>
  call("POST", "/v1/keys", { body: { name: "Theirs", scopes: ["search"] }, headers });

it("asks for a code at sign-in from the moment one was confirmed, and takes it once", async () => {
  const person = await newPerson();
  const { app } = await enrolled(person);
  const missing = await signedIn(person);
  expect(missing.opened.status).toBe(403);
  expect((await problemOf(missing.opened)).code).toBe("second-factor-required");
  const otp = app.next();
  const first = await signedIn(person, { otp });
  expect(first.opened.status).toBe(201);
  const replayed = await signedIn(person, { otp });
  expect((await problemOf(replayed.opened)).code).toBe("second-factor-required");
});

it("lets one of two who bring the same code in", async () => {
  const person = await newPerson();
  const { app } = await enrolled(person);
  const otp = app.next();
  const both = await Promise.all([signedIn(person, { otp }), signedIn(person, { otp })]);
  expect(new Set(both.map(({ opened }) => opened.status))).toEqual(new Set([201, 403]));
});

it("says nothing of second factors before the password is right", async () => {
  const person = await newPerson();
  const { app } = await enrolled(person);
  const wrong = await signedIn(person, { password: "some other password", otp: app.next() });
  expect((await problemOf(wrong.opened)).code).toBe("unauthenticated");
});

it("lets a session do what is privileged for ten minutes after its second factor", async () => {
  const person = await newPerson();
  const plain = await signedIn(person);
  expect((await problemOf(await makeKey(plain.headers))).code).toBe("second-factor-required");
  const { app, headers } = await enrolled(person);
  expect((await makeKey(headers)).status).toBe(201);
  await env.CATALOG_0.prepare("UPDATE session SET factor_at_ms = ? WHERE person_id = ?")
    .bind(Date.now() - 601_000, person.personId)
    .run();
  // Another isolate, which remembers nothing.
  const old = await signedIn(person, { otp: app.next() });
  await env.CATALOG_0.prepare("UPDATE session SET factor_at_ms = ? WHERE person_id = ?")
    .bind(Date.now() - 601_000, person.personId)
    .run();
  expect((await problemOf(await makeKey(old.headers))).code).toBe("second-factor-required");
  await env.CATALOG_0.prepare("UPDATE person SET totp_step = 0 WHERE id = ?")
    .bind(person.personId)
    .run();
  const renewed = await call("POST", "/v1/sessions/second-factor", {
    body: { otp: app.now() },
    headers: old.headers,
  });
  expect(renewed.status).toBe(201);
  expect((await makeKey(sessionOf(renewed))).status).toBe(201);
  // The token from before is worth nothing: whoever copied it has gained nothing.
  expect((await who(old.headers)).status).toBe(401);
});

it("takes each recovery code once, in place of a code", async () => {
  const person = await newPerson();
  const { recoveryCodes } = await enrolled(person);
  expect(new Set(recoveryCodes).size).toBe(10);
  const [one = "", other = ""] = recoveryCodes;
  const { opened, headers } = await signedIn(person, {
    recoveryCode: one.toUpperCase().replaceAll("-", " "),
  });
  expect(opened.status).toBe(201);
  expect((await signedIn(person, { recoveryCode: one })).opened.status).toBe(403);
  const me = await (await call("GET", "/v1/people/me", { headers })).json();
  expect(me).toMatchObject({ factors: { totp: true, recoveryCodesLeft: 9 } });
  const renewed = await call("POST", "/v1/people/me/recovery-codes", { headers });
  expect(renewed.status).toBe(200);
  expect((await signedIn(person, { recoveryCode: other })).opened.status).toBe(403);
});

it("keeps neither a secret nor a recovery code readable", async () => {
  const person = await newPerson();
  const { secret, recoveryCodes } = await enrolled(person);
  for (const table of ["person", "recovery_code"]) {
    const { results } = await env.CATALOG_0.prepare(`SELECT * FROM ${table}`).all();
    expect(JSON.stringify(results)).not.toContain(secret);
    expect(JSON.stringify(results)).not.toContain(recoveryCodes[0]?.replaceAll("-", ""));
  }
});

it("adds a first second factor for the password alone, and another for the first one", async () => {
  const person = await newPerson();
  const { headers } = await signedIn(person);
  const begin = (more: object, as = headers) =>
    call("POST", "/v1/people/me/totp", { body: more, headers: as });
  expect((await begin({})).status).toBe(403);
  expect((await begin({ password: "some other password" })).status).toBe(403);
  expect((await begin({ password: PASSWORD })).status).toBe(201);
  const before = await signedIn(person);
  const fresh = await enrolled(person);
  // A session from before has proven no second factor, and its password no longer counts.
  const refused = await begin({ password: PASSWORD }, before.headers);
  expect((await problemOf(refused)).code).toBe("second-factor-required");
  expect((await begin({}, fresh.headers)).status).toBe(201);
});

it("counts an authenticator only once it has shown the right code", async () => {
  const person = await newPerson();
  const { headers } = await signedIn(person);
  const begun = await call("POST", "/v1/people/me/totp", { body: { password: PASSWORD }, headers });
  const { secret, uri } = await begun.json<{ secret: string; uri: string }>();
  expect(uri).toContain(`secret=${secret}`);
  const right = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
  const wrong = right === "000000" ? "000001" : "000000";
  const confirm = (otp: string) =>
    call("POST", "/v1/people/me/totp/confirm", { body: { otp }, headers });
  expect((await confirm(wrong)).status).toBe(400);
  expect((await signedIn(person)).opened.status).toBe(201);
  expect((await confirm(right)).status).toBe(200);
  expect((await signedIn(person)).opened.status).toBe(403);
});

it("counts guesses at a code per device, and lets recovery codes through whatever others have guessed", async () => {
  const person = await newPerson();
  const known = await signedIn(person);
  const { app, recoveryCodes } = await enrolled(person);
  const right = app.next();
  const wrong = right === "000000" ? "000001" : "000000";
  const statuses = [];
  for (let i = 0; i < 6; i++) statuses.push((await signedIn(person, { otp: wrong })).opened.status);
  expect(statuses).toEqual([403, 403, 403, 403, 403, 429]);
  expect((await signedIn(person, { otp: right })).opened.status).toBe(429);
  // A device they have signed in with before is not held up by guesses from elsewhere.
  expect((await signedIn(person, { otp: right }, known.headers.Cookie)).opened.status).toBe(201);
  const recoveryCode = recoveryCodes[0] ?? "";
  expect((await signedIn(person, { recoveryCode })).opened.status).toBe(201);
});

it("lets a second factor go only when it was proven a short while ago", async () => {
  const person = await newPerson();
  const before = await signedIn(person);
  const { headers } = await enrolled(person);
  expect((await call("DELETE", "/v1/people/me/totp", before)).status).toBe(403);
  expect((await call("DELETE", "/v1/people/me/totp", { headers })).status).toBe(204);
  expect((await signedIn(person)).opened.status).toBe(201);
});
