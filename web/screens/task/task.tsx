import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { hasEnded } from "#domain/tasks/state.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { Attempts } from "#web/screens/task/attempts.tsx";
import { Ending } from "#web/screens/task/ending.tsx";
import { taskWords } from "#web/screens/task/messages.ts";
import { Result } from "#web/screens/task/result.tsx";
import { Said } from "#web/screens/task/said.tsx";
import { AgentLink } from "#web/ui/agent-link.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Page, Section } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";
import { type Task, TaskBadge } from "#web/ui/task-badge.tsx";
import { taskStates } from "#web/ui/task-messages.ts";
import { Ago } from "#web/ui/time.tsx";

/** A task: how far it is, who worked on it, what was said of it, and what it came to. */
export function TaskScreen() {
  const t = useMessages(taskWords);
  const { id } = useParams({ from: "/task/$id" });
  const query = useQuery({
    queryKey: ["task", id],
    queryFn: () => api.operation("GET /v1/tasks/{id}", { path: { id } }),
  });
  const { data } = query;
  return (
    <Page
      title={data?.type ?? t("task")}
      lead={data !== undefined && <Lead task={data} />}
      actions={data !== undefined && <Ending task={data} />}
    >
      <Read query={query} action="task.show" lines={8}>
        {(task) => <Whole task={task} />}
      </Read>
    </Page>
  );
}

function Lead({ task: { state, reason, cause, progress } }: { task: Task }) {
  const t = useMessages(taskWords);
  const format = useFormat();
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <TaskBadge state={state} />
      {cause !== null && <span>{t(`cause${cause}`)}</span>}
      {reason !== null && <span dir="auto">{reason}</span>}
      {progress !== null && (
        <span className="inline-flex items-center gap-2">
          <progress
            value={progress}
            aria-label={t("progress")}
            className="h-1.5 w-40 accent-kumo-brand"
          />
          <span className="tabular-nums">{format.percent(progress)}</span>
        </span>
      )}
    </div>
  );
}

function Whole({ task }: { task: Task }) {
  const t = useMessages(taskWords);
  const { may } = usePermissions();
  return (
    <div className="grid gap-x-10 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="min-w-0">
        {task.state === "completed" && (
          <Section title={t("result")} className="mt-0!">
            <Result id={task.id} />
          </Section>
        )}
        {may("topic.read") && (
          <Section title={t("attempts")} className={task.state === "completed" ? "" : "mt-0!"}>
            <Attempts key={task.id} id={task.id} since={task.createdAt} />
          </Section>
        )}
        <Section title={t("said")}>
          <Said key={`${task.id} ${hasEnded(task.state)}`} id={task.id} />
        </Section>
      </div>
      <div className="min-w-0">
        <Section title={t("facts")} className="lg:mt-0">
          <Facts task={task} />
        </Section>
      </div>
    </div>
  );
}

function Facts({ task }: { task: Task }) {
  const t = useMessages(taskWords);
  const say = useMessages(taskStates);
  const { callbackFailed: missed } = task;
  const format = useFormat();
  const ago = (time: string | null) => time !== null && <Ago at={time} />;
  const due = (time: string | null | undefined) => time != null && format.time(time);
  const rows: [string, ReactNode][] = [
    [t("tried"), t("triedOf", { count: task.attempts, most: task.attemptsMax })],
    [t("agent"), task.agentId !== undefined && <AgentLink id={task.agentId} />],
    [t("leasedUntil"), due(task.leasedUntil)],
    [t("notBefore"), due(task.notBefore)],
    [t("unschedulable"), task.unschedulable],
    [t("pool"), say(`pool${task.pool}`)],
    [t("priority"), String(task.priority)],
    [t("requires"), task.requires.join(", ")],
    [t("near"), task.near],
    [t("given"), ago(task.createdAt)],
    [t("deadline"), due(task.deadline)],
    [t("ended"), ago(task.endedAt)],
    [t("callbackFailed"), missed !== undefined && <Missed {...missed} />],
    [t("id"), <code className="font-mono text-xs">{task.id}</code>],
  ];
  return (
    <dl className="grid grid-cols-[8rem_minmax(0,1fr)] gap-x-4 gap-y-2">
      {rows
        .filter(([, value]) => value !== undefined && value !== false && value !== "")
        .map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-kumo-subtle">{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

const Missed = ({ reason, at }: { reason: string; at: string }) => (
  <>
    <span className="text-kumo-danger">{reason}</span> <Ago at={at} />
  </>
);
