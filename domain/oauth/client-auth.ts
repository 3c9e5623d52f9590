import { parseCredential } from "#domain/accounts/credential.ts";
import type { Certificate } from "#domain/oauth/certificates.ts";
import {
  ASSERTION_TYPE,
  issuerOf,
  readAssertion,
  registeredThumbprints,
} from "#domain/oauth/client-keys.ts";
import type { ClientRecord } from "#domain/oauth/clients.ts";
import { type OAuthError, refused } from "#domain/oauth/errors.ts";
import type { Form } from "#domain/oauth/form.ts";
import { ok, type Result } from "#domain/shared/result.ts";

/** What authenticating a client needs from outside. */
export type ClientAuthDeps = {
  publicUrl: string;
  sha256Hex(text: string): Promise<string>;
  /** A client that may act at this time. */
  client(id: string, nowMs: number): Promise<ClientRecord | null>;
  /** True for the first who says so, until it ends. */
  spend(id: string, expiresAtMs: number, nowMs: number): Promise<boolean>;
};

/** What a request says about who sends it. */
export type Asking = {
  form: Form;
  authorization: string | null;
  /** Of the connection. */
  certificate: Certificate | null;
  nowMs: number;
};

type Presented =
  | { how: "nothing"; id: string }
  | { how: "client_secret_basic" | "client_secret_post"; id: string; secret: string }
  | { how: "private_key_jwt"; id: string; assertion: string };

const UNKNOWN = refused(
  "invalid_client",
  "the client is not known here, or has not proven that it is the one",
);

/** Which client asks (RFC 6749 section 2.3), proven by the method that it registered and by no other. */
export async function authenticateClient(
  deps: ClientAuthDeps,
  asking: Asking,
): Promise<Result<ClientRecord, OAuthError>> {
  const presented = presentedIn(asking.form, asking.authorization);
  if (!presented.ok) return presented;
  const { id } = presented.value;
  // A secret carries its client's id and a checksum: what cannot be one asks no storage.
  const isPlausible = !("secret" in presented.value) || isSecretOf(presented.value.secret, id);
  const client = isPlausible ? await deps.client(id, asking.nowMs) : null;
  if (client === null || !(await hasProven(deps, client, presented.value, asking))) return UNKNOWN;
  return ok(client);
}

function isSecretOf(secret: string, id: string): boolean {
  const credential = parseCredential(secret);
  return credential?.kind === "client" && credential.id === id;
}

async function hasProven(
  deps: ClientAuthDeps,
  client: ClientRecord,
  presented: Presented,
  { certificate, nowMs }: Asking,
): Promise<boolean> {
  switch (client.authMethod) {
    case "none":
      return presented.how === "nothing";
    case "client_secret_basic":
    case "client_secret_post":
      return (
        presented.how === client.authMethod &&
        client.secretHash === (await deps.sha256Hex(presented.secret))
      );
    case "private_key_jwt":
      return (
        presented.how === "private_key_jwt" &&
        (await hasSigned(deps, client, presented.assertion, nowMs))
      );
    case "tls_client_auth":
      return (
        presented.how === "nothing" &&
        certificate?.subject != null &&
        certificate.subject === client.tlsSubject
      );
    case "self_signed_tls_client_auth": {
      if (presented.how !== "nothing" || certificate === null || client.jwks === null) return false;
      return (await registeredThumbprints(client.jwks)).includes(certificate.thumbprint);
    }
  }
}

async function hasSigned(
  deps: ClientAuthDeps,
  { id, jwks }: ClientRecord,
  assertion: string,
  nowMs: number,
): Promise<boolean> {
  if (jwks === null) return false;
  const audiences = [deps.publicUrl, `${deps.publicUrl}/oauth/token`];
  const read = await readAssertion(assertion, { id, jwks }, audiences, nowMs);
  if (read === null) return false;
  return await deps.spend(`assertion ${id} ${read.jti}`, read.expiresAtMs, nowMs);
}

function presentedIn(form: Form, authorization: string | null): Result<Presented, OAuthError> {
  const id = form.get("client_id");
  const secret = form.get("client_secret");
  const assertion = form.get("client_assertion");
  const ways = [authorization ?? undefined, secret, assertion].filter((way) => way !== undefined);
  if (ways.length > 1) return refused("invalid_request", "authenticate in one way only");
  if (authorization !== null) {
    const basic = basicOf(authorization);
    if (basic === null) return refused("invalid_client", "Authorization: only Basic is known here");
    if (id !== undefined && id !== basic.id)
      return refused("invalid_request", "client_id: not who authenticates");
    return ok({ ...basic, how: "client_secret_basic" });
  }
  if (assertion !== undefined) {
    const issuer = issuerOf(assertion);
    if (issuer === null || form.get("client_assertion_type") !== ASSERTION_TYPE) return UNKNOWN;
    if (id !== undefined && id !== issuer)
      return refused("invalid_request", "client_id: not who authenticates");
    return ok({ how: "private_key_jwt", id: issuer, assertion });
  }
  if (id === undefined) return refused("invalid_client", "client_id is missing");
  return ok(
    secret === undefined ? { how: "nothing", id } : { how: "client_secret_post", id, secret },
  );
}

/** RFC 6749 section 2.3.1: both halves are form-encoded before they are put together. */
function basicOf(header: string): { id: string; secret: string } | null {
  const encoded = /^Basic +([A-Za-z0-9+/]{1,1024}={0,2})$/i.exec(header)?.[1];
  if (encoded === undefined) return null;
  try {
    const text = atob(encoded);
    const at = text.indexOf(":");
    if (at < 1) return null;
    const [id, secret] = [text.slice(0, at), text.slice(at + 1)].map((half) =>
      decodeURIComponent(half.replaceAll("+", " ")),
    );
    return id === undefined || secret === undefined ? null : { id, secret };
  } catch {
    return null;
  }
}
