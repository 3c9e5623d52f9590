import { type Action, requirementOf } from "#domain/policies/actions.ts";

/** What a condition may ask of a unit: of the version that is read or made. */
export type UnitAttributes = {
  visibility: string;
  kind: string;
  language: string;
  tags: string[];
  level: string;
  status: string;
  /** The principal that made the version; empty in a unit of another account. */
  authorId: string;
  /** Whether it belongs to the caller's account. */
  own: boolean;
};
export type Attributes = UnitAttributes;

export const ATTRIBUTE_TYPES: Record<keyof UnitAttributes, string> = {
  visibility: "string",
  kind: "string",
  language: "string",
  tags: "list<string>",
  level: "string",
  status: "string",
  authorId: "string",
  own: "bool",
};

/** Whether a condition about this action may ask for attributes: every route that acts on units tells them. */
export const tellsAttributes = (action: Action): boolean =>
  requirementOf(action).resource === "unit";
