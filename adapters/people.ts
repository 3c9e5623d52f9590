import type { keyRing } from "#adapters/key-ring.ts";
import { mailing } from "#adapters/mail.ts";
import { proofs } from "#adapters/proofs.ts";
import { factorStore } from "#db/catalog/factors.ts";
import { memberStore } from "#db/catalog/members.ts";
import { peopleStore } from "#db/catalog/people.ts";
import { catalogStore } from "#db/catalog/store.ts";
import { sha256Hex } from "#domain/shared/hash.ts";

/** What people's sign-up and sign-in need, in one place. */
export function people(env: Env, ring: ReturnType<typeof keyRing>) {
  const store = peopleStore(env.CATALOG_0);
  return {
    ...catalogStore([env.CATALOG_0]),
    ...store,
    ...mailing(env, ring, store),
    ...memberStore(env.CATALOG_0),
    ...factorStore(env.CATALOG_0),
    ring,
    prove: proofs(env),
    publicUrl: env.WISHUB_PUBLIC_URL,
    sha256Hex,
    random: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
  };
}
