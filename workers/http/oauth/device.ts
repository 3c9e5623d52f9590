import { html } from "hono/html";
import { z } from "zod";
import { ID_BYTES, SECRET_BYTES } from "#domain/accounts/credential.ts";
import type { Principal } from "#domain/accounts/model.ts";
import { counted } from "#domain/people/attempts.ts";
import { grantable } from "#domain/oauth/authorize.ts";
import {
  decided,
  type DeviceRecord,
  startDevice,
  typedCode,
  userCodeText,
} from "#domain/oauth/device.ts";
import { refusalOf } from "#domain/policies/actions.ts";
import type { Services } from "#adapters/index.ts";
import { sessionOf } from "#workers/http/guard/auth.ts";
import { fails, feature, json, refuse, route, unwrap } from "#workers/http/kit.ts";
import { askingIn, form as formBody, oauthAnswer, oauthError, readForm } from "./answer.ts";
import { scopeList, secondFactorPage, signInPage } from "./pages.ts";
import { page } from "#workers/http/pages.ts";

const start = route(
  {
    method: "post",
    path: "/oauth/device_authorization",
    summary: "Get a code for a device to show (RFC 8628)",
    access: "public",
    request: { body: formBody },
    responses: {
      200: {
        description: "The codes, and where a person enters one of them",
        ...json(z.looseObject({ device_code: z.string(), user_code: z.string() })),
      },
      400: { description: "Refused", ...oauthError },
      401: { description: "The client has not proven who it is", ...oauthError },
    },
    idempotency: "ignored", // every start is a code of its own
  },
  async (c) => {
    const { services } = c.var;
    const asking = await askingIn(c);
    if (!asking.ok) return oauthAnswer(asking);
    const randomness = () => ({
      idBytes: services.oauth.random(ID_BYTES),
      secretBytes: services.oauth.random(SECRET_BYTES),
    });
    return oauthAnswer(await startDevice(services.oauth, asking.value, randomness));
  },
);

const ask = route(
  {
    method: "get",
    path: "/oauth/device",
    summary: "Let a device act for you",
    description: "A page for a browser; `user_code` is what the device shows.",
    access: "public",
    responses: {
      200: { description: "A page", content: { "text/html": {} } },
      ...fails("too-many-requests"),
    },
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const session = await sessionOf(c, nowMs);
    if (session === null) return await signInPage(c.req.raw.url);
    if (refusalOf(session, "grant.make", nowMs)?.code === "second-factor-required")
      return await secondFactorPage(c.req.raw.url);
    const typed = new URL(c.req.url).searchParams.get("user_code") ?? "";
    if (typed === "") return await entry(null);
    const found = await waitingFor(services, session, typed, nowMs);
    if (found === null) return await entry("No device waits for that code.");
    const client = await services.oauth.client(found.device.clientId, nowMs);
    const body = html`<p>
        <strong>${client?.name ?? "An application"}</strong> on the device that shows
        <code>${typed}</code> wants to act for you in the account <code>${session.accountId}</code>.
        Go on only if you started this yourself and see that code in front of you.
      </p>
      ${scopeList(grantable(found.device.scopes, session))}
      <form method="post" action="/oauth/device">
        <input type="hidden" name="user_code" value="${typed}" />
        <button name="decision" value="allow">Allow</button>
        <button name="decision" value="deny">Refuse</button>
      </form>`;
    return await page({ title: "Let a device act for you?", body });
  },
);

const answer = route(
  {
    method: "post",
    path: "/oauth/device",
    summary: "Let the device that shows a code act for you, or not",
    description: "A form with `user_code` and `decision`, allow or deny.",
    access: "grant.make",
    request: { body: formBody },
    responses: {
      200: { description: "A page that says so", content: { "text/html": {} } },
      ...fails("invalid-request", "not-found", "too-many-requests"),
    },
    idempotency: "ignored", // a code is answered once
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    if (principal.kind === "token")
      refuse({ code: "forbidden", detail: "an access token lets nobody act" });
    const read = await readForm(c);
    const typed = read.ok ? (read.value.get("user_code") ?? "") : "";
    const decision = read.ok ? read.value.get("decision") : undefined;
    const errors = [
      ...(typedCode(typed) === null ? [{ pointer: "/user_code", detail: "eight letters" }] : []),
      ...(decision !== "allow" && decision !== "deny"
        ? [{ pointer: "/decision", detail: "allow or deny" }]
        : []),
    ];
    if (errors.length > 0) refuse({ code: "invalid-request", errors });
    const found = await waitingFor(services, principal, typed, nowMs);
    if (found === null) return refuse({ code: "not-found" });
    const to = decided(found.device, principal, decision === "allow");
    c.set("noted", { client: found.device.clientId, scopes: to.scopes, decision: to.state });
    if (!(await services.oauth.decideDevice(found.hash, to, nowMs)))
      return refuse({ code: "not-found" });
    const said = to.state === "allowed" ? "The device may act for you." : "The device may not act.";
    return await page({ title: said, body: html`<p>You can close this page.</p>` });
  },
);

/** Codes that one principal may look at in 15 minutes, its own among them: each could be a guess at somebody else's. */
const LOOKS_MAX = 40;

async function waitingFor(
  { oauth, people }: Services,
  { principalId }: Principal,
  typed: string,
  nowMs: number,
): Promise<{ device: DeviceRecord; hash: string } | null> {
  const code = typedCode(typed);
  if (code === null) return null;
  unwrap(await counted(people, `device ${principalId}`, LOOKS_MAX, nowMs));
  const hash = await oauth.sha256Hex(userCodeText(code));
  const device = await oauth.waitingDevice(hash, nowMs);
  return device === null ? null : { device, hash };
}

const entry = (note: string | null) =>
  page({
    title: "Enter the code of your device",
    body: html`${note === null ? "" : html`<p role="alert">${note}</p>`}
      <form method="get" action="/oauth/device">
        <label
          >Code <input name="user_code" autocomplete="off" autocapitalize="characters" required
        /></label>
        <button>Go on</button>
      </form>`,
  });

export const oauthDevice = feature(start, ask, answer);
