import { z } from "zod";
import { ID_BYTES, SECRET_BYTES } from "#domain/accounts/credential.ts";
import { clientInput, makeClient, registrationOf } from "#domain/oauth/clients.ts";
import { type OAuthError, refused } from "#domain/oauth/errors.ts";
import { parseJson } from "#domain/shared/parse.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { feature, json, route } from "#workers/http/kit.ts";
import { oauthAnswer, oauthError, readBytes } from "./answer.ts";

const register = route(
  {
    method: "post",
    path: "/oauth/register",
    summary: "Register an application that people can let act for them (RFC 7591)",
    description:
      "Open to everybody: such a client can do nothing until a person says yes. Clients that act for themselves belong to an account: POST /v1/oauth/clients.",
    access: "public",
    request: { body: { content: { "application/json": {} }, bytesMax: LIMITS.formBytesMax } },
    responses: {
      201: { description: "The client", ...json(z.looseObject({ client_id: z.string() })) },
      400: { description: "Refused", ...oauthError },
    },
    idempotency: "ignored", // who registers twice has two clients; nobody is signed in whose key it could be
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const bytes = await readBytes(c.req.raw);
    if (!bytes.ok) return oauthAnswer(bytes);
    const input = parseJson(bytes.value, clientInput);
    if (!input.ok) return oauthAnswer(told(input.error));
    const random = {
      idBytes: services.oauth.random(ID_BYTES),
      secretBytes: services.oauth.random(SECRET_BYTES),
    };
    const made = await makeClient(services.oauth.sha256Hex, input.value, null, random, nowMs);
    if (!made.ok) return oauthAnswer(made);
    const { client, secret } = made.value;
    await services.oauth.insertClient(client);
    return oauthAnswer({ ok: true, value: registrationOf(client, secret) }, 201);
  },
);

/** The protocol has one line for what is wrong (RFC 7591 section 3.2.2). */
function told({ errors = [] }: Problem): { ok: false; error: OAuthError } {
  const [first] = errors;
  const member = first?.pointer.split("/")[1] ?? "";
  const code = member === "redirect_uris" ? "invalid_redirect_uri" : "invalid_client_metadata";
  return refused(code, `${member}: ${first?.detail ?? "is not valid"}`);
}

export const oauthRegister = feature(register);
