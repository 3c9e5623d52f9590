import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { PHASES } from "#domain/audit/model.ts";
import { api } from "#web/app/client.ts";
import { useEvents } from "#web/app/live.ts";
import { queries } from "#web/app/queries.ts";
import type { AuditQuestion } from "#web/app/questions.ts";
import type { Entry } from "#web/screens/audit/entry.tsx";
import { usePages } from "#web/ui/pages.ts";

const PAGE = 100;

const queryOf = ({ phase, ...asked }: AuditQuestion) => ({
  ...asked,
  phase: PHASES.find((each) => each === phase),
});

/**
 * The log as far as it was scrolled, newest first. Entries never change, so what comes is read by its newest page alone;
 * only what is more than a page at once has all of it read anew.
 */
export function useEntries(asked: AuditQuestion) {
  const query = queryOf(asked);
  const key = ["entry", query];
  const pages = usePages(key, (cursor) =>
    api.operation("GET /v1/audit", { query: { ...query, limit: PAGE, cursor } }),
  );
  const [hasHeard, setHeard] = useState(false);
  useEvents(({ type }) => {
    if (type === "audit.recorded") setHeard(true);
  });
  const { data: newest } = useQuery({
    queryKey: ["audit", query],
    queryFn: () => api.operation("GET /v1/audit", { query: { ...query, limit: PAGE } }),
    enabled: hasHeard,
  });
  const { data } = pages;
  const isTorn =
    newest !== undefined &&
    data !== undefined &&
    newest.nextCursor !== null &&
    (newest.items.at(-1)?.seq ?? 0) > (data[0]?.seq ?? 0);
  useEffect(() => {
    if (isTorn) void queries.resetQueries({ queryKey: key });
  }, [isTorn]);
  const items = useMemo(() => data && merged(newest?.items ?? [], data), [newest, data]);
  return { ...pages, data: items };
}

function merged(newer: readonly Entry[], older: readonly Entry[]): Entry[] {
  const first = older[0]?.seq ?? 0;
  return [...newer.filter(({ seq }) => seq > first), ...older];
}
