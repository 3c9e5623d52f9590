import { expect, it } from "vitest";
import { newPasskey } from "./authenticator.ts";
import { call, ORIGIN, problemOf } from "./helpers.ts";
import { newPerson, PASSWORD, sessionOf, signedIn, type TestPerson } from "./people.ts";

type Options = { publicKey: { challenge: string; user: { id: string } } };
const rpId = new URL(ORIGIN).hostname;

async function challengeOf(path: string, headers: Record<string, string> = {}, body?: object) {
  const answer = await call("POST", path, { headers, body });
  if (answer.status !== 200) throw new Error(await answer.text());
  return (await answer.json<Options>()).publicKey;
}

/** A person with a passkey, in a session that has just proven it. */
async function withPasskey(person: TestPerson, said: object = {}) {
  const { headers } = await signedIn(person);
  const passkey = await newPasskey();
  const options = "/v1/people/me/passkeys/options";
  const { challenge, user } = await challengeOf(options, headers, { password: PASSWORD });
  const response = await passkey.create({ origin: ORIGIN, rpId, challenge, ...said }, user.id);
  const body = { challenge, name: "Laptop", response };
  const added = await call("POST", "/v1/people/me/passkeys", { body, headers });
  return { passkey, added, headers, body };
}

type Passkey = Awaited<ReturnType<typeof newPasskey>>;

async function proofBy(passkey: Passkey, said: object = {}) {
  const { challenge } = await challengeOf("/v1/sessions/passkey-options");
  return { challenge, response: await passkey.get({ origin: ORIGIN, rpId, challenge, ...said }) };
}
const open = (passkey: object) => call("POST", "/v1/sessions", { body: { passkey } });

it("signs a person in by a passkey alone, as one whose second factor is proven", async () => {
  const person = await newPerson();
  const { passkey, added } = await withPasskey(person);
  expect(added.status).toBe(201);
  const made = await added.json<{ id: string; recoveryCodes: string[] }>();
  expect(made).toMatchObject({ id: passkey.id, name: "Laptop" });
  expect(made.recoveryCodes).toHaveLength(10);
  const opened = await open(await proofBy(passkey));
  expect(opened.status).toBe(201);
  expect(await opened.json()).toMatchObject({ personId: person.personId });
  const headers = sessionOf(opened);
  const key = { body: { name: "Theirs", scopes: ["search"] }, headers };
  expect((await call("POST", "/v1/keys", key)).status).toBe(201);
});

it("asks for a second factor beside the password once there is a passkey", async () => {
  const person = await newPerson();
  const { added } = await withPasskey(person);
  const { recoveryCodes } = await added.json<{ recoveryCodes: string[] }>();
  expect((await problemOf((await signedIn(person)).opened)).code).toBe("second-factor-required");
  expect((await signedIn(person, { recoveryCode: recoveryCodes[0] })).opened.status).toBe(201);
});

it("takes a sign-in once, whoever brings it again, and one of two at once", async () => {
  const { passkey } = await withPasskey(await newPerson());
  const proof = await proofBy(passkey);
  const both = await Promise.all([open(proof), open(proof)]);
  expect(new Set(both.map(({ status }) => status))).toEqual(new Set([201, 401]));
  expect((await open(proof)).status).toBe(401);
});

it("refuses a passkey's answer for another site, another address, or without its user verified", async () => {
  const { passkey } = await withPasskey(await newPerson());
  for (const said of [
    { origin: "https://evil.example" },
    { rpId: "evil.example" },
    { userVerified: false },
  ])
    expect((await open(await proofBy(passkey, said))).status, JSON.stringify(said)).toBe(401);
  expect((await open(await proofBy(passkey))).status).toBe(201);
});

it("refuses a challenge that it did not give, or gave for something else", async () => {
  const person = await newPerson();
  const { passkey, headers } = await withPasskey(person);
  const made = { challenge: btoa("made up").replaceAll("=", "") };
  const answered = await passkey.get({ origin: ORIGIN, rpId, ...made });
  expect((await open({ ...made, response: answered })).status).toBe(401);
  const fresh = await open(await proofBy(passkey));
  const { challenge } = await challengeOf("/v1/people/me/passkeys/options", sessionOf(fresh), {});
  const other = await passkey.get({ origin: ORIGIN, rpId, challenge });
  expect((await open({ challenge, response: other })).status).toBe(401);
  expect((await call("GET", "/v1/sessions/current", { headers })).status).toBe(401);
});

it("refuses an answer by another passkey under this one's name, and a copy that lags behind", async () => {
  const { passkey } = await withPasskey(await newPerson());
  const stranger = await newPasskey();
  const forged = await proofBy(stranger);
  const named = { ...forged.response, id: passkey.id, rawId: passkey.id };
  expect((await open({ ...forged, response: named })).status).toBe(401);
  expect((await open(forged)).status).toBe(401);
  expect((await open(await proofBy(passkey))).status).toBe(201);
  passkey.rewind(1);
  expect((await open(await proofBy(passkey))).status).toBe(401);
});

it("adds no passkey by a challenge of another person, twice, or for another site", async () => {
  const [person, other] = [await newPerson(), await newPerson()];
  const { added, body } = await withPasskey(person);
  const again = await call("POST", "/v1/people/me/passkeys", { body, headers: sessionOf(added) });
  expect(again.status).toBe(400);
  const stranger = await signedIn(other);
  const stolen = await call("POST", "/v1/people/me/passkeys", { body, headers: stranger.headers });
  expect(stolen.status).toBe(400);
  expect((await withPasskey(other, { origin: "https://evil.example" })).added.status).toBe(400);
  expect((await withPasskey(other, { userVerified: false })).added.status).toBe(400);
});

it("proves a second factor by a passkey of one's own, and by nobody else's", async () => {
  const [person, other] = [await newPerson(), await newPerson()];
  const { passkey, added } = await withPasskey(person);
  const { passkey: foreign } = await withPasskey(other);
  const headers = sessionOf(added);
  const prove = async (by: Passkey) =>
    call("POST", "/v1/sessions/second-factor", { body: { passkey: await proofBy(by) }, headers });
  expect((await prove(foreign)).status).toBe(403);
  expect((await prove(passkey)).status).toBe(201);
});

it("lists passkeys, and takes none that was removed", async () => {
  const { passkey, added } = await withPasskey(await newPerson());
  const headers = sessionOf(added);
  const list = await call("GET", "/v1/people/me/passkeys", { headers });
  expect(await list.json()).toMatchObject({ items: [{ id: passkey.id, name: "Laptop" }] });
  const address = `/v1/people/me/passkeys/${passkey.id}`;
  const stranger = await withPasskey(await newPerson());
  const theirs = { headers: sessionOf(stranger.added) };
  expect((await call("DELETE", address, theirs)).status).toBe(404);
  expect((await call("DELETE", address, { headers })).status).toBe(204);
  expect((await open(await proofBy(passkey))).status).toBe(401);
});
