import { Button } from "@cloudflare/kumo/components/button";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { Unit } from "#sdk/client.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { publish } from "#web/screens/publish/messages.ts";
import { Checks, useEvidence } from "#web/ui/evidence.tsx";
import { Card } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";

const STEPS = [
  ["pending", "stepPending"],
  ["verifying", "stepVerifying"],
  ["searchable", "stepSearchable"],
] as const;

/** The way of a unit that was just published, until it is searchable or rejected. */
export function Way({ unit: first, another }: { unit: Unit; another(): void }) {
  const t = useMessages(publish);
  const { may } = usePermissions();
  const { data: unit = first, refetch } = useQuery({
    queryKey: ["unit", first.id],
    queryFn: () => api.getUnit(first.id),
    initialData: first,
    staleTime: 0,
  });
  const isUnderway = unit.status === "pending" || unit.status === "verifying";
  const isRejected = unit.status === "rejected";
  const evidence = useEvidence(unit.id, !isUnderway);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <Card className="way self-start p-5">
      <h2 ref={heading} tabIndex={-1} className="text-base font-semibold" dir="auto">
        {unit.title}
      </h2>
      <Steps status={unit.status} />
      <div role="status" aria-live="polite">
        {unit.status === "searchable" && <p>{t("nowSearchable")}</p>}
        {isRejected && <p>{t("nowRejected")}</p>}
      </div>
      {!isUnderway && (
        <div className="mt-3">
          <Read query={evidence}>{(read) => <Checks evidence={read} />}</Read>
        </div>
      )}
      <div className="mt-5 flex flex-wrap items-center gap-4">
        <Button onClick={another}>{t("another")}</Button>
        {isUnderway && !may("topic.read") && (
          // Nothing tells this person of its way.
          <Button onClick={() => void refetch()}>{t("lookAgain")}</Button>
        )}
        <Link to="/unit/$id" params={{ id: unit.id }} className="link">
          {t("openUnit")}
        </Link>
        {unit.status === "searchable" && may("unit.search") && (
          <Link to="/search" search={{ q: unit.title }} className="link">
            {t("findIt")}
          </Link>
        )}
      </div>
    </Card>
  );
}

function Steps({ status }: { status: Unit["status"] }) {
  const t = useMessages(publish);
  const isRejected = status === "rejected";
  const reached = isRejected ? 2 : STEPS.findIndex(([name]) => name === status);
  return (
    <ol className="my-5 grid grid-cols-3 gap-2">
      {STEPS.map(([, word], at) => {
        const isNow = at === reached && status !== "searchable" && !isRejected;
        const isFailed = isRejected && at === 2;
        const tone = isFailed
          ? "border-kumo-danger text-kumo-danger"
          : at <= reached
            ? "border-kumo-brand"
            : "border-kumo-line text-kumo-subtle";
        return (
          <li
            key={word}
            aria-current={isNow ? "step" : undefined}
            className={`border-t-3 pt-2 ${tone} ${isNow ? "breathe font-semibold" : ""}`}
          >
            {t(word)}
          </li>
        );
      })}
    </ol>
  );
}
