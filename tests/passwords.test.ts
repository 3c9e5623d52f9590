import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { servicesOf } from "#adapters/index.ts";
import { signInByPassword } from "#domain/people/sign-in.ts";
import { call, problemOf } from "./helpers.ts";
import {
  answerOf,
  formOf,
  REDIRECT,
  registered,
  requestOf,
  type Tokens,
  VERIFIER,
} from "./oauth.ts";
import {
  ask,
  enrolled,
  freshEmail,
  mailsTo,
  newPerson,
  OPEN,
  operatorKey,
  PASSWORD,
  signedIn,
  sessionOf,
  tokenTo,
} from "./people.ts";

const NEW_PASSWORD = "harbour lantern thirteen";
const reset = (email: string) => call("POST", "/v1/password-resets", { body: { email } });
const complete = (token: string, password = NEW_PASSWORD) =>
  call("POST", "/v1/password-resets/complete", { body: { token, password } });
const who = (headers: Record<string, string>) =>
  call("GET", "/v1/sessions/current", { headers }).then(({ status }) => status);

it("sets a new password by a mailed link, ends every session, and tells the person", async () => {
  const person = await newPerson();
  const { headers } = await signedIn(person);
  expect((await reset(person.email)).status).toBe(202);
  expect((await complete(await tokenTo(person.email))).status).toBe(204);
  expect(await who(headers)).toBe(401);
  expect((await signedIn(person)).opened.status).toBe(401);
  expect((await signedIn(person, { password: NEW_PASSWORD })).opened.status).toBe(201);
  expect((await mailsTo(person.email))[0]?.kind).toBe("password-changed");
});

it("answers the same for an address that nobody has, and mails it nothing", async () => {
  const person = await newPerson();
  const stranger = freshEmail();
  const [known, unknown] = [await reset(person.email), await reset(stranger)];
  expect([known.status, await known.text()]).toEqual([unknown.status, await unknown.text()]);
  expect(await mailsTo(stranger)).toEqual([]);
});

it("lets a link set a password once, and no older link after it", async () => {
  const person = await newPerson();
  await reset(person.email);
  const first = await tokenTo(person.email);
  await reset(person.email);
  const second = await tokenTo(person.email);
  const both = await Promise.all([complete(second), complete(second)]);
  expect(new Set(both.map(({ status }) => status))).toEqual(new Set([204, 400]));
  expect((await complete(first)).status).toBe(400);
});

it("takes no link for another purpose, and none whose time is over", async () => {
  const person = await newPerson();
  await call("POST", "/v1/known-devices", { body: { email: person.email } });
  expect((await complete(await tokenTo(person.email))).status).toBe(400);
  await reset(person.email);
  const token = await tokenTo(person.email);
  await env.CATALOG_0.prepare("UPDATE mail_link SET expires_at_ms = 1").run();
  expect((await complete(token)).status).toBe(400);
});

it("signs nobody in by a mailbox alone who has a second factor", async () => {
  const person = await newPerson();
  await enrolled(person);
  await reset(person.email);
  await complete(await tokenTo(person.email));
  const { opened } = await signedIn(person, { password: NEW_PASSWORD });
  expect((await problemOf(opened)).code).toBe("second-factor-required");
});

it("changes a password for who knows the present one, and ends every other session", async () => {
  const person = await newPerson();
  const [mine, other] = [await signedIn(person), await signedIn(person)];
  const change = (password: string, newPassword: string) =>
    call("POST", "/v1/people/me/password", {
      body: { password, newPassword },
      headers: mine.headers,
    });
  expect((await change("some other password", NEW_PASSWORD)).status).toBe(403);
  const weak = await change(PASSWORD, "password1234");
  expect((await problemOf(weak)).errors?.[0]?.pointer).toBe("/newPassword");
  expect((await change(PASSWORD, NEW_PASSWORD)).status).toBe(204);
  expect([await who(mine.headers), await who(other.headers)]).toEqual([200, 401]);
});

it("hands mails to the sender that is bound, and keeps those it does not take", async () => {
  const person = await newPerson();
  const taken: { to: string; subject: string; text: string }[] = [];
  let works = false;
  const MAIL = {
    async send(mail: (typeof taken)[number]) {
      if (!works) throw new Error("no mail today");
      taken.push(mail);
    },
  };
  const bindings = { ...env, MAIL } as unknown as Env;
  const body = { email: person.email };
  await ask(bindings, "POST", "/v1/password-resets", { body }).catch(() => undefined);
  expect(await mailsTo(person.email)).toHaveLength(2);
  works = true;
  await ask(bindings, "POST", "/v1/known-devices", { body });
  const own = taken.filter(({ to }) => to === person.email);
  expect(own.map(({ subject }) => subject)).toEqual([
    "Finish signing up to WisHub",
    "Set a new WisHub password",
    "Sign in to WisHub on a new device",
  ]);
  expect(own[1]?.text).toMatch(/wl0_\w+/);
  expect(await mailsTo(person.email)).toEqual([]);
});

it("notes in the account's log that a person signed in, by pseudonym", async () => {
  const person = await newPerson();
  const { headers } = await enrolled(person);
  const log = await (await call("GET", "/v1/audit", { headers })).text();
  expect(log).toContain('"session.open"');
  expect(log).toContain('"person.enrol"');
  expect(log).not.toContain(person.email);
  expect(log).not.toContain(person.personId);
});

it("shows no mail's link to anybody but the operator", async () => {
  const person = await newPerson();
  await reset(person.email);
  const headers = { Authorization: `Bearer ${await operatorKey()}` };
  const page = await call("GET", "/v1/outbox?limit=1", { headers });
  expect(await page.text()).toContain("wl0_");
  expect(sessionOf(page).Cookie).toBe("");
});

it("opens no session by a password that was replaced while it was being proven", async () => {
  const person = await newPerson();
  const { people } = servicesOf(env);
  const meanwhile: typeof people.prove = async (kind, input) => {
    const proven = await people.prove(kind, input);
    await call("POST", "/v1/password-resets", { body: { email: person.email } });
    const body = { token: await tokenTo(person.email), password: "quite another anvil 7" };
    expect((await call("POST", "/v1/password-resets/complete", { body })).status).toBe(204);
    return proven;
  };
  const request = { ...person, password: PASSWORD, device: null, network: null, factor: null };
  const late = await signInByPassword({ ...people, prove: meanwhile }, request, Date.now());
  expect(late).toMatchObject({ ok: false, error: { code: "unauthenticated" } });
  const left = await env.CATALOG_0.prepare("SELECT count(*) AS n FROM session WHERE person_id = ?")
    .bind(person.personId)
    .first<number>("n");
  expect(left).toBe(0);
});

it("ends with a reset what the person has let programs do, and what is about to become such", async () => {
  const person = await newPerson();
  const { headers } = await enrolled(person);
  const clientId = await registered();
  const redeem = async (code: string | null) =>
    await formOf("/oauth/token", {
      grant_type: "authorization_code",
      client_id: clientId,
      code: code ?? "",
      code_verifier: VERIFIER,
      redirect_uri: REDIRECT,
    });
  const consent = async () =>
    (await answerOf(headers, await requestOf(clientId, { scope: "search" }))).get("code");
  const granted = await (await redeem(await consent())).json<Tokens>();
  const bearer = { Authorization: `Bearer ${granted.access_token}` };
  expect(await who(bearer)).toBe(200);
  const pending = await consent();
  await reset(person.email);
  expect((await complete(await tokenTo(person.email))).status).toBe(204);
  expect(await who(bearer)).toBe(401);
  const refreshed = await formOf("/oauth/token", {
    grant_type: "refresh_token",
    client_id: clientId,
    refresh_token: granted.refresh_token,
  });
  expect([refreshed.status, (await redeem(pending)).status]).toEqual([400, 400]);
});

it("gives up no mail that waits for one that anybody can ask for, and says so to everybody alike", async () => {
  const person = await newPerson();
  await env.CATALOG_0.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1010)
     INSERT INTO mail (id, person_id, recipient, kind, body, created_at_ms)
     SELECT 'm0_waits' || i, 'h0_x', 'x', 'sign-up', 'x', ?1 + i FROM n`,
  )
    .bind(Date.now() - 3_600_000)
    .run();
  const body = { email: freshEmail() };
  const refused = [
    await reset(person.email),
    await reset(freshEmail()),
    await ask(OPEN, "POST", "/v1/sign-up", { body }),
    await call("POST", "/v1/known-devices", { body }),
  ];
  expect(refused.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
  expect(refused[0]?.headers.get("Retry-After")).toBe("60");
  const left = await env.CATALOG_0.prepare(
    "SELECT count(*) AS n FROM mail WHERE id LIKE 'm0_waits%'",
  ).first("n");
  expect(left).toBe(1_010);
  await env.CATALOG_0.prepare("DELETE FROM mail WHERE id LIKE 'm0_waits%'").run();
  expect((await reset(person.email)).status).toBe(202);
});
