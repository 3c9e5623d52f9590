import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { overview } from "#web/screens/overview/messages.ts";
import { AgentLink } from "#web/ui/agent-link.tsx";
import { Card } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";
import type { Task } from "#web/ui/task-badge.tsx";

const SHOWN = 5;

/** What is being worked on, and by whom. */
export function Workers() {
  const working = useQuery({
    queryKey: ["task", "working"],
    queryFn: () => api.operation("GET /v1/tasks", { query: { state: "working", limit: SHOWN } }),
  });
  return (
    <Read query={working} action="task.show" lines={2}>
      {({ items }) =>
        items.length === 0 ? (
          <Idle />
        ) : (
          <Card>
            <ul className="workers divide-y divide-kumo-line">
              {items.map((task) => (
                <WorkRow key={task.id} task={task} />
              ))}
            </ul>
          </Card>
        )
      }
    </Read>
  );
}

function WorkRow({ task: { id, type, agentId, progress } }: { task: Task }) {
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
      <Link
        to="/task/$id"
        params={{ id }}
        className="font-mono text-sm font-medium hover:text-kumo-link"
      >
        {type}
      </Link>
      {agentId !== undefined && <AgentLink id={agentId} />}
      {progress !== null && (
        <progress
          value={progress}
          aria-label={type}
          className="ms-auto h-1.5 w-24 accent-kumo-brand"
        />
      )}
    </li>
  );
}

function Idle() {
  const t = useMessages(overview);
  const { may } = usePermissions();
  return (
    <Card className="px-4 py-3 text-kumo-subtle">
      <p>{t("idle")}</p>
      <p className="mt-1 flex flex-wrap gap-x-4 empty:hidden">
        {may("agent.register") && (
          <Link to="/agents/new" className="link">
            {t("register")}
          </Link>
        )}
        {may("task.create") && (
          <Link to="/tasks/new" className="link">
            {t("give")}
          </Link>
        )}
      </p>
    </Card>
  );
}
