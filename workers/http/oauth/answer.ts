import type { Context } from "hono";
import { z } from "zod";
import { certificateIn } from "#domain/oauth/certificates.ts";
import type { Asking } from "#domain/oauth/client-auth.ts";
import { type OAuthError, refused, statusOf } from "#domain/oauth/errors.ts";
import { type Form, formFrom } from "#domain/oauth/form.ts";
import { joined } from "#domain/shared/bytes.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { ok, type Result } from "#domain/shared/result.ts";
import { json } from "#workers/http/kit.ts";

/** A form's body, as a route declares it; its handler reads it by `readForm`, because a protocol has an error form of its own. */
export const form = {
  content: { "application/x-www-form-urlencoded": {} },
  bytesMax: LIMITS.formBytesMax,
};

/** RFC 6749 section 5.2. */
export const oauthError = json(z.object({ error: z.string(), error_description: z.string() }));

export async function readBytes(request: Request): Promise<Result<Uint8Array, OAuthError>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > LIMITS.formBytesMax)
      return refused("invalid_request", `at most ${LIMITS.formBytesMax} bytes`);
    chunks.push(chunk);
  }
  return ok(joined(chunks));
}

export async function readForm(c: Context): Promise<Result<Form, OAuthError>> {
  const bytes = await readBytes(c.req.raw);
  if (!bytes.ok) return bytes;
  try {
    return formFrom(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes.value),
    );
  } catch {
    return refused("invalid_request", "must be UTF-8");
  }
}

/** What a request to an OAuth endpoint says, and about who sends it. */
export async function askingIn(c: Context): Promise<Result<Asking, OAuthError>> {
  const read = await readForm(c);
  if (!read.ok) return read;
  return ok({
    form: read.value,
    authorization: c.req.raw.headers.get("Authorization"),
    certificate: certificateIn(c.req.raw.cf?.tlsClientAuth),
    nowMs: c.get("nowMs"),
  });
}

/** Pages elsewhere may read these answers: nothing in them comes from a cookie. */
const OPEN = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "DPoP-Nonce, WWW-Authenticate",
};

export const openJson = (value: object, headers: Record<string, string> = {}): Response =>
  Response.json(value, { headers: { ...OPEN, ...headers } });

/** The protocol's own form of an answer (RFC 6749 sections 5.1 and 5.2). Nothing keeps it. */
export function oauthAnswer(
  result: Result<object, OAuthError>,
  status = 200,
  more: Record<string, string> = {},
): Response {
  const headers: Record<string, string> = {
    ...OPEN,
    ...more,
    "Cache-Control": "no-store",
    Pragma: "no-cache",
  };
  if (result.ok) return Response.json(result.value, { status, headers });
  const { error, description } = result.error;
  if (error === "invalid_client") headers["WWW-Authenticate"] = 'Basic realm="wishub"';
  if (error === "temporarily_unavailable") headers["Retry-After"] = "1";
  return Response.json(
    { error, error_description: description },
    { status: statusOf(error), headers },
  );
}
