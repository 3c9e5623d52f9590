import type { Operations } from "#sdk/types.ts";
import { useMessages } from "#web/app/language.ts";
import { agentStates } from "#web/ui/agent-messages.ts";
import { Badge, type Tone } from "#web/ui/badges.tsx";

export type Agent = Operations["GET /v1/agents/{id}"]["answer"];

const TONES: Record<Agent["state"], Tone> = {
  created: "plain",
  active: "good",
  paused: "busy",
  retired: "plain",
  quarantined: "bad",
};

export function AgentBadge({ state }: { state: Agent["state"] }) {
  const t = useMessages(agentStates);
  return <Badge tone={TONES[state]}>{t(`state${state}`)}</Badge>;
}
