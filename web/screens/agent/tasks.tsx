import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { WisHubEvent } from "#sdk/live.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { agentWords } from "#web/screens/agent/messages.ts";
import { useFormat } from "#web/ui/format.ts";
import { Card } from "#web/ui/page.tsx";
import { TaskBadge } from "#web/ui/task-badge.tsx";
import { Ago } from "#web/ui/time.tsx";

const SHOWN = 20;

/** The tasks that events say it had, those first of which something was heard last. */
function tasksIn(events: readonly WisHubEvent[], agentId: string): string[] {
  const ids = events.flatMap(({ type, data }) => {
    const { taskId, agentId: by } = (data ?? {}) as { taskId?: string; agentId?: string };
    return type.startsWith("task.") && by === agentId && taskId !== undefined ? [taskId] : [];
  });
  return [...new Set(ids)].slice(0, SHOWN);
}

type Props = {
  agentId: string;
  events: readonly WisHubEvent[];
  /** Whether all events that are kept were looked through. */
  isWhole: boolean;
};

/** What it works on and has worked on lately. */
export function Tasks({ agentId, events, isWhole }: Props) {
  const t = useMessages(agentWords);
  const ids = tasksIn(events, agentId);
  if (ids.length === 0)
    return <p className="text-kumo-subtle">{t(isWhole ? "noTasks" : "noTasksOfLate")}</p>;
  return (
    <Card>
      <ul aria-label={t("tasks")} className="tasks divide-y divide-kumo-line">
        {ids.map((id) => (
          <TaskRow key={id} id={id} />
        ))}
      </ul>
    </Card>
  );
}

function TaskRow({ id }: { id: string }) {
  const format = useFormat();
  const { data } = useQuery({
    queryKey: ["task", id],
    queryFn: () => api.operation("GET /v1/tasks/{id}", { path: { id } }),
  });
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
      <Link
        to="/task/$id"
        params={{ id }}
        className={`link min-w-0 grow ${data === undefined ? "font-mono text-xs" : ""}`}
      >
        {data?.type ?? id}
      </Link>
      {data !== undefined && (
        <>
          {data.progress !== null && (
            <span className="text-kumo-subtle tabular-nums">{format.percent(data.progress)}</span>
          )}
          <TaskBadge state={data.state} />
          <Ago at={data.endedAt ?? data.createdAt} className="text-xs" />
        </>
      )}
    </li>
  );
}
