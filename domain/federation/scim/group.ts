import { LIMITS } from "#domain/shared/limits.ts";
import { ok, type Result } from "#domain/shared/result.ts";
import { isScimObject, refusedScim, type ScimObject, type ScimRefusal, valueOf } from "./path.ts";
import { metaOf } from "./user.ts";

export const GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group";

export type ScimGroupRecord = {
  id: string;
  accountId: string;
  name: string;
  externalId: string | null;
  version: number;
  createdAtMs: number;
  changedAtMs: number;
};

/** What becomes of a group's members: all that there were are let go first, or only `removed`; then `added` join. */
export type MembersChange = { cleared: boolean; added: Set<string>; removed: Set<string> };
export type GroupChange = { name?: string; externalId?: string | null; members: MembersChange };

export function groupFrom(
  body: ScimObject,
): Result<{ name: string; externalId: string | null; members: string[] }, ScimRefusal> {
  const name = valueOf(body, "displayName");
  const externalId = valueOf(body, "externalId") ?? null;
  if (!isText(name)) return refusedScim("/displayName", "is needed");
  if (externalId !== null && !isText(externalId))
    return refusedScim("/externalId", "must be a text");
  const members = memberIds(valueOf(body, "members") ?? []);
  if (members === null) return refusedScim("/members", MEMBERS_WRONG);
  return ok({ name, externalId, members });
}

export const MEMBERS_WRONG = `must be at most ${LIMITS.scimMembersPerRequestMax} objects with the id of a user as value`;

/** The ids in a list of members; null where it is none. */
export function memberIds(value: unknown): string[] | null {
  const list = isScimObject(value) ? [value] : value;
  if (!Array.isArray(list) || list.length > LIMITS.scimMembersPerRequestMax) return null;
  const ids: string[] = [];
  for (const one of list) {
    const id = isScimObject(one) ? valueOf(one, "value") : undefined;
    if (typeof id !== "string" || !/^[A-Za-z0-9_-]{1,64}$/.test(id)) return null;
    ids.push(id);
  }
  return ids;
}

const isText = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= LIMITS.attributeValueCharsMax;

export function groupResource(group: ScimGroupRecord, members: string[] | null, base: string) {
  const { id, name, externalId } = group;
  return {
    schemas: [GROUP_SCHEMA],
    id,
    displayName: name,
    ...(externalId !== null && { externalId }),
    ...(members !== null && {
      members: members.map((value) => ({ value, type: "User", $ref: `${base}/Users/${value}` })),
    }),
    meta: metaOf("Group", `${base}/Groups/${id}`, group),
  };
}
