import type { Linked } from "#domain/federation/identity.ts";
import type { ProviderRecord } from "#domain/federation/provider.ts";
import { externalIdIndex, userNameIndex } from "#domain/federation/scim/users.ts";
import { scimGroupStore } from "#db/catalog/scim-groups.ts";
import { scimUserStore } from "#db/catalog/scim-users.ts";
import { federationStore } from "#db/catalog/federation.ts";
import type { Egress } from "#adapters/egress.ts";
import { checkCertificates } from "#adapters/certificates.ts";
import { oidc } from "#adapters/oidc.ts";
import type { people } from "#adapters/people.ts";
import { saml } from "#adapters/saml.ts";

const SECRET = "identity-provider.secret";

/** Identity providers: their storage with what is secret in it sealed, and their protocols. */
export function federation(env: Env, persons: ReturnType<typeof people>, egress: Egress) {
  const { ring, random, sha256Hex, insertSession, memberships, removeMember } = persons;
  const users = scimUserStore(env.CATALOG_0);
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
    ...users,
    ...scimGroupStore(env.CATALOG_0),
    removeMember,
    async provisioned(accountId: string, value: string): Promise<Linked | null> {
      const [byId, byName] = await Promise.all([
        externalIdIndex(ring, accountId, value),
        userNameIndex(ring, accountId, value),
      ]);
      return (
        (await users.linkedBy(accountId, "externalIdIndex", byId)) ??
        (await users.linkedBy(accountId, "userNameIndex", byName))
      );
    },
    sealSecret: (accountId: string, secret: string) =>
      ring.seal({ account: accountId }, SECRET, secret),
    secretOf: async ({ accountId, sealedSecret }: ProviderRecord) =>
      sealedSecret === null ? null : await ring.open({ account: accountId }, SECRET, sealedSecret),
  };
}
