import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { PHASES } from "#domain/audit/model.ts";
import { api } from "#web/app/client.ts";
import { useEvents } from "#web/app/live.ts";
import { queries } from "#web/app/queries.ts";
import type { AuditQuestion } from "#web/app/questions.ts";
import { merged } from "#web/screens/audit/merged.ts";
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
  const items = useMemo(
    () => (newest === undefined || data === undefined ? data : merged(newest, data)),
    [newest, data],
  );
  const isTorn = items === null;
  useEffect(() => {
    if (isTorn) void queries.resetQueries({ queryKey: key });
  }, [isTorn]);
  return { ...pages, data: items ?? data };
}
