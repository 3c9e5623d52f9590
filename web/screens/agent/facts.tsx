import type { ReactNode } from "react";
import { useMessages } from "#web/app/language.ts";
import { agentWords } from "#web/screens/agent/messages.ts";
import type { Agent } from "#web/ui/agent-badge.tsx";
import { Facts } from "#web/ui/facts.tsx";
import { Ago } from "#web/ui/time.tsx";

/** What it says of itself. */
export function AgentFacts({ agent }: { agent: Agent }) {
  const t = useMessages(agentWords);
  const rows: [string, ReactNode][] = [
    [t("type"), agent.type],
    [t("visibility"), t(`visibility${agent.visibility}`)],
    [t("registered"), <Ago key="at" at={agent.createdAt} />],
    [
      t("id"),
      <code key="id" className="font-mono text-xs">
        {agent.id}
      </code>,
    ],
  ];
  if (agent.outside !== undefined) rows.push([t("outside"), agent.outside.endpoint]);
  return <Facts rows={rows} />;
}
