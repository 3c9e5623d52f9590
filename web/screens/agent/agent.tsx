import { ListChecksIcon } from "@phosphor-icons/react";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { CardPreview } from "#web/screens/agent/card.tsx";
import { AgentFacts } from "#web/screens/agent/facts.tsx";
import { Keys } from "#web/screens/agent/keys.tsx";
import { Life } from "#web/screens/agent/life.tsx";
import { agentWords } from "#web/screens/agent/messages.ts";
import { Mailbox } from "#web/screens/agent/mailbox.tsx";
import { Now } from "#web/screens/agent/now.tsx";
import { TaskRecord } from "#web/screens/agent/record.tsx";
import { Tasks } from "#web/screens/agent/tasks.tsx";
import { Timeline } from "#web/screens/agent/timeline.tsx";
import { useTail } from "#web/screens/events/tail.ts";
import { type Agent, AgentBadge } from "#web/ui/agent-badge.tsx";
import { LinkButton } from "#web/ui/link-button.tsx";
import { Page, Section } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";

/** An agent: what it is, whether it is there, what waits for it, and what happened. */
export function AgentScreen() {
  const t = useMessages(agentWords);
  const { may } = usePermissions();
  const { id } = useParams({ from: "/agent/$id" });
  const query = useQuery({
    queryKey: ["agent", id],
    queryFn: () => api.operation("GET /v1/agents/{id}", { path: { id } }),
  });
  const { data } = query;
  return (
    <Page
      title={data?.name ?? t("agent")}
      lead={
        data !== undefined && (
          <>
            <p className="mb-2" dir="auto">
              {data.description}
            </p>
            <AgentBadge state={data.state} />
            {data.quarantine !== undefined && (
              <span className="ms-2">{t("since", { reason: data.quarantine.reason })}</span>
            )}
          </>
        )
      }
      actions={
        data !== undefined && (
          <>
            {data.state === "active" && data.outside === undefined && may("task.create") && (
              <LinkButton
                to="/tasks/new"
                search={{ requires: data.capabilities.join(", ") || undefined }}
                icon={ListChecksIcon}
              >
                {t("give")}
              </LinkButton>
            )}
            <Life agent={data} />
          </>
        )
      }
    >
      <Read query={query} action="agent.read" lines={8}>
        {(agent) => <Whole agent={agent} />}
      </Read>
    </Page>
  );
}

/** So far back its events are kept (docs/design/events.md). */
const KEPT_MS = 7 * 86_400_000;
/** Of each partition of the account's events, those that are looked through for the agent's until all are asked for. */
const NEWEST = 500;

function Whole({ agent }: { agent: Agent }) {
  const t = useMessages(agentWords);
  const { may } = usePermissions();
  const { id } = agent;
  const [turn, setTurn] = useState(0);
  const [from] = useState(() => new Date(Date.now() - KEPT_MS).toISOString());
  const [isWhole, setWhole] = useState(false);
  const tail = useTail({ agent: id, from, newest: isWhole ? undefined : NEWEST }, turn);
  const hasMailbox = agent.outside === undefined && may("message.read");
  return (
    <div className="grid gap-x-10 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="min-w-0">
        {hasMailbox && (
          <Section title={t("now")} className="mt-0!">
            <Now id={id} />
          </Section>
        )}
        <Section title={t("tasks")} className={hasMailbox ? "" : "mt-0!"}>
          <Tasks agentId={id} events={tail.events} isWhole={isWhole} />
        </Section>
        {hasMailbox && (
          <Section title={t("mailbox")}>
            <Mailbox id={id} />
          </Section>
        )}
        {may("agent-key.read") && (
          <Section title={t("keys")}>
            <Keys agentId={id} />
          </Section>
        )}
        <Section title={t("happened")}>
          <Timeline
            tail={tail}
            again={() => setTurn(turn + 1)}
            further={isWhole ? undefined : () => setWhole(true)}
          />
        </Section>
      </div>
      <div className="min-w-0">
        <Section title={t("facts")} className="lg:mt-0">
          <AgentFacts agent={agent} />
        </Section>
        <Section title={t("record")}>
          <TaskRecord id={id} />
        </Section>
        <Section title={t("card")}>
          <CardPreview id={id} />
        </Section>
      </div>
    </div>
  );
}
