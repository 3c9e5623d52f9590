import { Button } from "@cloudflare/kumo/components/button";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { DeadLetters } from "#web/screens/queues/dead-letters.tsx";
import { queueWords } from "#web/screens/queues/messages.ts";
import { Badge } from "#web/ui/badges.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Card, Page, Section } from "#web/ui/page.tsx";
import { Allowed, Failure, Read } from "#web/ui/states.tsx";
import { taskStates } from "#web/ui/task-messages.ts";
import { Ago } from "#web/ui/time.tsx";

type Queue = Operations["GET /v1/queues"]["answer"]["items"][number];

const TONES = { open: "good", paused: "busy", draining: "busy" } as const;
const CONTROLS = {
  pause: "POST /v1/queues/{pool}/pause",
  drain: "POST /v1/queues/{pool}/drain",
  resume: "POST /v1/queues/{pool}/resume",
} as const;
type Control = keyof typeof CONTROLS;
const OFFERED: Record<Queue["mode"], Control[]> = {
  open: ["pause", "drain"],
  paused: ["resume"],
  draining: ["resume"],
};

/** How much waits, for how long, and what failed for good. */
export function Queues() {
  const t = useMessages(queueWords);
  const { may } = usePermissions();
  const queues = useQuery({
    queryKey: ["queue"],
    queryFn: () => api.operation("GET /v1/queues"),
    meta: { live: ["task"] },
  });
  return (
    <Allowed action="queue.read">
      <Page title={t("title")} lead={t("lead")}>
        <Read query={queues} action="queue.read" lines={6}>
          {({ items }) => (
            <div className="grid gap-4">
              {items.map((queue) => (
                <QueueCard key={queue.pool} queue={queue} />
              ))}
            </div>
          )}
        </Read>
        {may("dead-letter.read") && (
          <Section title={t("dead")}>
            <DeadLetters />
          </Section>
        )}
      </Page>
    </Allowed>
  );
}

function QueueCard({ queue }: { queue: Queue }) {
  const t = useMessages(queueWords);
  const say = useMessages(taskStates);
  const { may } = usePermissions();
  const { pool, mode, oldestAt } = queue;
  return (
    <Card className="queue p-5">
      <div className="flex flex-wrap items-center gap-3">
        <h2 className="font-semibold">{say(`pool${pool}`)}</h2>
        <Badge tone={TONES[mode]}>{t(`mode${mode}`)}</Badge>
        {oldestAt !== null && (
          <span className="text-kumo-subtle">
            {t("oldest")} <Ago at={oldestAt} />
          </span>
        )}
      </div>
      <Depth queue={queue} />
      {may("queue.control") && <Controls queue={queue} />}
    </Card>
  );
}

function Depth({ queue }: { queue: Queue }) {
  const t = useMessages(queueWords);
  const format = useFormat();
  return (
    <dl className="my-4 grid grid-cols-2 gap-3 sm:grid-cols-3 lg:grid-cols-6">
      {(["waiting", "leased", "delayed", "blocked", "failed"] as const).map((name) => (
        <div key={name} className="flex flex-col-reverse justify-end">
          <dt className="text-xs text-kumo-subtle">{t(name)}</dt>
          <dd className="text-lg font-semibold tabular-nums">
            {name === "failed" && queue.failed > 0 ? (
              <Link to="/tasks" search={{ state: "failed", pool: queue.pool }} className="link">
                {format.number(queue.failed)}
              </Link>
            ) : (
              format.number(queue[name])
            )}
          </dd>
        </div>
      ))}
      <div className="flex flex-col-reverse justify-end">
        <dt className="text-xs text-kumo-subtle">{t("bytes")}</dt>
        <dd className="text-lg font-semibold tabular-nums">{format.bytes(queue.bytes)}</dd>
      </div>
    </dl>
  );
}

const TOUCHED = new Set(["queue", "task"]);

function Controls({ queue: { pool, mode, failed } }: { queue: Queue }) {
  const t = useMessages(queueWords);
  const path = { pool };
  const control = useMutation({
    mutationFn: (to: Control) => api.operation(CONTROLS[to], { path }),
    onSuccess: () => changed(TOUCHED),
  });
  const redrive = useMutation({
    mutationFn: () => api.operation("POST /v1/queues/{pool}/redrive", { path, body: {} }),
    onSuccess: () => changed(TOUCHED),
  });
  const error = control.error ?? redrive.error;
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap gap-2">
        {OFFERED[mode].map((to) => (
          <Button
            key={to}
            size="sm"
            title={t(`means${to}`)}
            disabled={control.isPending}
            onClick={() => control.mutate(to)}
          >
            {t(to)}
          </Button>
        ))}
        {failed > 0 && (
          <Button size="sm" disabled={redrive.isPending} onClick={() => redrive.mutate()}>
            {t("redrive")}
          </Button>
        )}
      </div>
      <p role="status" className="text-kumo-subtle empty:hidden">
        {redrive.data !== undefined && t("redriven", { count: redrive.data.redriven })}
      </p>
      {error !== null && <Failure error={error} />}
    </div>
  );
}
