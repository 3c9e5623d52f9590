import { ID_BYTES, memberId, mintCredential, SECRET_BYTES } from "#domain/accounts/credential.ts";
import type { KeyRecord } from "#domain/accounts/keys.ts";
import { type Role, SCOPES } from "#domain/accounts/model.ts";

export type AccountRecord = {
  id: string;
  name: string;
  status: "active" | "suspended";
  createdAtMs: number;
};
export type PrincipalRecord = {
  id: string;
  accountId: string;
  kind: "person" | "agent" | "service";
  name: string;
  role: Role;
  status: "active" | "suspended";
  createdAtMs: number;
};

/** How much randomness the first account takes. */
export const BOOTSTRAP_BYTES = 3 * ID_BYTES + SECRET_BYTES;
const SHARD = 0;

/** The first account, its owner and the owner's key with every scope. */
export function firstAccount(random: Uint8Array, nowMs: number) {
  const account: AccountRecord = {
    id: memberId("account", SHARD, random),
    name: "First account",
    status: "active",
    createdAtMs: nowMs,
  };
  const owner: PrincipalRecord = {
    id: memberId("principal", SHARD, random.subarray(ID_BYTES)),
    accountId: account.id,
    kind: "person",
    name: "Owner",
    role: "owner",
    status: "active",
    createdAtMs: nowMs,
  };
  return {
    account,
    owner,
    ...ownerKey(account.id, owner.id, random.subarray(2 * ID_BYTES), nowMs),
  };
}

/** A key with every scope for an account's owner; `key.secretHash` is still to be filled in. */
export function ownerKey(
  accountId: string,
  principalId: string,
  random: Uint8Array,
  nowMs: number,
) {
  const { id, text: apiKey } = mintCredential("key", SHARD, random, random.subarray(ID_BYTES));
  const key: Omit<KeyRecord, "secretHash"> = {
    id,
    accountId,
    principalId,
    name: "Owner's key",
    scopes: [...SCOPES],
    networks: null,
    agentId: null,
    parentId: null,
    replacedById: null,
    createdAtMs: nowMs,
    expiresAtMs: null,
    lastUsedAtMs: null,
    revokedAtMs: null,
  };
  return { key, apiKey };
}
