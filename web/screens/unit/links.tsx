import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import type { Unit } from "#sdk/client.ts";
import { useMessages } from "#web/app/language.ts";
import { RELATIONS, useLinked } from "#web/screens/unit/linked.ts";
import { unitWords } from "#web/screens/unit/messages.ts";
import { LevelBadge } from "#web/ui/badges.tsx";
import { Card, Section } from "#web/ui/page.tsx";
import { Read, Skeleton } from "#web/ui/states.tsx";

const Graph = lazy(() => import("#web/screens/unit/graph.tsx"));

/** What a unit is linked with: as a list, and drawn. */
export function Links({ unit }: { unit: Unit }) {
  const t = useMessages(unitWords);
  const linked = useLinked(unit);
  if (unit.links.length === 0) return null;
  return (
    <Section title={t("links")}>
      <Read query={linked} action="unit.read">
        {(read) => (
          <div className="grid gap-4">
            <ul className="unit-links grid gap-1.5">
              {unit.links.map(({ rel, unitId }) => {
                const other = read.units.find(({ id }) => id === unitId);
                return (
                  <li key={`${rel} ${unitId}`} className="flex flex-wrap items-baseline gap-x-2">
                    <span className="text-kumo-subtle">{t(RELATIONS[rel])}</span>
                    <Link
                      to="/unit/$id"
                      params={{ id: unitId }}
                      className={`link ${other?.title == null ? "font-mono text-xs" : ""}`}
                      dir="auto"
                    >
                      {other?.title ?? unitId}
                    </Link>
                    {other?.level != null && <LevelBadge level={other.level} />}
                  </li>
                );
              })}
            </ul>
            <Card className="overflow-hidden">
              <Suspense
                fallback={
                  <div className="p-4">
                    <Skeleton />
                  </div>
                }
              >
                <Graph linked={read} />
              </Suspense>
            </Card>
          </div>
        )}
      </Read>
    </Section>
  );
}
