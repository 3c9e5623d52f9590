import { html } from "hono/html";
import { ID_BYTES, SECRET_BYTES } from "#domain/accounts/credential.ts";
import type { Principal } from "#domain/accounts/model.ts";
import {
  type Authorization,
  consent,
  denial,
  grantable,
  readAuthorization,
} from "#domain/oauth/authorize.ts";
import { isDocumentId } from "#domain/oauth/client-documents.ts";
import { type Form, formFrom } from "#domain/oauth/form.ts";
import { refusalOf } from "#domain/policies/actions.ts";
import { sessionOf } from "#workers/http/guard/auth.ts";
import { fails, feature, refuse, route } from "#workers/http/kit.ts";
import { form as formBody, readForm } from "./answer.ts";
import { scopeList, secondFactorPage, signInPage } from "./pages.ts";
import { page } from "#workers/http/pages.ts";

/** What of the request the person's answer repeats: it is read again then, and believed no more than the first time. */
const REPEATED = [
  "client_id",
  "redirect_uri",
  "response_type",
  "scope",
  "state",
  "code_challenge",
  "code_challenge_method",
  "dpop_jkt",
];

const ask = route(
  {
    method: "get",
    path: "/oauth/authorize",
    summary: "Ask a person to let an application act for them (OAuth 2.1)",
    description:
      "A page for a browser: `response_type=code`, `client_id`, `redirect_uri`, `code_challenge` with S256, `scope`, `state`, `resource`.",
    access: "public",
    responses: {
      200: { description: "A page", content: { "text/html": {} } },
      302: { description: "Back to the application, which is told what is wrong" },
      400: { description: "A page that says what is wrong", content: { "text/html": {} } },
    },
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const search = new URL(c.req.url).search.slice(1);
    const read = formFrom(search);
    if (!read.ok) return await wrong(read.error.description);
    const session = await sessionOf(c, nowMs);
    // Nobody who is not signed in makes us ask for an address of their choice.
    if (session === null && isDocumentId(read.value.get("client_id") ?? ""))
      return await signInPage(c.req.url);
    const asked = await readAuthorization(services.oauth, read.value, nowMs);
    if (asked.kind === "wrong") return await wrong(asked.detail);
    if (asked.kind === "redirect")
      return asked.isTrusted ? c.redirect(asked.to, 302) : await leading(asked.to);
    if (session === null) return await signInPage(c.req.url);
    const missing = refusalOf(session, "grant.make", nowMs);
    if (missing?.code === "second-factor-required") return await secondFactorPage(c.req.url);
    return await consentPage(asked.authorization, read.value, session);
  },
);

const answer = route(
  {
    method: "post",
    path: "/oauth/authorize",
    summary: "Let an application act for you, or not",
    description:
      "The form of the page: the request's own parameters and `decision`, allow or deny.",
    access: "grant.make",
    request: { body: formBody },
    responses: {
      303: { description: "Back to the application, with a code or a refusal" },
      ...fails("invalid-request"),
    },
    idempotency: "ignored", // every yes is a code of its own, and a code is used once
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    if (principal.kind === "token")
      refuse({ code: "forbidden", detail: "an access token lets nobody act" });
    const read = await readForm(c);
    const asked = read.ok
      ? await readAuthorization(services.oauth, read.value, nowMs)
      : { kind: "wrong" as const, detail: read.error.description };
    if (asked.kind === "wrong" || !read.ok)
      return refuse({
        code: "invalid-request",
        errors: [{ pointer: "", detail: asked.kind === "wrong" ? asked.detail : "is no form" }],
      });
    if (asked.kind === "redirect") return c.redirect(asked.to, 303);
    const decision = read.value.get("decision");
    const { client, scopes } = asked.authorization;
    c.set("noted", {
      client: client.id,
      scopes,
      decision: decision === "allow" ? "allow" : "deny",
    });
    if (decision === "deny")
      return c.redirect(denial(asked.authorization, services.oauth.publicUrl), 303);
    if (decision !== "allow")
      refuse({
        code: "invalid-request",
        errors: [{ pointer: "/decision", detail: "allow or deny" }],
      });
    const random = {
      idBytes: services.oauth.random(ID_BYTES),
      secretBytes: services.oauth.random(SECRET_BYTES),
    };
    const to = await consent(services.oauth, principal, asked.authorization, random, nowMs);
    return c.redirect(to, 303);
  },
);

const wrong = (detail: string) =>
  page({ title: "This request cannot be answered", body: html`<p>${detail}</p>`, status: 400 });

/** Why the name may be believed: an address says more than a name that anybody can take. */
const whoSays = (clientId: string) =>
  isDocumentId(clientId)
    ? html`It describes itself at <code>${clientId}</code>.`
    : "Nobody here has checked who is behind that name.";

const leading = (to: string) =>
  page({
    title: "The application asks for what it cannot have",
    body: html`<p>Nobody here has let it act for them yet. <a href="${to}">Go back to it</a>.</p>`,
    status: 400,
  });

async function consentPage(
  asked: Authorization,
  form: Form,
  session: Principal,
): Promise<Response> {
  const { client, redirectUri, audience } = asked;
  const scopes = grantable(asked.scopes, session);
  const fields = [...REPEATED, "resource"].flatMap((name) =>
    form.all(name).map((value) => html`<input type="hidden" name="${name}" value="${value}" />`),
  );
  const body = html`<p>
      <strong>${client.name}</strong> wants to act for you in the account
      <code>${session.accountId}</code>. ${whoSays(client.id)}
    </p>
    ${scopeList(scopes)}
    <p>For <code>${audience.join(", ")}</code>, until you end it.</p>
    <p>The answer goes to <code>${redirectUri}</code>.</p>
    <form method="post" action="/oauth/authorize">
      ${fields}
      <button name="decision" value="allow">Allow</button>
      <button name="decision" value="deny">Refuse</button>
    </form>`;
  return await page({ title: `Let ${client.name} act for you?`, body, leadsTo: redirectUri });
}

export const oauthAuthorize = feature(ask, answer);
