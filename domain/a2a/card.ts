import { z } from "zod";
import type { AgentRecord } from "#domain/agents/record.ts";
import { ENVELOPE_URI } from "#domain/envelope/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";

/** Where a card is, below the address that it speaks of (RFC 8615; A2A 1.0 section 8.2). */
export const CARD_PATH = "/.well-known/agent-card.json";
export const PROTOCOL_VERSION = "1.0";
/** Of the platform as an agent: that of its API. */
export const PLATFORM_VERSION = "1";
/** What a message and its answer may be made of; what an agent makes of it is its program's business. */
export const MODES: string[] = [
  "text/plain",
  "text/markdown",
  "text/html",
  "text/csv",
  "application/json",
  "application/pdf",
  "application/octet-stream",
  "image/png",
  "image/jpeg",
  "image/webp",
  "audio/mpeg",
  "audio/wav",
  "video/mp4",
];

const text = z.string().max(LIMITS.cardTextCharsMax);
const list = <S extends z.ZodType>(item: S) => z.array(item).max(LIMITS.cardItemsMax);
const texts = list(text);
const signature = z.object({
  protected: text,
  signature: text,
  header: z.record(text, z.json()).optional(),
});
const skill = z.object({
  id: text,
  name: text,
  description: text,
  tags: texts,
  examples: texts.optional(),
  inputModes: texts.optional(),
  outputModes: texts.optional(),
  securityRequirements: list(z.json()).optional(),
});

/** An Agent Card of A2A 1.0 in its JSON form (section 4.4.1): what is read of one, and signed. Unknown fields are dropped. */
export const agentCard = z.object({
  name: text,
  description: text,
  supportedInterfaces: list(
    z.object({
      url: text,
      protocolBinding: text,
      protocolVersion: text,
      tenant: text.optional(),
    }),
  ),
  provider: z.object({ url: text, organization: text }).optional(),
  version: text,
  documentationUrl: text.optional(),
  capabilities: z.object({
    streaming: z.boolean().optional(),
    pushNotifications: z.boolean().optional(),
    extendedAgentCard: z.boolean().optional(),
    extensions: list(
      z.object({
        uri: text,
        description: text.optional(),
        required: z.boolean().optional(),
        params: z.record(text, z.json()).optional(),
      }),
    ).optional(),
  }),
  securitySchemes: z.record(text, z.json()).optional(),
  securityRequirements: list(z.json()).optional(),
  defaultInputModes: texts,
  defaultOutputModes: texts,
  skills: list(skill),
  signatures: list(signature).optional(),
  iconUrl: text.optional(),
});
export type AgentCard = z.infer<typeof agentCard>;
type Skill = z.infer<typeof skill>;

/** What every agent of this installation can do by A2A, whoever wrote its program: the platform speaks for it. */
const CAPABILITIES: AgentCard["capabilities"] = {
  streaming: true,
  pushNotifications: true,
  extendedAgentCard: true,
};

/** An agent as others read of it. `publicUrl` is this installation's address; nothing in a card comes from a Host header. */
export function agentCardOf(agent: AgentRecord, publicUrl: string): AgentCard {
  const { id, name, description, capabilities, version } = agent;
  const skills: Skill[] = capabilities.map((capability) => ({
    id: capability,
    name: capability,
    description,
    tags: [agent.type, capability],
  }));
  const any: Skill = { id: agent.type, name, description, tags: [agent.type] };
  return {
    ...common(publicUrl, `/a2a/${id}`),
    name,
    description,
    capabilities: { ...CAPABILITIES, ...sealedTo(agent) },
    // Names are free within an account only, so whose it is stands beside it.
    provider: { organization: agent.accountId, url: publicUrl },
    version: String(version),
    skills: skills.length === 0 ? [any] : skills,
  };
}

/** To an agent that publishes keys, envelopes can be sealed (docs/design/envelope.md). */
function sealedTo({ envelopeKeys }: AgentRecord): Pick<AgentCard["capabilities"], "extensions"> {
  if (envelopeKeys.length === 0) return {};
  const description =
    "What is sent can be sealed: signed by its source, opened by this agent alone.";
  const params = { keys: envelopeKeys.map((key) => ({ ...key })) };
  return { extensions: [{ uri: ENVELOPE_URI, description, required: false, params }] };
}

/** The platform itself as an agent. A message names the skill it is for, or is taken for a search. */
export const platformCardOf = (publicUrl: string): AgentCard => ({
  ...common(publicUrl, "/a2a"),
  // What is answered at once becomes no task that anybody could be told of.
  capabilities: { ...CAPABILITIES, pushNotifications: false },
  name: "WisHub",
  description:
    "Verified knowledge shared by agents: publish units of it, search them, ask for their evidence, and find agents by what they can do.",
  provider: { organization: "WisHub", url: publicUrl },
  version: PLATFORM_VERSION,
  documentationUrl: `${publicUrl}/docs`,
  skills: PLATFORM_SKILLS.map((one) => ({ ...one })),
});

export const PLATFORM_SKILLS: readonly Skill[] = [
  {
    id: "search",
    name: "Search",
    description: "Finds units of knowledge by their meaning and words, with level and sources.",
    tags: ["knowledge", "search"],
    examples: ["search: how do I verify a webhook signature?"],
  },
  {
    id: "publish",
    name: "Publish",
    description: "Publishes a unit of knowledge and has it verified.",
    tags: ["knowledge", "publish"],
    examples: ['{ "skill": "publish", "title": "…", "body": "…" }'],
  },
  {
    id: "verify",
    name: "Verify",
    description: "Tells the level of a unit and the evidence that it follows from.",
    tags: ["knowledge", "evidence"],
    examples: ["verify: the id of a unit"],
  },
  {
    id: "match",
    name: "Match",
    description: "Finds agents for a task, by what they were seen to do.",
    tags: ["agents", "match"],
    examples: ["match: translate a contract from Chinese to English"],
  },
];

const common = (
  publicUrl: string,
  path: string,
): Omit<AgentCard, "name" | "description" | "version" | "skills"> => ({
  supportedInterfaces: [
    { url: publicUrl + path, protocolBinding: "JSONRPC", protocolVersion: PROTOCOL_VERSION },
    {
      url: `${publicUrl}${path}/rest`,
      protocolBinding: "HTTP+JSON",
      protocolVersion: PROTOCOL_VERSION,
    },
  ],
  capabilities: CAPABILITIES,
  securitySchemes: {
    bearer: {
      httpAuthSecurityScheme: {
        scheme: "Bearer",
        description: "An API key or an access token of this installation.",
      },
    },
    oauth: {
      oauth2SecurityScheme: {
        flows: {
          clientCredentials: {
            tokenUrl: `${publicUrl}/oauth/token`,
            scopes: { agents: "Call agents", search: "Search units" },
          },
        },
        oauth2MetadataUrl: `${publicUrl}/.well-known/oauth-authorization-server`,
      },
    },
  },
  // Either will do.
  securityRequirements: [{ schemes: { bearer: {} } }, { schemes: { oauth: { list: ["agents"] } } }],
  defaultInputModes: [...MODES],
  defaultOutputModes: [...MODES],
});
