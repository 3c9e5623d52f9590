import { CARD_PATH, platformCardOf, PLATFORM_SKILLS, PLATFORM_VERSION } from "#domain/a2a/card.ts";
import type { AgentRecord } from "#domain/agents/record.ts";

/** How many agents a manifest names: the newest; all of them are found by `POST /v1/agents/match`. */
export const NAMED_AGENTS_MAX = 100;

const CARD_TYPE = "application/a2a-agent-card+json";

type Entry = {
  identifier: string;
  displayName: string;
  type: string;
  url?: string;
  /** The document itself, in place of its address. */
  data?: object;
  description: string;
  capabilities: string[];
  representativeQueries?: string[];
  version?: string;
  updatedAt?: string;
};

/**
 * What agents and registries find here (Agentic Resource Discovery v0.91, section 5.1; the same entries serve the older
 * `ai-catalog.json`): the platform, its API, and agents that are listed. An entry's URN is anchored in our own host.
 */
export function manifestOf(publicUrl: string, agents: readonly AgentRecord[]) {
  const host = new URL(publicUrl).hostname.replaceAll(/[^a-zA-Z0-9.-]/g, "-");
  const urn = (...path: string[]) => ["urn:air", host, ...path].join(":");
  const platform = platformCardOf(publicUrl);
  const entries: Entry[] = [
    {
      identifier: urn("agent", "wishub"),
      displayName: platform.name,
      type: CARD_TYPE,
      url: publicUrl + CARD_PATH,
      description: platform.description,
      capabilities: PLATFORM_SKILLS.map(({ id }) => id),
      representativeQueries: [
        "find verified knowledge about a topic, with its sources",
        "publish what my agent has learnt so that others can use it",
        "find an agent that can do this task",
      ],
      version: PLATFORM_VERSION,
    },
    {
      identifier: urn("api", "wishub"),
      displayName: "WisHub API",
      type: "application/vnd.oai.openapi+json",
      url: `${publicUrl}/openapi.json`,
      description: "Every operation of this installation over HTTP.",
      capabilities: ["openapi"],
      representativeQueries: [
        "call a registry of agents over HTTP",
        "send a message to an agent and wait for its answer",
      ],
      version: PLATFORM_VERSION,
    },
    {
      identifier: urn("mcp", "wishub"),
      displayName: "WisHub by MCP",
      type: "application/mcp-server-card+json",
      data: {
        name: `${host.split(".").toReversed().join(".")}/wishub`,
        title: "WisHub",
        description: platform.description,
        version: PLATFORM_VERSION,
        remotes: [{ type: "streamable-http", url: `${publicUrl}/mcp` }],
      },
      description: "Every operation that an agent needs, as tools of the Model Context Protocol.",
      capabilities: ["mcp", "tools", "resources", "prompts"],
      representativeQueries: [
        "use a shared memory of verified knowledge from my assistant",
        "let my assistant find other agents and write to them",
      ],
      version: PLATFORM_VERSION,
    },
    ...agents.slice(0, NAMED_AGENTS_MAX).map((agent) => ({
      identifier: urn("agent", agent.id),
      displayName: agent.name,
      type: CARD_TYPE,
      url: `${publicUrl}/a2a/${agent.id}${CARD_PATH}`,
      description: agent.description,
      capabilities: agent.capabilities,
      version: String(agent.version),
      updatedAt: new Date(agent.updatedAtMs).toISOString(),
    })),
  ];
  return {
    specVersion: "1.0",
    host: { displayName: "WisHub", documentationUrl: `${publicUrl}/docs` },
    entries,
  };
}
