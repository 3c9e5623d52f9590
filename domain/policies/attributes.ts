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

/** And of an agent: the one that is read or changed, or that a message goes to or is taken from. */
export type AgentAttributes = {
  visibility: string;
  agentType: string;
  state: string;
  capabilities: string[];
  /** Who registered it; empty in an agent of another account. */
  registrarId: string;
  own: boolean;
};
/** And of a model that is used. */
type ModelAttributes = { model: string; inferenceKind: string };
export type Attributes = UnitAttributes | AgentAttributes | ModelAttributes;

const UNIT_TYPES: Record<keyof UnitAttributes, string> = {
  visibility: "string",
  kind: "string",
  language: "string",
  tags: "list<string>",
  level: "string",
  status: "string",
  authorId: "string",
  own: "bool",
};
const AGENT_TYPES: Record<keyof AgentAttributes, string> = {
  visibility: "string",
  agentType: "string",
  state: "string",
  capabilities: "list<string>",
  registrarId: "string",
  own: "bool",
};
const MODEL_TYPES: Record<keyof ModelAttributes, string> = {
  model: "string",
  inferenceKind: "string",
};
export const ATTRIBUTE_TYPES: Record<string, string> = {
  ...UNIT_TYPES,
  ...AGENT_TYPES,
  ...MODEL_TYPES,
};

/** The attributes that a condition about this action may ask for: every route of it tells them. */
export function attributesOf(action: Action): string[] {
  const { resource } = requirementOf(action);
  if (resource === "unit") return Object.keys(UNIT_TYPES);
  if (action === "inference.use") return Object.keys(MODEL_TYPES);
  return resource === "agent" || resource === "message" ? Object.keys(AGENT_TYPES) : [];
}
