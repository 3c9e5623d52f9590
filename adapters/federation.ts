import type { Linked } from "#domain/federation/identity.ts";
import type { ProviderRecord } from "#domain/federation/provider.ts";
import { federationStore } from "#db/catalog/federation.ts";
import type { Egress } from "#adapters/egress.ts";
import { checkCertificates } from "#adapters/certificates.ts";
import { oidc } from "#adapters/oidc.ts";
import type { people } from "#adapters/people.ts";
import { saml } from "#adapters/saml.ts";

const SECRET = "identity-provider.secret";

/** Identity providers: their storage with what is secret in it sealed, and their protocols. */
export function federation(env: Env, persons: ReturnType<typeof people>, egress: Egress) {
  const { ring, random, sha256Hex, insertSession, memberships } = persons;
  return {
    ...federationStore([env.CATALOG_0]),
    ring,
    random,
    sha256Hex,
    insertSession,
    memberships,
    oidc: oidc(egress),
    saml: saml(persons.prove, persons.publicUrl),
    checkCertificates,
    provisioned: async (): Promise<Linked | null> => null,
    sealSecret: (accountId: string, secret: string) =>
      ring.seal({ account: accountId }, SECRET, secret),
    secretOf: async ({ accountId, sealedSecret }: ProviderRecord) =>
      sealedSecret === null ? null : await ring.open({ account: accountId }, SECRET, sealedSecret),
  };
}
