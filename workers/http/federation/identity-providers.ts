import { ID_BYTES } from "#domain/accounts/credential.ts";
import {
  changedProvider,
  newProvider,
  providerChange,
  providerId,
  providerInput,
  type ProviderRecord,
  providerView,
  viewOfProvider,
} from "#domain/federation/provider.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import {
  byAge,
  expectedVersion,
  fails,
  feature,
  idParam,
  json,
  pageOfList,
  pageOf,
  pageQuery,
  refuse,
  route,
  tagged,
  unwrap,
} from "#workers/http/kit.ts";
import type { Services } from "#adapters/index.ts";

const make = route(
  {
    method: "post",
    path: "/v1/identity-providers",
    summary: "Connect an identity provider",
    description:
      "Its people then sign in at `signInUrl`. Register `redirectUri` with the provider; its description of itself is read before it is connected.",
    access: "identity-provider.change",
    request: { body: json(providerInput) },
    responses: {
      201: { description: "The provider", ...json(providerView) },
      ...fails("conflict", "egress-refused", "egress-failed", "sign-in-refused"),
    },
  },
  async (c) => {
    const { services, principal, operationId, nowMs } = c.var;
    const { federation } = services;
    const input = c.req.valid("json");
    const { accountId } = principal;
    if (input.protocol === "oidc") unwrap(await federation.oidc.check(input.issuer, nowMs));
    else unwrap(federation.checkCertificates(input.certificates));
    const secret = input.protocol === "oidc" ? input.clientSecret : undefined;
    const sealedSecret = await sealed(services, accountId, secret);
    const id = providerId(accountId, Uint8Array.fromHex(operationId).subarray(0, ID_BYTES));
    const provider = newProvider(input, {
      id,
      accountId,
      sealedSecret: sealedSecret ?? null,
      nowMs,
    });
    if ((await federation.insertProvider(provider)) === "too-many")
      refuse({
        code: "conflict",
        detail: `an account has at most ${LIMITS.providersPerAccountMax} identity providers`,
      });
    const view = viewOfProvider(provider, c.env.WISHUB_PUBLIC_URL);
    return tagged(c, view, provider.version, 201);
  },
);

const list = route(
  {
    method: "get",
    path: "/v1/identity-providers",
    summary: "List your account's identity providers, newest first",
    access: "identity-provider.read",
    request: { query: pageQuery },
    responses: { 200: { description: "A page of providers", ...json(pageOf(providerView)) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { page, nextCursor } = await pageOfList(
      c.req.valid("query"),
      (after, limit) => services.federation.providers(principal.accountId, after, limit),
      byAge,
    );
    const items = page.map((each) => viewOfProvider(each, c.env.WISHUB_PUBLIC_URL));
    return c.json({ items, nextCursor });
  },
);

const get = route(
  {
    method: "get",
    path: "/v1/identity-providers/{id}",
    summary: "Read an identity provider",
    access: "identity-provider.read",
    request: { params: idParam },
    responses: {
      200: { description: "The provider", ...json(providerView) },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const provider = await owned(
      c.var.services,
      c.var.principal.accountId,
      c.req.valid("param").id,
    );
    return tagged(c, viewOfProvider(provider, c.env.WISHUB_PUBLIC_URL), provider.version);
  },
);

const change = route(
  {
    method: "patch",
    path: "/v1/identity-providers/{id}",
    summary: "Change an identity provider",
    description: "Roles follow the changed rules when their holders sign in again.",
    access: "identity-provider.change",
    request: { params: idParam, body: json(providerChange) },
    responses: {
      200: { description: "The provider", ...json(providerView) },
      ...fails(
        "not-found",
        "version-required",
        "version-stale",
        "egress-refused",
        "egress-failed",
        "sign-in-refused",
      ),
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const { accountId } = principal;
    const before = await owned(services, accountId, c.req.valid("param").id);
    const expected = expectedVersion(c);
    if (expected === undefined) refuse({ code: "version-required" });
    if (expected !== "any" && expected !== before.version) refuse({ code: "version-stale" });
    const input = c.req.valid("json");
    const sealedSecret = await sealed(services, accountId, input.clientSecret);
    const next = unwrap(changedProvider(before, input, sealedSecret));
    if (input.issuer !== undefined)
      unwrap(await services.federation.oidc.check(input.issuer, nowMs));
    if (input.certificates !== undefined)
      unwrap(services.federation.checkCertificates(input.certificates));
    if (!(await services.federation.replaceProvider(next))) refuse({ code: "version-stale" });
    return tagged(c, viewOfProvider(next, c.env.WISHUB_PUBLIC_URL), next.version);
  },
);

const remove = route(
  {
    method: "delete",
    path: "/v1/identity-providers/{id}",
    summary: "Disconnect an identity provider",
    description: "Whom it vouched for keep their place in the account and sign in by it no more.",
    access: "identity-provider.change",
    request: { params: idParam },
    responses: { 204: { description: "It is disconnected" }, ...fails("not-found") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { id } = c.req.valid("param");
    if (!(await services.federation.removeProvider(principal.accountId, id)))
      refuse({ code: "not-found" });
    return new Response(null, { status: 204 });
  },
);

async function owned(services: Services, accountId: string, id: string): Promise<ProviderRecord> {
  const provider = await services.federation.provider(id);
  return provider?.accountId === accountId ? provider : refuse({ code: "not-found" });
}

/** Undefined stays undefined, so that a change may leave the secret as it is. */
async function sealed(
  { federation }: Services,
  accountId: string,
  secret: string | null | undefined,
): Promise<string | null | undefined> {
  return secret == null ? secret : await federation.sealSecret(accountId, secret);
}

export const identityProviders = feature(make, list, get, change, remove);
