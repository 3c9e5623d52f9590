import { LIMITS } from "#domain/shared/limits.ts";
import { ok, type Result } from "#domain/shared/result.ts";
import { type GroupChange, memberIds, MEMBERS_WRONG, type MembersChange } from "./group.ts";
import {
  isScimObject,
  refusedScim,
  type ScimObject,
  type ScimPath,
  scimPath,
  type ScimRefusal,
  valueOf,
} from "./path.ts";
import { type ScimUser, userFrom } from "./user.ts";

type Operation = { op: "add" | "replace" | "remove"; path: ScimPath; value: unknown };
const READ_ONLY = new Set(["id", "meta", "schemas", "groups"]);

/** The operations of a patch (RFC 7644 3.5.2), each with a path: one without is one for each attribute of its value. */
function operationsOf(body: ScimObject): Result<Operation[], ScimRefusal> {
  const list = valueOf(body, "Operations");
  if (!Array.isArray(list) || list.length === 0 || list.length > LIMITS.scimOperationsMax)
    return refusedScim("/Operations", `must be 1 to ${LIMITS.scimOperationsMax} operations`);
  const operations: Operation[] = [];
  for (const [i, one] of list.entries()) {
    const at = `/Operations/${i}`;
    const op = isScimObject(one) ? String(valueOf(one, "op")).toLowerCase() : "";
    if (!isScimObject(one) || (op !== "add" && op !== "replace" && op !== "remove"))
      return refusedScim(`${at}/op`, "must be add, replace or remove");
    const path = valueOf(one, "path");
    const value = valueOf(one, "value");
    if (path === undefined && (op === "remove" || !isScimObject(value)))
      return refusedScim(`${at}/path`, "is needed");
    const parts: [unknown, unknown][] =
      path === undefined && isScimObject(value) ? Object.entries(value) : [[path, value]];
    for (const [name, part] of parts) {
      const parsed = typeof name === "string" && name.length <= 1_024 ? scimPath(name) : null;
      // Attributes of other schemas are not kept, so there is nothing to change of them.
      if (parsed === null && typeof name === "string" && /^urn:[\w:.-]{1,200}$/i.test(name))
        continue;
      if (parsed === null) return refusedScim(`${at}/path`, "is no path that is understood");
      operations.push({ op, path: parsed, value: part });
    }
  }
  return ok(operations);
}

/** The user once all operations are done, or none of them. */
export function patchedUser(user: ScimUser, body: ScimObject): Result<ScimUser, ScimRefusal> {
  const operations = operationsOf(body);
  if (!operations.ok) return operations;
  // By lower case, as paths are written; `userFrom` reads it back and keeps what it knows.
  const next = new Map<string, unknown>(
    Object.entries(user).map(([name, value]) => [name.toLowerCase(), structuredClone(value)]),
  );
  for (const { op, path, value } of operations.value) {
    if (READ_ONLY.has(path.attribute)) {
      if (path.attribute === "groups")
        return refusedScim("/Operations/path", "groups is read-only");
      continue;
    }
    const before = next.get(path.attribute);
    const after =
      path.attribute === "emails"
        ? listAfter(before, { op, path, value })
        : singleAfter(before, { op, path, value });
    if (after === undefined) next.delete(path.attribute);
    else next.set(path.attribute, after);
  }
  return userFrom(Object.fromEntries(next));
}

function singleAfter(before: unknown, { op, path: { sub }, value }: Operation): unknown {
  if (sub === null) {
    if (op === "remove") return undefined;
    // An object is added to what there is; a text replaces it.
    return op === "add" && isScimObject(before) && isScimObject(value)
      ? { ...before, ...value }
      : value;
  }
  const parts = lowered(before);
  if (op === "remove") delete parts[sub];
  else parts[sub] = value;
  return parts;
}

function listAfter(before: unknown, { op, path: { where, sub }, value }: Operation): unknown {
  const list: unknown[] = Array.isArray(before) ? before : [];
  const given = Array.isArray(value) ? value : [value];
  if (where === null) {
    if (op === "remove") return undefined;
    return op === "replace" ? given : merged(list, given);
  }
  const fits = (one: unknown) => {
    const found = isScimObject(one) ? (valueOf(one, where.sub) ?? false) : null;
    if (typeof found !== "string" && typeof found !== "boolean") return false;
    return String(found).toLowerCase() === where.value.toLowerCase();
  };
  if (op === "remove") {
    if (sub === null) return list.filter((one) => !fits(one));
    return list.map((one) => (fits(one) ? without(one, sub) : one));
  }
  const change = sub === null ? lowered(value) : { [sub]: value };
  if (!list.some(fits)) return [...list, { [where.sub]: where.value, ...change }];
  return list.map((one) => (fits(one) ? { ...lowered(one), ...change } : one));
}

/** One of the same value is there already. */
function merged(list: readonly unknown[], given: readonly unknown[]): unknown[] {
  const valueIn = (one: unknown) => (isScimObject(one) ? valueOf(one, "value") : one);
  const added = new Set(given.map(valueIn));
  return [...list.filter((one) => !added.has(valueIn(one))), ...given];
}

const lowered = (value: unknown): Record<string, unknown> =>
  isScimObject(value)
    ? Object.fromEntries(Object.entries(value).map(([name, part]) => [name.toLowerCase(), part]))
    : {};

function without(one: unknown, sub: string): Record<string, unknown> {
  const { [sub]: _, ...rest } = lowered(one);
  return rest;
}

/** What a patch asks of a group; members are changed by what it says of them, never read as a whole. */
export function groupPatch(body: ScimObject): Result<GroupChange, ScimRefusal> {
  const operations = operationsOf(body);
  if (!operations.ok) return operations;
  const members: MembersChange = { cleared: false, added: new Set(), removed: new Set() };
  const change: GroupChange = { members };
  for (const { op, path, value } of operations.value) {
    if (path.attribute === "members") {
      const done = changeMembers(members, { op, path, value });
      if (!done.ok) return done;
    } else if (path.attribute === "displayname") {
      if (op === "remove" || typeof value !== "string" || !isName(value))
        return refusedScim("/displayName", "is needed");
      change.name = value;
    } else if (path.attribute === "externalid") {
      if (op !== "remove" && (typeof value !== "string" || !isName(value)))
        return refusedScim("/externalId", "must be a text");
      change.externalId = op === "remove" ? null : String(value);
    }
  }
  const size = members.added.size + members.removed.size;
  return size > LIMITS.scimMembersPerRequestMax
    ? refusedScim("/members", MEMBERS_WRONG)
    : ok(change);
}

const isName = (value: string) => value !== "" && value.length <= LIMITS.attributeValueCharsMax;

function changeMembers(
  members: MembersChange,
  { op, path: { where, sub }, value }: Operation,
): Result<null, ScimRefusal> {
  if (sub !== null || (where !== null && where.sub !== "value"))
    return refusedScim("/Operations/path", "is no path that is understood");
  const isAll = op === "remove" && where === null && (value === undefined || value === null);
  const ids = where === null ? memberIds(isAll ? [] : value) : memberIds([{ value: where.value }]);
  if (ids === null) return refusedScim("/members", MEMBERS_WRONG);
  if (isAll || op === "replace") {
    members.cleared = true;
    members.added.clear();
    members.removed.clear();
  }
  const [to, from] =
    op === "remove" ? [members.removed, members.added] : [members.added, members.removed];
  for (const id of ids) {
    to.add(id);
    from.delete(id);
  }
  return ok(null);
}
