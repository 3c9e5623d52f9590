import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { Secret, TOTP } from "otpauth";
import { app } from "#workers/http/app.ts";
import { call, ORIGIN, unobserved } from "./helpers.ts";

/** A product that lets anybody sign up, in an isolate of its own. */
export const OPEN = { ...unobserved, WISHUB_SIGNUP: "open" } as Env;

export async function ask(
  bindings: Env,
  method: string,
  path: string,
  sent: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Response> {
  const headers = { "Content-Type": "application/json", ...sent.headers };
  const body = sent.body === undefined ? null : JSON.stringify(sent.body);
  const context = createExecutionContext();
  const request = new Request(`${ORIGIN}${path}`, { method, headers, body });
  const response = await app.fetch(request, bindings, context);
  await waitOnExecutionContext(context);
  return response;
}

type MailView = { id: string; kind: string; to: string; subject: string; text: string };

let operator: Promise<string> | undefined;

/** The key of the first account's owner, who runs the product. */
export const operatorKey = (): Promise<string> =>
  (operator ??= exports.Admin.setup().then(({ apiKey }) => apiKey));

/** Mails to an address that wait in the outbox, newest first. */
export async function mailsTo(email: string): Promise<MailView[]> {
  const headers = { Authorization: `Bearer ${await operatorKey()}` };
  const page = await call("GET", "/v1/outbox?limit=100", { headers });
  const { items } = await page.json<{ items: MailView[] }>();
  return items.filter(({ to }) => to === email);
}

export async function tokenTo(email: string): Promise<string> {
  const [newest] = await mailsTo(email);
  return /wl0_\w+/.exec(newest?.text ?? "")?.[0] ?? "";
}

export const PASSWORD = "violet anvil motorway";

let people = 0;
export const freshEmail = (): string =>
  `person-${crypto.randomUUID().slice(0, 8)}-${people++}@example.org`;

export type TestPerson = {
  email: string;
  personId: string;
  accountId: string;
  principalId: string;
};

/** A person who has signed up, with an account of their own. */
export async function newPerson(email = freshEmail()): Promise<TestPerson> {
  await ask(OPEN, "POST", "/v1/sign-up", { body: { email } });
  const body = { token: await tokenTo(email), name: "Grete Hermann", password: PASSWORD };
  const made = await ask(OPEN, "POST", "/v1/sign-up/complete", { body });
  if (made.status !== 201) throw new Error(`not signed up: ${await made.text()}`);
  return { email, ...(await made.json<Omit<TestPerson, "email">>()) };
}

const cookiesOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");

/** What a browser sends once it is signed in. */
export async function signedIn(person: { email: string }, more: object = {}, Cookie?: string) {
  const opened = await call("POST", "/v1/sessions", {
    body: { email: person.email, password: PASSWORD, ...more },
    headers: Cookie === undefined ? {} : { Cookie },
  });
  return { opened, headers: { Cookie: cookiesOf(opened), Origin: ORIGIN } };
}

/** What the session that an answer opened sends from then on. */
export const sessionOf = (response: Response) => ({ Cookie: cookiesOf(response), Origin: ORIGIN });

/** An authenticator app, in whose time each code is new. */
function authenticator(secret: string) {
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  let atMs = Date.now() - 30_000;
  return {
    /** The next code: half a minute later than the last one, and never more than that ahead of the clock. */
    next() {
      atMs += 30_000;
      if (atMs > Date.now() + 30_000) throw new Error("no code is left that would be taken now");
      return totp.generate({ timestamp: atMs });
    },
    now: () => totp.generate({ timestamp: atMs }),
  };
}

/** A person who has confirmed an authenticator app, in a session that has just proven it. */
export async function enrolled(person: { email: string }) {
  const { headers } = await signedIn(person);
  const begun = await call("POST", "/v1/people/me/totp", { body: { password: PASSWORD }, headers });
  const { secret } = await begun.json<{ secret: string }>();
  const app = authenticator(secret);
  const body = { otp: app.now() };
  const confirmed = await call("POST", "/v1/people/me/totp/confirm", { body, headers });
  if (confirmed.status !== 200) throw new Error(await confirmed.text());
  const { recoveryCodes } = await confirmed.json<{ recoveryCodes: string[] }>();
  return { headers: sessionOf(confirmed), secret, app, recoveryCodes };
}
