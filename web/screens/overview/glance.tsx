import { useQuery } from "@tanstack/react-query";
import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { overview } from "#web/screens/overview/messages.ts";
import { useFormat } from "#web/ui/format.ts";
import { Card } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";

const AGENTS_MAX = 100;
const ALERTS_MAX = 100;

/** What is known, who is working, what it costs and what is wrong, each a number that leads to its screen. */
export function Glance() {
  const t = useMessages(overview);
  const { may } = usePermissions();
  return (
    <ul
      aria-label={t("glance")}
      className="glance mt-6 grid gap-3 empty:hidden sm:grid-cols-2 xl:grid-cols-4"
    >
      {may("collection.read") && <Known />}
      {may("queue.read") && <Working />}
      {may("usage.read") && <Costs />}
      {may("alert.read") && <Wrong />}
    </ul>
  );
}

function Known() {
  const t = useMessages(overview);
  const collections = useQuery({
    queryKey: ["unit", "collections"],
    queryFn: () => api.collections(),
  });
  return (
    <Figure title={t("known")} to="/search">
      <Read query={collections} action="collection.read" lines={2}>
        {({ items }) => {
          const of = (wanted: string) =>
            items.find(({ visibility }) => visibility === wanted)?.shards.units ?? 0;
          const onTheWay = items
            .flatMap(({ units }) => units)
            .filter(({ status }) => status === "pending" || status === "verifying")
            .reduce((sum, { count }) => sum + count, 0);
          const [open, own] = [of("public"), of("private")];
          return (
            <Said count={open + own} label={t("knownUnits", { count: open + own })}>
              {t("knownNote", { open, own })}
              {onTheWay > 0 && (
                <span className="block text-kumo-warning">
                  {t("onTheWay", { count: onTheWay })}
                </span>
              )}
            </Said>
          );
        }}
      </Read>
    </Figure>
  );
}

function Working() {
  const t = useMessages(overview);
  const { may } = usePermissions();
  const maySee = may("agent.read");
  const work = useQuery({
    queryKey: ["queue", "work"],
    queryFn: async () => {
      const [queues, agents] = await Promise.all([
        api.operation("GET /v1/queues"),
        maySee
          ? api.operation("GET /v1/agents", { query: { state: "active", limit: AGENTS_MAX } })
          : null,
      ]);
      const sum = (of: "leased" | "waiting") =>
        queues.items.reduce((all, queue) => all + queue[of], 0);
      return {
        leased: sum("leased"),
        waiting: sum("waiting"),
        agents: agents?.items.length ?? 0,
        areMore: agents?.nextCursor != null,
      };
    },
    meta: { live: ["task", "agent"] },
  });
  return (
    <Figure title={t("working")} to="/tasks">
      <Read query={work} action="queue.read" lines={2}>
        {({ leased, waiting, agents, areMore }) => (
          <Said count={leased} label={t("workingTasks", { count: leased })}>
            {t(areMore ? "workingNoteMany" : "workingNote", { agents, waiting })}
          </Said>
        )}
      </Read>
    </Figure>
  );
}

/** What is counted has no events: it is read when somebody comes to look. */
function Costs() {
  const t = useMessages(overview);
  const { may } = usePermissions();
  const maySee = may("inference.read");
  const cost = useQuery({
    queryKey: ["cost"],
    queryFn: async () => {
      const [usage, models] = await Promise.all([
        api.operation("GET /v1/usage"), // of the last day
        maySee ? api.operation("GET /v1/inference/use") : null,
      ]);
      return { ...usage.total, tokens: models?.spentToday ?? null };
    },
  });
  return (
    <Figure title={t("costs")} to="/settings">
      <Read query={cost} action="usage.read" lines={2}>
        {({ units, calls, failed, tokens }) => (
          <Said count={units} label={t("costUnits", { count: units })}>
            {t("costNote", { calls, failed })}
            {tokens !== null && <span className="block">{t("costTokens", { tokens })}</span>}
          </Said>
        )}
      </Read>
    </Figure>
  );
}

function Wrong() {
  const t = useMessages(overview);
  const { may } = usePermissions();
  const maySeeDead = may("dead-letter.read");
  const wrong = useQuery({
    queryKey: ["alert", "wrong"],
    queryFn: async () => {
      const query = { state: "firing", limit: ALERTS_MAX } as const;
      const [alerts, queues, dead] = await Promise.all([
        api.operation("GET /v1/alerts", { query }),
        api.operation("GET /v1/queues"),
        maySeeDead ? api.deadLetters() : null,
      ]);
      return {
        firing: alerts.items.filter(({ silenced }) => !silenced).length,
        failed: queues.items.reduce((all, queue) => all + queue.failed, 0),
        dead: dead?.items.length ?? 0,
      };
    },
    meta: { live: ["task", "unit"] },
  });
  return (
    <Figure title={t("wrong")} to="/alerts">
      <Read query={wrong} action="alert.read" lines={2}>
        {({ firing, failed, dead }) => (
          <Said count={firing} label={t("wrongAlerts", { count: firing })} isBad={firing > 0}>
            {t("wrongNote", { failed, dead })}
          </Said>
        )}
      </Read>
    </Figure>
  );
}

type FigureProps = { title: string; to: LinkProps["to"]; children: ReactNode };

function Figure({ title, to, children }: FigureProps) {
  return (
    <li className="grid">
      <Card className="number-card relative px-5 py-4 hover:border-kumo-interact">
        <h2 className="mb-1 font-medium">
          <Link to={to} className="after:absolute after:inset-0 after:rounded-xl">
            {title}
          </Link>
        </h2>
        {children}
      </Card>
    </li>
  );
}

type SaidProps = { count: number; label: string; isBad?: boolean; children: ReactNode };

function Said({ count, label, isBad = false, children }: SaidProps) {
  const format = useFormat();
  return (
    <>
      <p className="flex flex-wrap items-baseline gap-x-2">
        <strong
          className={`text-2xl font-semibold tracking-tight tabular-nums ${isBad ? "text-kumo-danger" : ""}`}
        >
          {format.number(count)}
        </strong>
        <span>{label}</span>
      </p>
      <p className="mt-1 text-kumo-subtle">{children}</p>
    </>
  );
}
