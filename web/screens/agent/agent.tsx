import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { useRecentEvents } from "#web/app/live.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { Keys } from "#web/screens/agent/keys.tsx";
import { Life } from "#web/screens/agent/life.tsx";
import { agentWords } from "#web/screens/agent/messages.ts";
import { type Agent, AgentBadge } from "#web/ui/agent-badge.tsx";
import { Badge } from "#web/ui/badges.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Card, Page, Section } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

/** An agent: what it is, whether it is there, what waits for it, and what happened. */
export function AgentScreen() {
  const t = useMessages(agentWords);
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
      actions={data !== undefined && <Life agent={data} />}
    >
      <Read query={query} action="agent.read" lines={8}>
        {(agent) => <Whole agent={agent} />}
      </Read>
    </Page>
  );
}

function Whole({ agent }: { agent: Agent }) {
  const t = useMessages(agentWords);
  const { may } = usePermissions();
  return (
    <div className="grid gap-x-10 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="min-w-0">
        <Section title={t("now")} className="mt-0!">
          <Now agent={agent} />
        </Section>
        {may("agent-key.read") && (
          <Section title={t("keys")}>
            <Keys agentId={agent.id} />
          </Section>
        )}
        <Section title={t("happened")}>
          <Timeline agentId={agent.id} />
        </Section>
      </div>
      <div className="min-w-0">
        <Section title={t("facts")} className="lg:mt-0">
          <Facts agent={agent} />
        </Section>
      </div>
    </div>
  );
}

function Now({ agent: { id } }: { agent: Agent }) {
  const t = useMessages(agentWords);
  const format = useFormat();
  const path = { id };
  const now = useQuery({
    queryKey: ["agent", id, "now"],
    queryFn: async () => {
      const [presence, mailbox] = await Promise.all([
        api.operation("GET /v1/agents/{id}/presence", { path }),
        api.operation("GET /v1/agents/{id}/mailbox", { path }),
      ]);
      return { presence, mailbox };
    },
    meta: { live: ["task", "message"] },
  });
  return (
    <Read query={now} action="message.read" lines={2}>
      {({ presence, mailbox }) => (
        <dl className="now grid grid-cols-2 gap-3 sm:grid-cols-5">
          {(
            [
              ["presence", t(presence.isPresent ? "present" : "absent")],
              ["sessions", format.number(presence.sessions)],
              ["waiting", format.number(mailbox.waiting)],
              ["leased", format.number(mailbox.leased)],
              ["dead", format.number(mailbox.dead)],
            ] as const
          ).map(([name, value]) => (
            <Card key={name} className="flex flex-col-reverse justify-end px-4 py-3">
              <dt className="text-xs text-kumo-subtle">{t(name)}</dt>
              <dd className="text-lg font-semibold tabular-nums">{value}</dd>
            </Card>
          ))}
        </dl>
      )}
    </Read>
  );
}

function Facts({ agent }: { agent: Agent }) {
  const t = useMessages(agentWords);
  const rows: [string, React.ReactNode][] = [
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
  return (
    <>
      <dl className="grid grid-cols-[6.5rem_minmax(0,1fr)] gap-x-4 gap-y-2">
        {rows.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-kumo-subtle">{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <ul aria-label={t("capabilities")} className="mt-3 flex flex-wrap gap-1.5">
        {agent.capabilities.map((each) => (
          <li key={each}>
            <Badge tone="plain">{each}</Badge>
          </li>
        ))}
      </ul>
    </>
  );
}

const SHOWN = 30;

function Timeline({ agentId }: { agentId: string }) {
  const t = useMessages(agentWords);
  const events = useRecentEvents().filter(
    ({ subject, data }) =>
      subject === agentId || (data as { agentId?: string } | null)?.agentId === agentId,
  );
  if (events.length === 0) return <p className="text-kumo-subtle">{t("quiet")}</p>;
  return (
    <ol className="timeline ms-1 border-s border-kumo-line">
      {events.slice(0, SHOWN).map((event) => (
        <li key={event.id} className="appear relative flex gap-3 py-1.5 ps-4">
          <span
            aria-hidden="true"
            className="absolute -start-1 top-3.5 size-2 rounded-full bg-kumo-brand"
          />
          <span className="font-mono text-xs">{event.type}</span>
          <Ago at={event.time} className="ms-auto text-xs" />
        </li>
      ))}
    </ol>
  );
}
