import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { LogLines } from "#web/screens/logs/line.tsx";
import { type Trace, Waterfall } from "#web/screens/trace/waterfall.tsx";
import { traceWords } from "#web/screens/traces/messages.ts";
import { Badge } from "#web/ui/badges.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Page, Section } from "#web/ui/page.tsx";
import { Allowed, Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

/** Its spans come in within some seconds of a request's end. */
const AGAIN_MS = 10_000;

/** A trace: its spans as a waterfall of their tree, and what was logged in it. */
export function TraceScreen() {
  const t = useMessages(traceWords);
  const { id } = useParams({ from: "/trace/$id" });
  const query = useQuery({
    queryKey: ["trace", id],
    queryFn: () => api.operation("GET /v1/traces/{traceId}", { path: { traceId: id } }),
    refetchInterval: ({ state }) => (state.error === null ? AGAIN_MS : false),
  });
  const { data } = query;
  return (
    <Allowed action="trace.read">
      <Page
        title={data?.spans[0]?.name ?? t("trace")}
        lead={data !== undefined && <Facts trace={data} />}
      >
        <Read query={query} action="trace.read" lines={8}>
          {(trace) => <Whole trace={trace} />}
        </Read>
      </Page>
    </Allowed>
  );
}

function Facts({ trace: { traceId, startedAt, durationMs, error, spans } }: { trace: Trace }) {
  const t = useMessages(traceWords);
  const format = useFormat();
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
      {error && <Badge tone="bad">{t("failed")}</Badge>}
      <span className="tabular-nums">{format.number(Math.round(durationMs))} ms</span>
      <span>{t("spans", { count: spans.length })}</span>
      <Ago at={startedAt} />
      <code className="font-mono text-xs">{traceId}</code>
    </p>
  );
}

function Whole({ trace }: { trace: Trace }) {
  const t = useMessages(traceWords);
  const { may } = usePermissions();
  const { traceId, logs } = trace;
  return (
    <>
      <Section title={t("waterfall")} className="mt-0!">
        <Waterfall trace={trace} />
      </Section>
      <Section
        title={t("logged")}
        end={
          may("log.read") && (
            <Link to="/logs" search={{ trace: traceId }} className="link">
              {t("toLogs")}
            </Link>
          )
        }
      >
        {logs.length === 0 ? (
          <p className="text-kumo-subtle">{t("noLogs")}</p>
        ) : (
          <LogLines lines={logs} label={t("logged")} />
        )}
      </Section>
    </>
  );
}
