import { LIMITS } from "#domain/shared/limits.ts";
import { ok, type Result } from "#domain/shared/result.ts";
import { isScimObject, refusedScim, type ScimObject, type ScimRefusal, valueOf } from "./path.ts";

export const USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User";

/** What is kept of a SCIM user (RFC 7643 4.1); other attributes are accepted and not kept. */
export type ScimUser = {
  userName: string;
  externalId?: string;
  name?: { formatted?: string; givenName?: string; familyName?: string };
  displayName?: string;
  emails?: { value: string; type?: string; primary?: boolean }[];
  active: boolean;
};

/** As stored, its texts sealed under the person's key. */
export type ScimUserRecord = {
  principalId: string;
  personId: string;
  user: ScimUser;
  version: number;
  createdAtMs: number;
  changedAtMs: number;
};

/** The names of attributes that are kept, by their lower case. */
const TEXTS = ["userName", "externalId", "displayName"] as const;
const NAME_PARTS = ["formatted", "givenName", "familyName"] as const;
const EMAILS_MAX = 10;

/** A user from a resource that a client sends, or that a patch has made. */
export function userFrom(body: ScimObject): Result<ScimUser, ScimRefusal> {
  const texts: Partial<Record<(typeof TEXTS)[number], string>> = {};
  for (const name of TEXTS) {
    const text = textFrom(valueOf(body, name));
    if (text === null)
      return refusedScim(
        `/${name}`,
        `must be a text of at most ${LIMITS.scimTextCharsMax} characters`,
      );
    if (text !== undefined) texts[name] = text;
  }
  const { userName, ...rest } = texts;
  if (userName === undefined) return refusedScim("/userName", "is needed");
  const name = nameFrom(valueOf(body, "name"));
  if (name === null) return refusedScim("/name", "must hold texts");
  const emails = emailsFrom(valueOf(body, "emails"));
  if (emails === null)
    return refusedScim("/emails", `must be at most ${EMAILS_MAX} objects with a value`);
  const active = flagFrom(valueOf(body, "active") ?? true);
  if (active === null) return refusedScim("/active", "must be true or false");
  return ok({
    userName,
    ...rest,
    ...(name !== undefined && { name }),
    ...(emails !== undefined && { emails }),
    active,
  });
}

/** Some directories write flags as texts. */
export function flagFrom(value: unknown): boolean | null {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string" || !/^(true|false)$/i.test(value)) return null;
  return value.toLowerCase() === "true";
}

function textFrom(value: unknown): string | null | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  return typeof value === "string" && value.length <= LIMITS.scimTextCharsMax ? value : null;
}

function nameFrom(value: unknown): ScimUser["name"] | null {
  if (value === undefined || value === null) return undefined;
  if (!isScimObject(value)) return null;
  const name: NonNullable<ScimUser["name"]> = {};
  for (const part of NAME_PARTS) {
    const text = textFrom(valueOf(value, part));
    if (text === null) return null;
    if (text !== undefined) name[part] = text;
  }
  return name;
}

function emailsFrom(value: unknown): ScimUser["emails"] | null {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || value.length > EMAILS_MAX) return null;
  const emails: NonNullable<ScimUser["emails"]> = [];
  for (const one of value) {
    if (!isScimObject(one)) return null;
    const [address, type] = [textFrom(valueOf(one, "value")), textFrom(valueOf(one, "type"))];
    const primary = flagFrom(valueOf(one, "primary") ?? false);
    if (!address || type === null || primary === null) return null;
    emails.push({
      value: address,
      ...(type !== undefined && { type }),
      ...(primary && { primary }),
    });
  }
  return emails;
}

/** How a person is called, and where they are reached, by what a directory says of them. */
export function personOf({ userName, displayName, name, emails = [] }: ScimUser) {
  const whole = [name?.givenName, name?.familyName].filter((part) => part !== undefined).join(" ");
  const email = (emails.find(({ primary }) => primary === true) ?? emails[0])?.value;
  return {
    name: displayName ?? name?.formatted ?? (whole === "" ? userName : whole),
    email: email ?? (userName.includes("@") ? userName : ""),
  };
}

/** The resource as a client reads it. */
export function userResource(
  record: ScimUserRecord,
  groups: { id: string; name: string }[],
  base: string,
) {
  const { principalId: id, user, version, createdAtMs, changedAtMs } = record;
  return {
    schemas: [USER_SCHEMA],
    id,
    ...user,
    groups: groups.map((group) => ({
      value: group.id,
      display: group.name,
      $ref: `${base}/Groups/${group.id}`,
    })),
    meta: metaOf("User", `${base}/Users/${id}`, { version, createdAtMs, changedAtMs }),
  };
}

export const metaOf = (
  resourceType: "User" | "Group",
  location: string,
  at: { version: number; createdAtMs: number; changedAtMs: number },
) => ({
  resourceType,
  created: new Date(at.createdAtMs).toISOString(),
  lastModified: new Date(at.changedAtMs).toISOString(),
  location,
  version: `W/"${at.version}"`,
});
