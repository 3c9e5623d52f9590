import { z } from "zod";
import { resourceMetadata, serverMetadata } from "#domain/oauth/metadata.ts";
import { RESOURCE_PATHS } from "#domain/oauth/resources.ts";
import { jwksOf } from "#domain/oauth/signing-keys.ts";
import { fails, feature, json, refuse, route } from "#workers/http/kit.ts";
import { openJson } from "./answer.ts";

const document = json(z.looseObject({}));
/** Shorter than a key is shown before it signs, and than one is believed after it did. */
const KEPT = { "Cache-Control": "public, max-age=300" };

const server = route(
  {
    method: "get",
    path: "/.well-known/oauth-authorization-server",
    summary: "Where and how a client gets tokens (RFC 8414)",
    access: "public",
    responses: { 200: { description: "The authorisation server", ...document } },
  },
  (c) => {
    const knowsCertificates = c.req.raw.cf?.tlsClientAuth !== undefined;
    return openJson(serverMetadata(c.env.WISHUB_PUBLIC_URL, knowsCertificates), KEPT);
  },
);

const whole = route(
  {
    method: "get",
    path: "/.well-known/oauth-protected-resource",
    summary: "What a token can be for, and who gives it (RFC 9728)",
    access: "public",
    responses: { 200: { description: "The product as a resource", ...document } },
  },
  (c) => openJson(resourceMetadata(c.env.WISHUB_PUBLIC_URL, ""), KEPT),
);

const part = route(
  {
    method: "get",
    path: "/.well-known/oauth-protected-resource/{part}",
    summary: "The same for one part of the product: v1, mcp or a2a",
    access: "public",
    request: { params: z.object({ part: z.string().max(16) }) },
    responses: { 200: { description: "A part as a resource", ...document }, ...fails("not-found") },
  },
  (c) => {
    const path = `/${c.req.valid("param").part}`;
    if (!RESOURCE_PATHS.some((known) => known === path)) refuse({ code: "not-found" });
    return openJson(resourceMetadata(c.env.WISHUB_PUBLIC_URL, path), KEPT);
  },
);

const jwks = route(
  {
    method: "get",
    path: "/.well-known/jwks.json",
    summary: "The keys that access tokens are signed with (RFC 7517)",
    access: "public",
    responses: { 200: { description: "A JWK Set", ...document } },
  },
  async (c) => {
    const { services, nowMs } = c.var;
    return openJson(jwksOf(await services.oauth.keys.believed(nowMs)), KEPT);
  },
);

export const oauthMetadata = feature(server, whole, part, jwks);
