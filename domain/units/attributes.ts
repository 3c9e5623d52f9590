import type { UnitAttributes } from "#domain/policies/attributes.ts";
import { contentOf, patched } from "#domain/units/content.ts";
import type { UnitInput, UnitPatch } from "#domain/units/model.ts";
import type { StoredUnit } from "#domain/units/record.ts";

/** What a policy may ask of a version, as `accountId` sees it. */
export function unitAttributes({ head, version }: StoredUnit, accountId: string): UnitAttributes {
  const { kind, language, tags } = version.content;
  const own = head.accountId === accountId;
  return {
    visibility: version.visibility,
    kind,
    language,
    tags,
    level: version.level,
    status: version.status,
    authorId: own ? version.principalId : "",
    own,
  };
}

/** Of a unit that is about to be published. */
export function attributesOfInput(input: UnitInput, principalId: string): UnitAttributes {
  const { kind, language, tags } = contentOf(input);
  const visibility = input.visibility ?? "private";
  return {
    visibility,
    kind,
    language,
    tags,
    level: "L0",
    status: "pending",
    authorId: principalId,
    own: true,
  };
}

/** Of what a change would make of a unit. */
export function attributesAfter(
  stored: StoredUnit,
  patch: UnitPatch,
  principalId: string,
): UnitAttributes {
  const { kind, language, tags } = patched(stored.version.content, patch);
  const visibility = patch.visibility ?? stored.version.visibility;
  return {
    visibility,
    kind,
    language,
    tags,
    level: "L0",
    status: "pending",
    authorId: principalId,
    own: true,
  };
}
