import { z } from "zod";
import { ID_BYTES } from "#domain/accounts/credential.ts";
import { GIVEN_ROLES, roleRule } from "#domain/federation/roles.ts";
import { acsUrlOf, entityIdOf } from "#domain/federation/saml.ts";
import { base32 } from "#domain/shared/base32.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Invalid, Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";

const url = text(LIMITS.urlCharsMax).refine(
  (value) => /^https?:$/.test(URL.parse(value)?.protocol ?? ""),
  "must be a URL that starts with https:// or http://",
);

const certificate = text(LIMITS.certificateCharsMax).regex(
  /^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/,
  "must be one certificate in PEM",
);

/** What both protocols have. */
const common = {
  name: text(LIMITS.keyNameCharsMax),
  enabled: z.boolean().optional(),
  /** Who may sign in: anybody the provider vouches for (`sign-in`), or only who its directory has put here (`scim`). */
  provisioning: z.enum(["sign-in", "scim"]).optional(),
  /** The first rule that fits decides; who fits none gets `defaultRole`, and with none of that is refused. */
  roles: z.array(roleRule).max(LIMITS.roleRulesMax).optional(),
  defaultRole: z.enum(GIVEN_ROLES).nullable().optional(),
  /** By which attribute a person that the directory put here is found again, as its `externalId` or `userName`. */
  linkAttribute: text(LIMITS.attributeNameCharsMax).optional(),
};
const oidc = {
  /** As its discovery document names it, without `/.well-known/…`. */
  issuer: url,
  clientId: text(LIMITS.clientIdCharsMax),
  clientSecret: text(LIMITS.clientSecretCharsMax).optional(),
  /** `openid` is always asked for. */
  scopes: z.array(text(100)).max(20).optional(),
};
const saml = {
  /** As its metadata names it. */
  entityId: text(LIMITS.urlCharsMax),
  /** Its `SingleSignOnService` with the HTTP-Redirect binding. */
  ssoUrl: url,
  /** What it signs with, PEM: RSA keys of at least 2048 bits. Two while it changes from one to the other. */
  certificates: z.array(certificate).min(1).max(LIMITS.certificatesMax),
};

export const providerInput = z.discriminatedUnion("protocol", [
  z.strictObject({ protocol: z.literal("oidc"), ...common, ...oidc }),
  z.strictObject({ protocol: z.literal("saml"), ...common, ...saml }),
]);
export type ProviderInput = z.infer<typeof providerInput>;

/** Whatever is given changes; `clientSecret: null` takes the secret away. The protocol stays. */
export const providerChange = z
  .strictObject({
    ...common,
    ...oidc,
    ...saml,
    clientSecret: text(LIMITS.clientSecretCharsMax).nullable(),
  })
  .partial();
export type ProviderChange = z.infer<typeof providerChange>;

export type OidcSettings = { protocol: "oidc"; issuer: string; clientId: string; scopes: string[] };
export type SamlSettings = {
  protocol: "saml";
  entityId: string;
  ssoUrl: string;
  certificates: string[];
};
type Settings = OidcSettings | SamlSettings;

export type ProviderRecord = {
  id: string;
  accountId: string;
  name: string;
  enabled: boolean;
  provisioning: "sign-in" | "scim";
  roles: z.infer<typeof roleRule>[];
  defaultRole: (typeof GIVEN_ROLES)[number] | null;
  linkAttribute: string;
  settings: Settings;
  /** Encrypted; null where the client has none. */
  sealedSecret: string | null;
  version: number;
  createdAtMs: number;
};

export const providerView = z.object({
  id: z.string(),
  version: z.int(),
  protocol: z.enum(["oidc", "saml"]),
  name: z.string(),
  enabled: z.boolean(),
  provisioning: z.enum(["sign-in", "scim"]),
  roles: z.array(roleRule),
  defaultRole: z.enum(GIVEN_ROLES).nullable(),
  linkAttribute: z.string(),
  /** Where a browser goes to sign in, and where the provider sends it back to. */
  signInUrl: z.string(),
  redirectUri: z.string(),
  issuer: z.string().optional(),
  clientId: z.string().optional(),
  scopes: z.array(z.string()).optional(),
  entityId: z.string().optional(),
  ssoUrl: z.string().optional(),
  certificates: z.array(z.string()).optional(),
  /** Of a SAML provider: what its administrator connects us with. */
  metadataUrl: z.string().optional(),
  /** Whether there is a client secret; it is never shown. */
  hasClientSecret: z.boolean(),
  createdAt: z.string(),
});

export const signInUrl = (publicUrl: string, id: string) => `${publicUrl}/sso/${id}`;
export const redirectUri = (publicUrl: string, id: string) => `${publicUrl}/sso/${id}/callback`;

/** The answer for an administrator; nothing secret is in it. */
export function viewOfProvider(provider: ProviderRecord, publicUrl: string) {
  const { id, version, name, enabled, provisioning, roles, defaultRole, linkAttribute } = provider;
  return {
    id,
    version,
    name,
    enabled,
    provisioning,
    roles,
    defaultRole,
    linkAttribute,
    ...provider.settings,
    signInUrl: signInUrl(publicUrl, id),
    redirectUri:
      provider.settings.protocol === "saml" ? acsUrlOf(publicUrl, id) : redirectUri(publicUrl, id),
    ...(provider.settings.protocol === "saml" && { metadataUrl: entityIdOf(publicUrl, id) }),
    hasClientSecret: provider.sealedSecret !== null,
    createdAt: new Date(provider.createdAtMs).toISOString(),
  };
}

/** `f<shard>_…`: like every id it names its catalog shard. */
export const providerId = (accountId: string, bytes: Uint8Array) =>
  `f${accountId.charAt(1)}_${base32(bytes.subarray(0, ID_BYTES))}`;

export function newProvider(
  input: ProviderInput,
  made: { id: string; accountId: string; sealedSecret: string | null; nowMs: number },
): ProviderRecord {
  return {
    id: made.id,
    accountId: made.accountId,
    name: input.name,
    enabled: input.enabled ?? true,
    provisioning: input.provisioning ?? "sign-in",
    roles: input.roles ?? [],
    defaultRole: input.defaultRole ?? null,
    linkAttribute: input.linkAttribute ?? (input.protocol === "oidc" ? "sub" : NAME_ID),
    settings: settingsOf(input),
    sealedSecret: made.sealedSecret,
    version: 1,
    createdAtMs: made.nowMs,
  };
}

/** The provider with what was given changed, one version on. `sealedSecret` of undefined stays as it is. */
export function changedProvider(
  before: ProviderRecord,
  change: ProviderChange,
  sealedSecret: string | null | undefined,
): Result<ProviderRecord, Problem<"invalid-request">> {
  const { clientSecret, ...rest } = change;
  const isForeign = (name: string) => !(name in before) && !(name in before.settings);
  const foreign = Object.keys(rest).filter(isForeign);
  if (clientSecret !== undefined && before.settings.protocol === "saml")
    foreign.push("clientSecret");
  if (foreign.length > 0) return err({ code: "invalid-request", errors: foreign.map(foreignTo) });
  return ok({
    ...before,
    name: rest.name ?? before.name,
    enabled: rest.enabled ?? before.enabled,
    provisioning: rest.provisioning ?? before.provisioning,
    roles: rest.roles ?? before.roles,
    defaultRole: rest.defaultRole === undefined ? before.defaultRole : rest.defaultRole,
    linkAttribute: rest.linkAttribute ?? before.linkAttribute,
    settings: changedSettings(before.settings, rest),
    sealedSecret: sealedSecret === undefined ? before.sealedSecret : sealedSecret,
    version: before.version + 1,
  });
}

/** The attribute that a SAML subject's name is found as; in OpenID Connect it is the claim `sub`. */
export const NAME_ID = "nameId";

function settingsOf(input: ProviderInput): Settings {
  if (input.protocol === "saml") {
    const { entityId, ssoUrl, certificates } = input;
    return { protocol: "saml", entityId, ssoUrl, certificates };
  }
  const { issuer, clientId, scopes = ["profile", "email"] } = input;
  return { protocol: "oidc", issuer, clientId, scopes };
}

function changedSettings(before: Settings, change: ProviderChange): Settings {
  if (before.protocol === "saml") {
    const { entityId, ssoUrl, certificates } = { ...before, ...change };
    return { protocol: "saml", entityId, ssoUrl, certificates };
  }
  const { issuer, clientId, scopes } = { ...before, ...change };
  return { protocol: "oidc", issuer, clientId, scopes };
}

const foreignTo = (name: string): Invalid => ({
  pointer: `/${name}`,
  detail: "a provider of this protocol has no such setting",
});
