import { Secret, TOTP } from "otpauth";
import { ownerOf } from "#tests/node/owner.ts";

export const PASSWORD = "violet anvil motorway";
/** What comes by itself may take its time on a busy machine. */
export const POLLED = { timeout: 20_000, interval: 100 };

/** What people have beside the browser of a test: a mailbox, an authenticator app, an application that sends them. */
export function peopleOf(url: () => string, state: () => string) {
  async function byOwner(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await fetch(url() + path, {
      method,
      headers: {
        Authorization: `Bearer ${ownerOf(state()).apiKey}`,
        "Content-Type": "application/json",
        "Idempotency-Key": crypto.randomUUID(),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : await answer.json();
  }

  /** Where the link leads that was mailed last to the address for this. */
  async function linkTo(email: string, kind: string): Promise<string> {
    const { items } = (await byOwner("GET", "/v1/outbox")) as {
      items: { to: string; kind: string; text: string }[];
    };
    const mail = items.find((one) => one.to === email && one.kind === kind);
    const link = /http\S+#link=\S+/.exec(mail?.text ?? "")?.[0] ?? "";
    if (!link.startsWith(url())) throw new Error(`no mail to ${email} for ${kind}`);
    return link.slice(url().length);
  }

  const post = (path: string, body: object) =>
    fetch(url() + path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });

  /** A person who has signed up by mail, as a program does it. */
  async function person(email: string): Promise<void> {
    await post("/v1/sign-up", { email });
    const token = /wl0_\w+/.exec(await linkTo(email, "sign-up"))?.[0];
    const made = await post("/v1/sign-up/complete", { token, name: "Ada", password: PASSWORD });
    if (made.status !== 201) throw new Error(await made.text());
  }

  /** In another place than the browser of the test: their authenticator app and recovery codes. */
  async function withAuthenticator(email: string) {
    const opened = await post("/v1/sessions", { email, password: PASSWORD });
    let cookie = opened.headers.get("Set-Cookie")?.split(";")[0] ?? "";
    const asThem = async (path: string, body: object) => {
      const headers = { "Content-Type": "application/json", Origin: url(), cookie };
      const answer = await fetch(url() + path, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
      cookie = answer.headers.get("Set-Cookie")?.split(";")[0] ?? cookie;
      return (await answer.json()) as { secret: string; recoveryCodes: string[] };
    };
    const { secret } = await asThem("/v1/people/me/totp", { password: PASSWORD });
    const app = new TOTP({ secret: Secret.fromBase32(secret) });
    const otp = app.generate();
    const { recoveryCodes } = await asThem("/v1/people/me/totp/confirm", { otp });
    // A code counts once, so the next ones are of the step that comes.
    return { next: () => app.generate({ timestamp: Date.now() + 30_000 }), recoveryCodes };
  }

  /** A key that reads units, of somebody who has signed up into an account of their own. */
  async function readerElsewhere(email: string): Promise<string> {
    await person(email);
    const { next } = await withAuthenticator(email);
    const opened = await post("/v1/sessions", { email, password: PASSWORD, otp: next() });
    const headers = {
      "Content-Type": "application/json",
      Origin: url(),
      cookie: opened.headers.get("Set-Cookie")?.split(";")[0] ?? "",
    };
    const asked = { name: "Reader", scopes: ["units:read"] };
    const made = await fetch(`${url()}/v1/keys`, {
      method: "POST",
      headers,
      body: JSON.stringify(asked),
    });
    if (made.status !== 201) throw new Error(await made.text());
    return ((await made.json()) as { apiKey: string }).apiKey;
  }

  async function registered(): Promise<string> {
    const made = await post("/oauth/register", {
      client_name: "Otter's notebook",
      redirect_uris: ["http://127.0.0.1:9/callback"],
      token_endpoint_auth_method: "none",
    });
    const { client_id } = (await made.json()) as { client_id: string };
    const asked = new URLSearchParams({
      response_type: "code",
      client_id,
      redirect_uri: "http://127.0.0.1:9/callback",
      scope: "search",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
    });
    return `/oauth/authorize?${asked.toString()}`;
  }

  return { byOwner, linkTo, person, post, readerElsewhere, registered, withAuthenticator };
}
