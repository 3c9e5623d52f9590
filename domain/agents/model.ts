import { z } from "zod";
import { envelopeKey, envelopeKeys } from "#domain/envelope/keys.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

/** What kinds of agent there are; what each may do follows from it. */
export const AGENT_TYPES = [
  "query",
  "analysis",
  "generation",
  "verification",
  "coordination",
] as const;
export type AgentType = (typeof AGENT_TYPES)[number];

/** Where an agent is in its life. Only an active one is matched and given messages to work on. */
export const AGENT_STATES = ["created", "active", "paused", "retired", "quarantined"] as const;
export type AgentState = (typeof AGENT_STATES)[number];

/** Who finds it: its own account, or everybody. */
export const AGENT_VISIBILITIES = ["private", "listed"] as const;
export type AgentVisibility = (typeof AGENT_VISIBILITIES)[number];

export const capabilityName = text(LIMITS.capabilityCharsMax).regex(
  /^[a-z0-9]+([.:/-][a-z0-9]+)*$/,
  "must be lower-case words joined by . : / or -",
);

/** What it says it can do, each once. */
export const capabilities = z
  .array(capabilityName)
  .max(LIMITS.capabilitiesMax)
  .refine((all) => new Set(all).size === all.length, "must name each capability once");

/** Whose messages a listed agent takes: its account's, everybody's who is listed, or those of the accounts named. */
export const accepts = z.union([
  z.enum(["account", "listed"]),
  z.array(text(LIMITS.idCharsMax)).min(1).max(LIMITS.acceptedAccountsMax),
]);
export type Accepts = z.infer<typeof accepts>;

export const agentInput = z.strictObject({
  name: text(LIMITS.nameCharsMax),
  type: z.enum(AGENT_TYPES),
  description: text(LIMITS.agentDescriptionCharsMax),
  capabilities,
  visibility: z.enum(AGENT_VISIBILITIES).default("private"),
  accepts: accepts.default("account"),
  /** Public keys that its envelopes are signed with and that others seal theirs to. */
  envelopeKeys: envelopeKeys.default([]),
  /** Whether it is active at once; otherwise it waits to be started. */
  start: z.boolean().default(true),
});
export type AgentInput = z.output<typeof agentInput>;

/** Why an agent is put into quarantine: its account reads it. */
export const quarantineInput = z.strictObject({ reason: text(LIMITS.quarantineReasonCharsMax) });

/** An agent as whoever may see it sees it. */
export const agentView = z.object({
  id: z.string(),
  accountId: z.string(),
  name: z.string(),
  type: z.enum(AGENT_TYPES),
  description: z.string(),
  capabilities: z.array(z.string()),
  visibility: z.enum(AGENT_VISIBILITIES),
  accepts,
  state: z.enum(AGENT_STATES),
  /** Only for its own account, and only while it is held. */
  quarantine: z
    .object({
      from: z.enum(AGENT_STATES),
      by: z.enum(["account", "operator"]),
      reason: z.string(),
      since: z.string(),
    })
    .optional(),
  /** Where it runs elsewhere: what its publisher shows of it, and whether that is signed. */
  outside: z
    .object({
      cardUrl: z.string(),
      card: z.enum(["signed", "unsigned", "altered"]),
      cardVersion: z.string(),
      endpoint: z.string(),
      checkedAt: z.string(),
    })
    .optional(),
  envelopeKeys: z.array(envelopeKey),
  version: z.int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type AgentView = z.infer<typeof agentView>;
