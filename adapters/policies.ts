import type { Principal } from "#domain/accounts/model.ts";
import type { PolicyRecord } from "#domain/policies/model.ts";
import { compile, type Policies } from "#domain/policies/policies.ts";
import { kept } from "#domain/shared/kept.ts";

const BYTES_MAX = 4_000_000;
/** What a rule takes once it is compiled, beside its text. */
const RULE_BYTES = 4_000;

type Store = { policy(accountId: string, version: number): Promise<PolicyRecord | null> };
type Entry = { version: number; policies: Policies; bytes: number };

/**
 * The policies of the accounts an isolate serves, compiled. Which version is in force comes with the verdict on the
 * credential (5 s at most), a version never changes, so nothing here grows old.
 */
export function policyCache(store: Store) {
  const entries = kept<Entry>(BYTES_MAX);
  return {
    /** What narrows this principal; null where its account has no policy. */
    async policiesOf(principal: Pick<Principal, "accountId" | "policyVersion">) {
      const { accountId, policyVersion: version } = principal;
      if (version === 0) return null;
      const known = entries.get(accountId);
      if (known?.version === version) return known.policies;
      const record = await store.policy(accountId, version);
      // Named and not there is a doubt, and doubt is for refusing.
      const policies = compile(record ?? { version, otherwise: "deny", rules: [] });
      const bytes = JSON.stringify(record).length * 2 + policies.rules.size * RULE_BYTES;
      if (record !== null) entries.set(accountId, { version, policies, bytes });
      return policies;
    },
  };
}
