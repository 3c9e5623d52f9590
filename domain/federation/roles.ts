import { z } from "zod";
import type { Role } from "#domain/accounts/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

/** What an identity provider may make of somebody. Never an owner: who rules a provider does not rule the account. */
export const GIVEN_ROLES = ["admin", "member", "auditor", "viewer"] as const satisfies Role[];
export type GivenRole = (typeof GIVEN_ROLES)[number];

/** `attribute` is a claim, an attribute's name, or `groups`; who has it with this value gets the role. */
export const roleRule = z.strictObject({
  attribute: text(LIMITS.attributeNameCharsMax),
  value: text(LIMITS.attributeValueCharsMax),
  role: z.enum(GIVEN_ROLES),
});
export type RoleRule = z.infer<typeof roleRule>;

/** What a provider says about somebody, by attribute. */
export type Attributes = ReadonlyMap<string, readonly string[]>;

/** The role of the first rule that fits, else the default one; null is nobody here. */
export function roleOf(
  rules: readonly RoleRule[],
  otherwise: GivenRole | null,
  attributes: Attributes,
): GivenRole | null {
  const fits = ({ attribute, value }: RoleRule) => attributes.get(attribute)?.includes(value);
  return rules.find(fits)?.role ?? otherwise;
}

/** The claims that a map of roles can speak about: texts, numbers and flags, alone or in a list; inside an object as `a.b`. */
export function attributesOf(claims: Readonly<Record<string, unknown>>): Attributes {
  const found = new Map<string, readonly string[]>();
  const read = (names: Readonly<Record<string, unknown>>, before: string): void => {
    for (const [name, value] of Object.entries(names)) {
      if (found.size >= LIMITS.attributesMax) return;
      const values = (Array.isArray(value) ? value : [value]).filter(isPlain).map(String);
      if (values.length > 0) found.set(before + name, values);
      else if (before.length < LIMITS.attributeNameCharsMax && isObject(value))
        read(value, `${before}${name}.`);
    }
  };
  read(claims, "");
  return found;
}

const isPlain = (value: unknown): value is string | number | boolean =>
  ["string", "number", "boolean"].includes(typeof value);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
