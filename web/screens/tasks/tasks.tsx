import { ListChecksIcon, PlusIcon } from "@phosphor-icons/react";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { POOLS } from "#domain/resources/pools.ts";
import { TASK_STATES } from "#domain/tasks/state.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import type { TaskQuestion } from "#web/app/questions.ts";
import { taskListWords } from "#web/screens/tasks/messages.ts";
import { ChoiceField, TextField } from "#web/ui/form.tsx";
import { LinkButton } from "#web/ui/link-button.tsx";
import { LongList } from "#web/ui/list.tsx";
import { Page } from "#web/ui/page.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Allowed, Empty, Read } from "#web/ui/states.tsx";
import { type Task, TaskBadge } from "#web/ui/task-badge.tsx";
import { taskStates } from "#web/ui/task-messages.ts";
import { Ago } from "#web/ui/time.tsx";

const PAGE = 100;

/** Every task of the account, the newest first. */
export function Tasks() {
  const t = useMessages(taskListWords);
  const { may } = usePermissions();
  const asked = useSearch({ from: "/tasks" });
  const { state, pool, type } = asked;
  const pages = usePages(["task", "list", asked], (cursor) =>
    api.operation("GET /v1/tasks", {
      query: {
        limit: PAGE,
        cursor,
        state: TASK_STATES.find((each) => each === state),
        pool: POOLS.find((each) => each === pool),
        type,
      },
    }),
  );
  return (
    <Allowed action="task.show">
      <Page
        title={t("title")}
        lead={t("lead")}
        actions={
          may("task.create") && (
            <LinkButton to="/tasks/new" icon={PlusIcon}>
              {t("give")}
            </LinkButton>
          )
        }
      >
        <Filter asked={asked} />
        <Read query={pages} action="task.show">
          {(tasks) =>
            tasks.length > 0 || pages.more !== undefined ? (
              <LongList
                items={tasks}
                keyOf={({ id }) => id}
                row={(task) => <TaskRow task={task} />}
                more={pages.more}
                label={t("title")}
              />
            ) : (
              <Empty icon={<ListChecksIcon size={32} />} title={t("none")}>
                {t("noneDetail")}
              </Empty>
            )
          }
        </Read>
      </Page>
    </Allowed>
  );
}

function Filter({ asked }: { asked: TaskQuestion }) {
  const t = useMessages(taskListWords);
  const say = useMessages(taskStates);
  const navigate = useNavigate();
  const [type, setType] = useState(asked.type ?? "");
  const ask = (changed: TaskQuestion) =>
    void navigate({ to: "/tasks", search: { ...asked, ...changed }, replace: true });
  return (
    <form
      role="search"
      className="mb-4 grid gap-4 sm:grid-cols-3"
      onSubmit={(event) => {
        event.preventDefault();
        ask({ type: type.trim() || undefined });
      }}
    >
      <ChoiceField
        id="tasks-state"
        label={t("state")}
        value={asked.state ?? ""}
        options={[
          { value: "", label: t("everyState") },
          ...TASK_STATES.map((value) => ({ value, label: say(`state${value}`) })),
        ]}
        onChoose={(state) => ask({ state: state || undefined })}
      />
      <ChoiceField
        id="tasks-pool"
        label={t("pool")}
        value={asked.pool ?? "account"}
        options={POOLS.map((value) => ({ value, label: say(`pool${value}`) }))}
        onChoose={(pool) => ask({ pool: pool === "account" ? undefined : pool })}
      />
      <TextField
        id="tasks-type"
        label={t("type")}
        placeholder="report.weekly"
        value={type}
        onChange={({ target }) => setType(target.value)}
        onBlur={() => ask({ type: type.trim() || undefined })}
        autoComplete="off"
      />
    </form>
  );
}

function TaskRow({ task }: { task: Task }) {
  const t = useMessages(taskListWords);
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <div className="min-w-0 grow max-sm:basis-full">
        <Link
          to="/task/$id"
          params={{ id: task.id }}
          className="font-mono text-sm font-medium hover:text-kumo-link"
        >
          {task.type}
        </Link>
        <p className="truncate text-xs text-kumo-subtle" dir="auto">
          {task.reason ?? task.unschedulable ?? task.id}
        </p>
      </div>
      {task.progress !== null && (
        <progress
          value={task.progress}
          aria-label={t("progress")}
          className="h-1.5 w-24 accent-kumo-brand"
        />
      )}
      <span className="text-xs text-kumo-subtle tabular-nums">
        {t("attempts", { count: task.attempts, most: task.attemptsMax })}
      </span>
      <TaskBadge state={task.state} />
      <Ago
        at={task.endedAt ?? task.createdAt}
        className="flex-none text-xs sm:min-w-24 sm:text-end"
      />
    </div>
  );
}
