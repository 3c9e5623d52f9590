import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { PHASES } from "#domain/audit/model.ts";
import type { Operations } from "#sdk/types.ts";
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
 * The log as far as it was scrolled, newest first. Entries never change, so what comes is read by its newest page alone and
 * put above the rest; where more came than that page holds, it offers to begin anew, and leaves whoever reads where they are.
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
  const of = JSON.stringify(query);
  const [kept, setKept] = useState<Kept>({ of, above: [], isTorn: false });
  const { above, isTorn } = kept.of === of ? kept : NOTHING;
  const items = useMemo(() => data && stacked(above, data), [above, data]);
  useEffect(() => {
    if (newest === undefined || items === undefined || data === undefined) return;
    const all = merged(newest, items);
    if (all === null) setKept({ of, above, isTorn: true });
    else if (all.length > items.length)
      setKept({ of, above: all.slice(0, all.length - data.length), isTorn: false });
  }, [newest, data !== undefined]);
  const renew = () => {
    setKept({ of, ...NOTHING });
    void queries.resetQueries({ queryKey: key });
  };
  return { ...pages, data: items, ...(isTorn && { renew }) };
}

type Entry = Operations["GET /v1/audit"]["answer"]["items"][number];
type Kept = { of: string; above: readonly Entry[]; isTorn: boolean };
const NOTHING = { above: [], isTorn: false };

/** What came since above what was read, each once. */
const stacked = (above: readonly Entry[], read: readonly Entry[]): Entry[] => [
  ...above.filter(({ seq }) => seq > (read[0]?.seq ?? 0)),
  ...read,
];
