import { ID_BYTES, memberId } from "#domain/accounts/credential.ts";
import { federatedPerson } from "#domain/federation/identity.ts";
import type { ProviderRecord } from "#domain/federation/provider.ts";
import { type GivenRole, roleOf } from "#domain/federation/roles.ts";
import type { PersonRecord } from "#domain/people/model.ts";
import type { MemberChange } from "#domain/people/members.ts";
import type { Sealed, Ring } from "#domain/federation/scim/ring.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { patchedUser } from "./patch.ts";
import { refusedScim, type ScimObject, scimFilter } from "./path.ts";
import { personOf, type ScimUser, type ScimUserRecord, userFrom } from "./user.ts";

/** A row as stored: `profile` is the sealed user without whether they are active, which the principal's status says. */
type Row = {
  principalId: string;
  personId: string;
  profile: string;
  version: number;
  createdAtMs: number;
  changedAtMs: number;
  role: string;
  status: string;
};
type Indexes = { userNameIndex: string; externalIdIndex: string | null };
type By =
  | { column: null; value: null }
  | { column: "principalId" | "userNameIndex" | "externalIdIndex"; value: string };

export type UserDeps = {
  ring: Ring;
  random(length: number): Uint8Array;
  scimUser(accountId: string, principalId: string): Promise<Row | null>;
  scimUsers(
    accountId: string,
    by: By,
    offset: number,
    limit: number,
  ): Promise<{ total: number; rows: Row[] }>;
  insertScimUser(
    accountId: string,
    made: {
      person: PersonRecord;
      principalId: string;
      role: GivenRole;
      active: boolean;
      profile: string;
    },
    indexes: Indexes,
    nowMs: number,
  ): Promise<"inserted" | "taken" | "too-many">;
  replaceScimUser(
    accountId: string,
    before: Pick<Row, "principalId" | "personId" | "version">,
    next: Indexes & { profile: string; active: boolean; email: string; name: string },
    nowMs: number,
  ): Promise<"done" | "taken" | "stale">;
  removeMember(accountId: string, principalId: string, nowMs: number): Promise<MemberChange>;
  dropScimUser(accountId: string, principalId: string): Promise<void>;
  directoryProvider(accountId: string): Promise<ProviderRecord | null>;
};

type Failure = Problem<
  "invalid-request" | "not-found" | "conflict" | "forbidden" | "version-stale"
>;
const FIELD = "scim.profile";
const gone = err({ code: "not-found" as const });
const TAKEN = err({ code: "conflict" as const, detail: "there is a user of that userName" });

/** Names of people have no case in a directory. */
export const userNameIndex = (ring: Ring, accountId: string, userName: string) =>
  ring.blindIndex("scim.userName", `${accountId}\n${userName.normalize("NFKC").toLowerCase()}`);
export const externalIdIndex = (ring: Ring, accountId: string, externalId: string) =>
  ring.blindIndex("scim.externalId", `${accountId}\n${externalId}`);

/** The role of somebody with these groups, as the account's provider for its directory maps them. */
export const directoryRole = (
  provider: ProviderRecord | null,
  groups: readonly string[],
): GivenRole =>
  (provider && roleOf(provider.roles, provider.defaultRole, new Map([["groups", groups]]))) ??
  "viewer";

export async function makeUser(
  deps: UserDeps,
  accountId: string,
  body: ScimObject,
  nowMs: number,
): Promise<Result<ScimUserRecord, Failure>> {
  const parsed = userFrom(body);
  if (!parsed.ok) return parsed;
  const user = parsed.value;
  const person = await federatedPerson(deps, personOf(user), nowMs);
  const principalId = memberId("principal", 0, deps.random(ID_BYTES));
  const role = directoryRole(await deps.directoryProvider(accountId), []);
  const made = {
    person,
    principalId,
    role,
    active: user.active,
    profile: await sealed(deps.ring, person.id, user),
  };
  const outcome = await deps.insertScimUser(
    accountId,
    made,
    await indexesOf(deps.ring, accountId, user),
    nowMs,
  );
  if (outcome === "taken") return TAKEN;
  if (outcome === "too-many")
    return err({ code: "forbidden", detail: "the account has no room for more people" });
  const at = { version: 1, createdAtMs: nowMs, changedAtMs: nowMs };
  return ok({ principalId, personId: person.id, user, ...at });
}

export async function readUser(
  deps: UserDeps,
  accountId: string,
  id: string,
): Promise<Result<ScimUserRecord, Failure>> {
  const row = await deps.scimUser(accountId, id);
  const [record] = row === null ? [] : await opened(deps.ring, [row]);
  return record === undefined ? gone : ok(record);
}

export async function listUsers(
  deps: UserDeps,
  accountId: string,
  { filter, offset, limit }: { filter: string | undefined; offset: number; limit: number },
): Promise<Result<{ total: number; users: ScimUserRecord[] }, Failure>> {
  const by = await byFilter(deps.ring, accountId, filter);
  if (!by.ok) return by;
  const { total, rows } = await deps.scimUsers(accountId, by.value, offset, limit);
  return ok({ total, users: await opened(deps.ring, rows) });
}

export type UserChange = { put: ScimObject } | { patch: ScimObject };

/** `expected` is the version in `If-Match`, where there is one. */
export async function changeUser(
  deps: UserDeps,
  accountId: string,
  { id, expected }: { id: string; expected: number | "any" | undefined },
  change: UserChange,
  nowMs: number,
): Promise<Result<ScimUserRecord, Failure>> {
  const row = await deps.scimUser(accountId, id);
  const [before] = row === null ? [] : await opened(deps.ring, [row]);
  if (row === null || before === undefined) return gone;
  if (typeof expected === "number" && expected !== row.version)
    return err({ code: "version-stale" });
  const next = "put" in change ? userFrom(change.put) : patchedUser(before.user, change.patch);
  if (!next.ok) return next;
  const user = next.value;
  if (!user.active && row.role === "owner") return OWNER;
  const scope = { person: row.personId };
  const { email, name } = personOf(user);
  const stored = {
    ...(await indexesOf(deps.ring, accountId, user)),
    profile: await sealed(deps.ring, row.personId, user),
    active: user.active,
    email: await deps.ring.seal(scope, "email", email),
    name: await deps.ring.seal(scope, "name", name),
  };
  const outcome = await deps.replaceScimUser(accountId, row, stored, nowMs);
  if (outcome === "taken") return TAKEN;
  if (outcome === "stale") return err({ code: "version-stale" });
  return ok({ ...before, user, version: row.version + 1, changedAtMs: nowMs });
}

/** Out of the account with their sessions, keys, groups and ways in. */
export async function removeUser(
  deps: UserDeps,
  accountId: string,
  id: string,
  nowMs: number,
): Promise<Result<null, Failure>> {
  const row = await deps.scimUser(accountId, id);
  if (row === null) return gone;
  if (row.role === "owner") return OWNER;
  await deps.removeMember(accountId, id, nowMs);
  await deps.dropScimUser(accountId, id);
  return ok(null);
}

const OWNER = err({ code: "forbidden" as const, detail: "an owner is taken out by an owner" });

async function byFilter(
  ring: Ring,
  accountId: string,
  text: string | undefined,
): Promise<Result<By, Failure>> {
  if (text === undefined) return ok({ column: null, value: null });
  const filter = scimFilter(text);
  if (!filter.ok) return filter;
  const { attribute, value } = filter.value;
  if (attribute === "id") return ok({ column: "principalId", value });
  if (attribute === "username")
    return ok({ column: "userNameIndex", value: await userNameIndex(ring, accountId, value) });
  if (attribute === "externalid")
    return ok({ column: "externalIdIndex", value: await externalIdIndex(ring, accountId, value) });
  return refusedScim("#/query/filter", "users are found by id, userName or externalId");
}

const indexesOf = async (ring: Ring, accountId: string, user: ScimUser): Promise<Indexes> => ({
  userNameIndex: await userNameIndex(ring, accountId, user.userName),
  externalIdIndex:
    user.externalId === undefined ? null : await externalIdIndex(ring, accountId, user.externalId),
});

const sealed = (ring: Ring, personId: string, user: ScimUser) =>
  ring.seal({ person: personId }, FIELD, JSON.stringify({ ...user, active: undefined }));

/** Whoever was erased is not there any more, whatever rows say. */
async function opened(ring: Ring, rows: readonly Row[]): Promise<ScimUserRecord[]> {
  const wanted = rows.map(({ personId, profile }): Sealed => ({
    scope: { person: personId },
    field: FIELD,
    sealed: profile,
  }));
  const texts = await ring.openMany(wanted);
  return rows.flatMap((row, i) => {
    const text = texts[i];
    if (text == null || row.status === "removed") return [];
    const user = {
      ...(JSON.parse(text) as Omit<ScimUser, "active">),
      active: row.status === "active",
    };
    const { principalId, personId, version, createdAtMs, changedAtMs } = row;
    return [{ principalId, personId, user, version, createdAtMs, changedAtMs }];
  });
}
