import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { settingWords } from "#web/screens/settings/messages.ts";
import { ChoiceFilter } from "#web/ui/filter.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Card, Section } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";

type Used = Operations["GET /v1/usage"]["answer"];
type Line = { operation: string; calls: number; failed: number };
const OVERS = { day: { step: "hour", steps: 24 }, month: { step: "day", steps: 30 } } as const;
type Over = keyof typeof OVERS;
const STEP_MS = { hour: 3_600_000, day: 86_400_000 } as const;
const FIRST_SHOWN = 8;
/** Tokens of models are counted like operations, and shown with the models. */
const TOKENS = "inference.tokens";

/** What the account asked for, by time and by operation. */
export function Usage() {
  const t = useMessages(settingWords);
  const [over, setOver] = useState<Over>("day");
  const { step, steps } = OVERS[over];
  const usage = useQuery({
    queryKey: ["usage", over],
    queryFn: () => {
      const from = new Date(Date.now() - (steps - 1) * STEP_MS[step]).toISOString();
      return api.operation("GET /v1/usage", { query: { from, step } });
    },
    staleTime: 0,
  });
  return (
    <Section
      title={t("usage")}
      className="lg:mt-0!"
      end={
        <ChoiceFilter
          id="usage-over"
          label={t("usageOver")}
          any={t("overday")}
          value={over === "day" ? undefined : over}
          options={[["month", t("overmonth")]]}
          onChoose={(chosen) => setOver(chosen === "month" ? "month" : "day")}
        />
      }
    >
      <Read query={usage} action="usage.read" lines={6}>
        {(used) => (
          <Card className="usage grid gap-4 p-5">
            <Whole used={used} over={over} />
          </Card>
        )}
      </Read>
    </Section>
  );
}

function linesOf({ items }: Used): Line[] {
  const lines = new Map<string, Line>();
  for (const { operations } of items)
    for (const { operation, calls, failed } of operations) {
      const line = lines.get(operation) ?? { operation, calls: 0, failed: 0 };
      lines.set(operation, {
        operation,
        calls: line.calls + calls,
        failed: line.failed + failed,
      });
    }
  lines.delete(TOKENS);
  return [...lines.values()].sort((a, b) => b.calls - a.calls);
}

function Whole({ used, over }: { used: Used; over: Over }) {
  const t = useMessages(settingWords);
  const format = useFormat();
  const lines = linesOf(used);
  const sum = (of: "calls" | "failed") => lines.reduce((total, line) => total + line[of], 0);
  const most = lines[0]?.calls ?? 1;
  if (lines.length === 0) return <p className="text-kumo-subtle">{t("noUsage")}</p>;
  const rest = lines.slice(FIRST_SHOWN);
  return (
    <>
      <p className="flex flex-wrap items-baseline gap-x-3">
        <strong className="text-2xl font-semibold tracking-tight tabular-nums">
          {format.number(sum("calls"))}
        </strong>
        <span className="text-kumo-subtle">
          {t("failed", { count: format.number(sum("failed")) })}
        </span>
      </p>
      <Columns used={used} over={over} />
      <Busiest lines={lines.slice(0, FIRST_SHOWN)} most={most} label={t("operations")} />
      {rest.length > 0 && (
        <details>
          <summary className="w-fit py-0.5 text-kumo-subtle hover:text-kumo-link">
            {t("moreOperations", { count: rest.length })}
          </summary>
          <div className="mt-2">
            <Busiest lines={rest} most={most} label={t("operations")} />
          </div>
        </details>
      )}
    </>
  );
}

const HEIGHT = 48;

/** A column for each step, also for those in which nothing was used. */
function Columns({ used, over }: { used: Used; over: Over }) {
  const t = useMessages(settingWords);
  const format = useFormat();
  const { step, steps } = OVERS[over];
  const stepMs = STEP_MS[step];
  const lastMs = Date.now() - (Date.now() % stepMs);
  const counts = new Map(
    used.items.map(({ at, operations }) => [
      Date.parse(at),
      operations.reduce((sum, { operation, calls }) => sum + (operation === TOKENS ? 0 : calls), 0),
    ]),
  );
  const columns = Array.from({ length: steps }, (_, at) => {
    const ms = lastMs - (steps - 1 - at) * stepMs;
    return { ms, calls: counts.get(ms) ?? 0 };
  });
  const most = Math.max(1, ...columns.map(({ calls }) => calls));
  return (
    <ol aria-label={t("usage")} className="flex items-end gap-0.5" style={{ blockSize: HEIGHT }}>
      {columns.map(({ ms, calls }) => {
        const says = t("callsAt", { time: format.time(new Date(ms).toISOString()), count: calls });
        return (
          <li
            key={ms}
            title={says}
            className={`grow rounded-t-sm ${calls === 0 ? "bg-kumo-fill" : "bg-kumo-brand"}`}
            style={{ blockSize: `${Math.max(4, (calls / most) * 100)}%` }}
          >
            <span className="sr-only">{says}</span>
          </li>
        );
      })}
    </ol>
  );
}

function Busiest({ lines, most, label }: { lines: readonly Line[]; most: number; label: string }) {
  const t = useMessages(settingWords);
  return (
    <ul aria-label={label} className="grid gap-2">
      {lines.map(({ operation, calls }) => (
        <li key={operation} className="grid gap-1">
          <p className="flex flex-wrap justify-between gap-x-4">
            <span className="font-mono text-xs">{operation}</span>
            <span className="text-xs text-kumo-subtle tabular-nums">
              {t("calls", { count: calls })}
            </span>
          </p>
          <progress value={calls} max={most} aria-label={operation} className="h-1 w-full" />
        </li>
      ))}
    </ul>
  );
}
