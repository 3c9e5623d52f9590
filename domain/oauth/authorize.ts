import { mintCredential } from "#domain/accounts/credential.ts";
import type { Randomness } from "#domain/accounts/keys.ts";
import type { Principal, Scope } from "#domain/accounts/model.ts";
import type { ClientRecord } from "#domain/oauth/clients.ts";
import type { OAuthErrorCode } from "#domain/oauth/errors.ts";
import type { Form } from "#domain/oauth/form.ts";
import { isRegistered } from "#domain/oauth/redirects.ts";
import { audienceOf } from "#domain/oauth/resources.ts";
import { DEFAULT_SCOPES, narrowed, scopeText } from "#domain/oauth/scopes.ts";

/** A code is on its way for seconds (OAuth 2.1 section 4.1.2). */
export const CODE_LIFE_MS = 60_000;
const STATE_CHARS_MAX = 1_024;

/** What a client asks a person for. */
export type Authorization = {
  client: ClientRecord;
  redirectUri: string;
  state: string | undefined;
  scopes: Scope[];
  audience: string[];
  /** PKCE (RFC 7636), S256 always. */
  challenge: string;
  /** The key that the code is bound to from the start (RFC 9449 section 10). */
  boundJkt: string | undefined;
};

/**
 * `wrong` is shown to the person and sent nowhere: the request names no client or address that could be believed.
 * `redirect` tells the client what is wrong with its request; by itself only where somebody has trusted that client before,
 * because anybody can register one and so have our address lead to theirs (RFC 9700 section 4.11.2).
 */
export type Asked =
  | { kind: "asked"; authorization: Authorization }
  | { kind: "wrong"; detail: string }
  | { kind: "redirect"; to: string; isTrusted: boolean };

type Deps = {
  publicUrl: string;
  client(id: string, nowMs: number): Promise<ClientRecord | null>;
};

/** An authorisation request (OAuth 2.1 section 4.1.1, RFC 8707), by query or by form. */
export async function readAuthorization(deps: Deps, form: Form, nowMs: number): Promise<Asked> {
  const client = await deps.client(form.get("client_id") ?? "", nowMs);
  if (client === null) return { kind: "wrong", detail: "The application is not known here." };
  const only = client.redirectUris.length === 1 ? client.redirectUris[0] : undefined;
  const redirectUri = form.get("redirect_uri") ?? only;
  if (redirectUri === undefined || !isRegistered(redirectUri, client.redirectUris)) {
    const detail = "The application wants an answer at an address that it has not registered.";
    return { kind: "wrong", detail };
  }
  const state = form.get("state");
  const isTrusted = client.accountId !== null || (client.claimedAtMs ?? 0) > 0;
  const redirect = (to: string) => ({ kind: "redirect" as const, to, isTrusted });
  const back = { redirectUri, state, issuer: deps.publicUrl };
  const flaw = flawOf(client, form);
  if (flaw !== null) return redirect(refusalTo(back, ...flaw));
  const scopes = narrowed(form.get("scope"), client.scopes, DEFAULT_SCOPES);
  if (scopes === null || scopes.length === 0) {
    const detail = `scope: at most ${scopeText(client.scopes)}`;
    return redirect(refusalTo(back, "invalid_scope", detail));
  }
  const audience = audienceOf(form.all("resource"), deps.publicUrl);
  if (audience === null) {
    const detail = "resource: not a resource of this server";
    return redirect(refusalTo(back, "invalid_target", detail));
  }
  const challenge = form.get("code_challenge") ?? "";
  const boundJkt = form.get("dpop_jkt");
  const asked = { client, redirectUri, state, scopes, audience, challenge, boundJkt };
  return { kind: "asked", authorization: asked };
}

function flawOf(client: ClientRecord, form: Form): [OAuthErrorCode, string] | null {
  if (!client.grantTypes.includes("authorization_code"))
    return ["unauthorized_client", "the client has not registered authorization_code"];
  if (form.get("response_type") !== "code")
    return ["unsupported_response_type", "response_type: only code"];
  if ((form.get("state")?.length ?? 0) > STATE_CHARS_MAX)
    return ["invalid_request", `state: at most ${STATE_CHARS_MAX} characters`];
  if (form.get("request") !== undefined || form.get("request_uri") !== undefined)
    return ["invalid_request", "request objects are not taken"];
  if ((form.get("response_mode") ?? "query") !== "query")
    return ["invalid_request", "response_mode: only query"];
  if (!/^[\w-]{43}$/.test(form.get("code_challenge") ?? ""))
    return ["invalid_request", "code_challenge: PKCE is needed"];
  if (form.get("code_challenge_method") !== "S256")
    return ["invalid_request", "code_challenge_method: only S256"];
  if (!/^[\w-]{43}$/.test(form.get("dpop_jkt") ?? "A".repeat(43)))
    return ["invalid_request", "dpop_jkt: not a thumbprint"];
  return null;
}

type Back = { redirectUri: string; state: string | undefined; issuer: string };

/** The client's address with what it is told; always with who says so (RFC 9207). */
function backTo({ redirectUri, state, issuer }: Back, said: Record<string, string>): string {
  const [address = "", query] = redirectUri.split("?");
  const parameters = new URLSearchParams(query);
  for (const [name, value] of Object.entries(said)) parameters.set(name, value);
  if (state !== undefined) parameters.set("state", state);
  parameters.set("iss", issuer);
  return `${address}?${parameters.toString()}`;
}

const refusalTo = (back: Back, error: OAuthErrorCode, description: string) =>
  backTo(back, { error, error_description: description });

export type CodeRecord = {
  /** Of the grant that the code turns into. */
  id: string;
  codeHash: string;
  accountId: string;
  principalId: string;
  keyId: string | null;
  clientId: string;
  redirectUri: string;
  challenge: string;
  scopes: Scope[];
  audience: string[];
  boundJkt: string | null;
  expiresAtMs: number;
};

type Consenting = {
  publicUrl: string;
  sha256Hex(text: string): Promise<string>;
  insertCode(code: CodeRecord, nowMs: number): Promise<void>;
};

/** What a person can give: no more than was asked, and no more than their own session may do. */
export const grantable = (asked: readonly Scope[], principal: Principal): Scope[] =>
  asked.filter((scope) => principal.scopes.has(scope));

/** The person says yes: a code goes to the client. Answers where the browser is sent. */
export async function consent(
  deps: Consenting,
  principal: Principal,
  asked: Authorization,
  random: Randomness,
  nowMs: number,
): Promise<string> {
  const back = { redirectUri: asked.redirectUri, state: asked.state, issuer: deps.publicUrl };
  const scopes = grantable(asked.scopes, principal);
  if (scopes.length === 0) return refusalTo(back, "access_denied", "nothing of it can be given");
  const shard = Number.parseInt(principal.accountId.charAt(1), 36);
  const { id, text } = mintCredential("authorization", shard, random.idBytes, random.secretBytes);
  const code: CodeRecord = {
    id,
    codeHash: await deps.sha256Hex(text),
    accountId: principal.accountId,
    principalId: principal.principalId,
    keyId: principal.keyId ?? null,
    clientId: asked.client.id,
    redirectUri: asked.redirectUri,
    challenge: asked.challenge,
    scopes,
    audience: asked.audience,
    boundJkt: asked.boundJkt ?? null,
    expiresAtMs: nowMs + CODE_LIFE_MS,
  };
  await deps.insertCode(code, nowMs);
  return backTo(back, { code: text });
}

/** The person says no. */
export const denial = (asked: Authorization, publicUrl: string): string =>
  refusalTo(
    { redirectUri: asked.redirectUri, state: asked.state, issuer: publicUrl },
    "access_denied",
    "the person refused",
  );
