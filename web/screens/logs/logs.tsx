import { Button } from "@cloudflare/kumo/components/button";
import { ListBulletsIcon } from "@phosphor-icons/react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { LEVELS } from "#domain/observability/log.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { api, BASE } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { changed } from "#web/app/queries.ts";
import type { LogQuestion } from "#web/app/questions.ts";
import { useShortcut } from "#web/app/shortcuts.ts";
import { LogLines } from "#web/screens/logs/line.tsx";
import { logWords } from "#web/screens/logs/messages.ts";
import { ChoiceFilter, TextFilter } from "#web/ui/filter.tsx";
import { Page } from "#web/ui/page.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Allowed, Empty, Read, Skeleton } from "#web/ui/states.tsx";

const PAGE = 100;
const TRACE_CHARS_MAX = 36;
const LOG = new Set(["log"]);

const queryOf = ({ level, service, trace: traceId, q }: LogQuestion) => ({
  level: LEVELS.find((each) => each === level),
  service,
  traceId,
  q,
});

/** The account's log; what is asked for stands in the address. */
export function Logs() {
  const t = useMessages(logWords);
  const asked = useSearch({ from: "/logs" });
  const again = () => changed(LOG);
  useShortcut({ keys: "r", label: t("again"), act: again });
  const wanted = Object.entries(queryOf(asked)).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(wanted as [string, string][]).toString();
  return (
    <Allowed action="log.read">
      <Page
        title={t("title")}
        lead={t("lead")}
        actions={
          <>
            <a
              href={`${BASE}v1/logs/export?${query}`}
              download="log.ndjson"
              className="link self-center"
            >
              {t("download")}
            </a>
            <Button onClick={again}>{t("again")}</Button>
          </>
        }
      >
        <Filters />
        <Found />
      </Page>
    </Allowed>
  );
}

function Filters() {
  const t = useMessages(logWords);
  const asked = useSearch({ from: "/logs" });
  const navigate = useNavigate();
  const put = (changes: LogQuestion) =>
    void navigate({ to: "/logs", search: { ...asked, ...changes }, replace: true });
  return (
    <div className="mb-4 flex flex-wrap gap-2">
      <TextFilter
        id="log-text"
        label={t("text")}
        value={asked.q}
        maxLength={LIMITS.logQueryCharsMax}
        onAsk={(q) => put({ q })}
      />
      <ChoiceFilter
        id="log-level"
        label={t("level")}
        any={t("any")}
        value={asked.level}
        options={LEVELS.map((level) => [level, t(`level${level}`)])}
        onChoose={(level) => put({ level })}
      />
      <TextFilter
        id="log-service"
        label={t("service")}
        value={asked.service}
        maxLength={LIMITS.idCharsMax}
        onAsk={(service) => put({ service })}
      />
      <TextFilter
        id="log-trace"
        label={t("trace")}
        value={asked.trace}
        maxLength={TRACE_CHARS_MAX}
        onAsk={(trace) => put({ trace })}
      />
    </div>
  );
}

function Found() {
  const t = useMessages(logWords);
  const query = queryOf(useSearch({ from: "/logs" }));
  const pages = usePages(["log", query], (cursor) =>
    api.operation("GET /v1/logs", { query: { ...query, limit: PAGE, cursor } }),
  );
  const isNarrowed = Object.values(query).some((each) => each !== undefined);
  return (
    <Read query={pages} action="log.read" lines={8}>
      {(lines) => {
        // A page may be empty before the end: the list goes on by itself.
        if (lines.length > 0 || pages.more !== undefined)
          return (
            <>
              <LogLines lines={lines} label={t("title")} more={pages.more} />
              {lines.length === 0 && <Skeleton />}
            </>
          );
        return (
          <Empty icon={<ListBulletsIcon size={32} />} title={t(isNarrowed ? "noneFit" : "none")} />
        );
      }}
    </Read>
  );
}
