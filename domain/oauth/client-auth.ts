import { parseCredential } from "#domain/accounts/credential.ts";
import type { ClientRecord } from "#domain/oauth/clients.ts";
import { type OAuthError, refused } from "#domain/oauth/errors.ts";
import type { Form } from "#domain/oauth/form.ts";
import { ok, type Result } from "#domain/shared/result.ts";

/** What authenticating a client needs from outside. */
export type ClientAuthDeps = {
  sha256Hex(text: string): Promise<string>;
  /** A client that may act at this time. */
  client(id: string, nowMs: number): Promise<ClientRecord | null>;
};

type Presented = {
  id: string;
  secret: string | null;
  method: "none" | "client_secret_basic" | "client_secret_post";
};

const UNKNOWN = "the client is not known here, or has not proven that it is the one";

/** Which client asks (RFC 6749 section 2.3), proven by the method that it registered and by no other. */
export async function authenticateClient(
  deps: ClientAuthDeps,
  form: Form,
  authorization: string | null,
  nowMs: number,
): Promise<Result<ClientRecord, OAuthError>> {
  const presented = presentedIn(form, authorization);
  if (!presented.ok) return presented;
  const { id, secret, method } = presented.value;
  const hash = await deps.sha256Hex(secret ?? "");
  // A secret carries its client's id and a checksum: what cannot be one asks no storage.
  const isPlausible =
    secret === null ||
    (parseCredential(secret)?.kind === "client" && parseCredential(secret)?.id === id);
  const client = isPlausible ? await deps.client(id, nowMs) : null;
  if (client === null || client.authMethod !== method) return refused("invalid_client", UNKNOWN);
  if (method !== "none" && client.secretHash !== hash) return refused("invalid_client", UNKNOWN);
  return ok(client);
}

function presentedIn(form: Form, authorization: string | null): Result<Presented, OAuthError> {
  const id = form.get("client_id");
  const secret = form.get("client_secret");
  if (authorization !== null) {
    const basic = basicOf(authorization);
    if (basic === null) return refused("invalid_client", "Authorization: only Basic is known here");
    if (secret !== undefined || (id !== undefined && id !== basic.id))
      return refused("invalid_request", "authenticate in one way only");
    return ok({ ...basic, method: "client_secret_basic" });
  }
  if (id === undefined) return refused("invalid_client", "client_id is missing");
  if (secret === undefined) return ok({ id, secret: null, method: "none" });
  return ok({ id, secret, method: "client_secret_post" });
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
