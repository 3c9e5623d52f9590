import { Button } from "@cloudflare/kumo/components/button";
import { TreeStructureIcon } from "@phosphor-icons/react";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { changed } from "#web/app/queries.ts";
import type { TraceQuestion } from "#web/app/questions.ts";
import { useShortcut } from "#web/app/shortcuts.ts";
import { traceWords } from "#web/screens/traces/messages.ts";
import { Badge } from "#web/ui/badges.tsx";
import { ChoiceFilter, TextFilter } from "#web/ui/filter.tsx";
import { useFormat } from "#web/ui/format.ts";
import { LongList } from "#web/ui/list.tsx";
import { Page } from "#web/ui/page.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Allowed, Empty, Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

type Trace = Operations["GET /v1/traces"]["answer"]["items"][number];

const PAGE = 100;
const SLOW_MS = [100, 500, 1_000, 5_000];
const TRACE = new Set(["trace"]);

/** What was recorded of the account's requests; what is asked for stands in the address. */
export function Traces() {
  const t = useMessages(traceWords);
  const again = () => changed(TRACE);
  useShortcut({ keys: "r", label: t("again"), act: again });
  return (
    <Allowed action="trace.read">
      <Page
        title={t("title")}
        lead={t("lead")}
        actions={<Button onClick={again}>{t("again")}</Button>}
      >
        <Filters />
        <Found />
      </Page>
    </Allowed>
  );
}

function Filters() {
  const t = useMessages(traceWords);
  const format = useFormat();
  const asked = useSearch({ from: "/traces" });
  const navigate = useNavigate();
  const put = (changes: TraceQuestion) =>
    void navigate({ to: "/traces", search: { ...asked, ...changes }, replace: true });
  const any = t("any");
  return (
    <div className="mb-4 flex flex-wrap gap-2">
      <TextFilter
        id="trace-name"
        label={t("name")}
        value={asked.name}
        maxLength={LIMITS.spanTextCharsMax}
        onAsk={(name) => put({ name })}
      />
      <ChoiceFilter
        id="trace-outcome"
        label={t("outcome")}
        any={any}
        value={asked.only}
        options={[["failed", t("failed")]]}
        onChoose={(only) => put({ only })}
      />
      <ChoiceFilter
        id="trace-slow"
        label={t("slow")}
        any={any}
        value={asked.slow}
        options={SLOW_MS.map((ms) => [String(ms), `${format.number(ms)} ms`])}
        onChoose={(slow) => put({ slow })}
      />
    </div>
  );
}

function Found() {
  const t = useMessages(traceWords);
  const { name, only, slow } = useSearch({ from: "/traces" });
  const minDurationMs = SLOW_MS.find((ms) => String(ms) === slow);
  const error = only === "failed" ? ("true" as const) : undefined;
  const pages = usePages(["trace", "list", name, error, minDurationMs], (cursor) =>
    api.operation("GET /v1/traces", { query: { limit: PAGE, cursor, name, error, minDurationMs } }),
  );
  const isNarrowed = [name, error, minDurationMs].some((each) => each !== undefined);
  return (
    <Read query={pages} action="trace.read" lines={8}>
      {(traces) =>
        traces.length > 0 || pages.more !== undefined ? (
          <LongList
            items={traces}
            keyOf={({ traceId }) => traceId}
            row={(trace) => <TraceRow trace={trace} />}
            more={pages.more}
            label={t("title")}
          />
        ) : (
          <Empty icon={<TreeStructureIcon size={32} />} title={t(isNarrowed ? "noneFit" : "none")}>
            {t("noneDetail")}
          </Empty>
        )
      }
    </Read>
  );
}

function TraceRow({ trace }: { trace: Trace }) {
  const t = useMessages(traceWords);
  const format = useFormat();
  const { traceId: id, name, startedAt, durationMs, error, spans: count } = trace;
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <Link
        to="/trace/$id"
        params={{ id }}
        className="min-w-0 grow font-mono text-xs font-medium hover:text-kumo-link max-sm:basis-full"
      >
        {name}
      </Link>
      {error && <Badge tone="bad">{t("failed")}</Badge>}
      <span className="text-xs text-kumo-subtle">{t("spans", { count })}</span>
      <span className="w-20 text-end tabular-nums">{format.number(Math.round(durationMs))} ms</span>
      <Ago at={startedAt} className="w-28 text-end text-xs" />
    </div>
  );
}
