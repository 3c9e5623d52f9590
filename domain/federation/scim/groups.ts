import { ID_BYTES } from "#domain/accounts/credential.ts";
import type { ProviderRecord } from "#domain/federation/provider.ts";
import type { GivenRole } from "#domain/federation/roles.ts";
import { base32 } from "#domain/shared/base32.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { type GroupChange, groupFrom, type MembersChange, type ScimGroupRecord } from "./group.ts";
import { groupPatch } from "./patch.ts";
import { refusedScim, type ScimObject, scimFilter } from "./path.ts";
import { directoryRole } from "./users.ts";

type By = { column: null; value: null } | { column: "id" | "name" | "externalId"; value: string };

export type GroupDeps = {
  random(length: number): Uint8Array;
  scimGroup(accountId: string, id: string): Promise<ScimGroupRecord | null>;
  scimGroups(
    accountId: string,
    by: By,
    offset: number,
    limit: number,
  ): Promise<{ total: number; rows: ScimGroupRecord[] }>;
  membersOf(accountId: string, groupId: string): Promise<string[]>;
  insertScimGroup(group: ScimGroupRecord): Promise<"inserted" | "taken" | "too-many">;
  replaceScimGroup(next: ScimGroupRecord): Promise<"done" | "taken" | "stale">;
  removeScimGroup(accountId: string, id: string): Promise<boolean>;
  changeMembers(accountId: string, groupId: string, change: MembersChange): Promise<void>;
  groupsOf(
    accountId: string,
    principalIds: readonly string[],
  ): Promise<{ principalId: string; id: string; name: string }[]>;
  directoryProvider(accountId: string): Promise<ProviderRecord | null>;
  setRoles(accountId: string, role: GivenRole, principalIds: readonly string[]): Promise<void>;
};

type Failure = Problem<
  "invalid-request" | "not-found" | "conflict" | "forbidden" | "version-stale"
>;
const gone = err({ code: "not-found" as const });
const TAKEN = err({ code: "conflict" as const, detail: "there is a group of that displayName" });

export async function makeGroup(
  deps: GroupDeps,
  accountId: string,
  body: ScimObject,
  nowMs: number,
): Promise<Result<ScimGroupRecord, Failure>> {
  const parsed = groupFrom(body);
  if (!parsed.ok) return parsed;
  const { name, externalId, members } = parsed.value;
  const group: ScimGroupRecord = {
    id: `g${accountId.charAt(1)}_${base32(deps.random(ID_BYTES))}`,
    accountId,
    name,
    externalId,
    version: 1,
    createdAtMs: nowMs,
    changedAtMs: nowMs,
  };
  const outcome = await deps.insertScimGroup(group);
  if (outcome === "taken") return TAKEN;
  if (outcome === "too-many")
    return err({ code: "forbidden", detail: "the account has no room for more groups" });
  await memberChanges(deps, group, { cleared: false, added: new Set(members), removed: new Set() });
  return ok(group);
}

export async function listGroups(
  deps: GroupDeps,
  accountId: string,
  { filter, offset, limit }: { filter: string | undefined; offset: number; limit: number },
): Promise<Result<{ total: number; rows: ScimGroupRecord[] }, Failure>> {
  const by = byFilter(filter);
  if (!by.ok) return by;
  return ok(await deps.scimGroups(accountId, by.value, offset, limit));
}

function byFilter(text: string | undefined): Result<By, Failure> {
  if (text === undefined) return ok({ column: null, value: null });
  const filter = scimFilter(text);
  if (!filter.ok) return filter;
  const { attribute, value } = filter.value;
  if (attribute === "id") return ok({ column: "id", value });
  if (attribute === "displayname") return ok({ column: "name", value });
  if (attribute === "externalid") return ok({ column: "externalId", value });
  return refusedScim("#/query/filter", "groups are found by id, displayName or externalId");
}

/** Roles follow at once: whoever left a group may no more what it gave them within 5 seconds. Answers who is concerned. */
export async function changeGroup(
  deps: GroupDeps,
  accountId: string,
  { id, expected }: { id: string; expected: number | "any" | undefined },
  change: { put: ScimObject } | { patch: ScimObject },
  nowMs: number,
): Promise<Result<ScimGroupRecord, Failure>> {
  const before = await deps.scimGroup(accountId, id);
  if (before === null) return gone;
  if (typeof expected === "number" && expected !== before.version)
    return err({ code: "version-stale" });
  const parsed = "put" in change ? put(change.put) : groupPatch(change.patch);
  if (!parsed.ok) return parsed;
  const { name = before.name, externalId = before.externalId, members } = parsed.value;
  const next = { ...before, name, externalId, version: before.version + 1, changedAtMs: nowMs };
  const outcome = await deps.replaceScimGroup(next);
  if (outcome === "taken") return TAKEN;
  if (outcome === "stale") return err({ code: "version-stale" });
  await memberChanges(deps, next, members, name !== before.name);
  return ok(next);
}

export async function removeGroup(
  deps: GroupDeps,
  accountId: string,
  id: string,
): Promise<Result<null, Failure>> {
  const group = await deps.scimGroup(accountId, id);
  if (group === null) return gone;
  const members = await deps.membersOf(accountId, id);
  await deps.removeScimGroup(accountId, id);
  await rolesFollow(deps, accountId, members);
  return ok(null);
}

function put(body: ScimObject): Result<GroupChange, Failure> {
  const parsed = groupFrom(body);
  if (!parsed.ok) return parsed;
  const { name, externalId, members } = parsed.value;
  return ok({
    name,
    externalId,
    members: { cleared: true, added: new Set(members), removed: new Set() },
  });
}

async function memberChanges(
  deps: GroupDeps,
  { accountId, id }: ScimGroupRecord,
  change: MembersChange,
  isRenamed = false,
): Promise<void> {
  const concerned = new Set([...change.added, ...change.removed]);
  if (change.cleared || isRenamed)
    for (const member of await deps.membersOf(accountId, id)) concerned.add(member);
  await deps.changeMembers(accountId, id, change);
  await rolesFollow(deps, accountId, [...concerned]);
}

/** Where a provider brings in whom the directory put here, its map decides; elsewhere groups give nobody a role. */
async function rolesFollow(
  deps: GroupDeps,
  accountId: string,
  principalIds: readonly string[],
): Promise<void> {
  const provider = principalIds.length === 0 ? null : await deps.directoryProvider(accountId);
  if (provider === null) return;
  const groups = new Map(principalIds.map((id) => [id, new Array<string>()]));
  for (const { principalId, name } of await deps.groupsOf(accountId, principalIds))
    groups.get(principalId)?.push(name);
  const byRole = Map.groupBy(groups, ([, names]) => directoryRole(provider, names));
  for (const [role, those] of byRole)
    await deps.setRoles(
      accountId,
      role,
      those.map(([id]) => id),
    );
}
