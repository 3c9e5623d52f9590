import { PlusIcon, RobotIcon } from "@phosphor-icons/react";
import { Link } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { agentWords } from "#web/screens/agents/messages.ts";
import { type Agent, AgentBadge } from "#web/ui/agent-badge.tsx";
import { Badge } from "#web/ui/badges.tsx";
import { LinkButton } from "#web/ui/link-button.tsx";
import { LongList } from "#web/ui/list.tsx";
import { Page } from "#web/ui/page.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Allowed, Empty, Read } from "#web/ui/states.tsx";

const PAGE = 100;

/** Every agent of the account. */
export function Agents() {
  const t = useMessages(agentWords);
  const { may } = usePermissions();
  const [typed, setTyped] = useState("");
  const q = useDeferredValue(typed.trim());
  const pages = usePages(["agent", "list", q], (cursor) =>
    api.operation("GET /v1/agents", {
      query: { limit: PAGE, cursor, q: q === "" ? undefined : q },
    }),
  );
  return (
    <Allowed action="agent.read">
      <Page
        title={t("title")}
        lead={t("lead")}
        actions={
          may("agent.register") && (
            <LinkButton to="/agents/new" icon={PlusIcon}>
              {t("register")}
            </LinkButton>
          )
        }
      >
        <input
          type="search"
          aria-label={t("filter")}
          placeholder={t("filter")}
          value={typed}
          onChange={({ target }) => setTyped(target.value)}
          className="mb-4 h-9 w-full max-w-xs rounded-lg border border-kumo-line bg-kumo-control px-3"
        />
        <Read query={pages} action="agent.read">
          {(agents) =>
            agents.length > 0 ? (
              <LongList
                items={agents}
                keyOf={({ id }) => id}
                row={(agent) => <AgentRow agent={agent} />}
                more={pages.more}
                label={t("title")}
              />
            ) : q === "" ? (
              <Empty icon={<RobotIcon size={32} />} title={t("none")}>
                {t("noneDetail")}
              </Empty>
            ) : (
              <Empty title={t("nobody")} />
            )
          }
        </Read>
      </Page>
    </Allowed>
  );
}

function AgentRow({ agent }: { agent: Agent }) {
  const t = useMessages(agentWords);
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <div className="min-w-0 grow max-sm:basis-full">
        <Link
          to="/agent/$id"
          params={{ id: agent.id }}
          className="font-medium hover:text-kumo-link"
          dir="auto"
        >
          {agent.name}
        </Link>
        <p className="truncate text-kumo-subtle" dir="auto">
          {agent.description}
        </p>
      </div>
      {agent.capabilities.slice(0, 3).map((each) => (
        <Badge key={each} tone="plain">
          {each}
        </Badge>
      ))}
      <span className="text-kumo-subtle">{t(`type${agent.type}`)}</span>
      <AgentBadge state={agent.state} />
    </div>
  );
}
