import { useQuery } from "@tanstack/react-query";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { alertWords } from "#web/screens/alerts/messages.ts";
import { AGAIN_MS, type Rule } from "#web/screens/alerts/values.ts";
import { useFormat } from "#web/ui/format.ts";
import { Card } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";

type Objective = Operations["GET /v1/slos"]["answer"]["items"][number];

const WINDOWS = [
  ["1h", "slo.burn-1h", "1 h"],
  ["6h", "slo.burn-6h", "6 h"],
  ["3d", "slo.burn-3d", "3 d"],
] as const;

/** What is promised, drawn with what is left of its error budget and how fast that burns. */
export function Objectives({ rules }: { rules: readonly Rule[] }) {
  const slos = useQuery({
    queryKey: ["alert", "slos"],
    queryFn: () => api.operation("GET /v1/slos"),
    refetchInterval: AGAIN_MS,
  });
  return (
    <Read query={slos} action="alert.read" lines={8}>
      {({ items }) => (
        <ul className="objectives grid gap-3 md:grid-cols-2 xl:grid-cols-3">
          {items.map((objective) => (
            <li key={objective.id}>
              <ObjectiveCard objective={objective} rules={rules} />
            </li>
          ))}
        </ul>
      )}
    </Read>
  );
}

const percent = (share: number): number => Math.round(share * 1e5) / 1e3;

type CardProps = { objective: Objective; rules: readonly Rule[] };

function ObjectiveCard({ objective, rules }: CardProps) {
  const t = useMessages(alertWords);
  const format = useFormat();
  const { id, requests, errors, budgetLeft, burn, windowDays } = objective;
  const left = Math.round(budgetLeft * 1_000) / 10;
  const isSpent = budgetLeft <= 0;
  const values = { errors: format.number(errors), requests: format.number(requests) };
  return (
    <Card className="h-full p-4">
      <h3 className="font-medium">{t(`objective${id}`)}</h3>
      <p className="text-xs text-kumo-subtle tabular-nums">
        {t("promised", {
          objective: `${format.number(percent(objective.objective))} %`,
          days: windowDays,
        })}
      </p>
      <div className="mt-3 flex items-baseline justify-between gap-3">
        <span>{t("budget")}</span>
        <span className={`font-semibold tabular-nums ${isSpent ? "text-kumo-danger" : ""}`}>
          {format.number(left)} %
        </span>
      </div>
      <Bar share={budgetLeft} isBad={isSpent} />
      <p className="mt-1 text-xs text-kumo-subtle tabular-nums">{t("failed", values)}</p>
      <h4 className="mt-3 mb-1">{t("burn")}</h4>
      <ul className="grid gap-1.5">
        {WINDOWS.map(([name, signal, label]) => {
          const bound = rules.find((rule) => rule.signal === signal && rule.enabled)?.above;
          return <Burn key={name} window={label} rate={burn[name]} bound={bound} />;
        })}
      </ul>
    </Card>
  );
}

type BarProps = { share: number; isBad: boolean; mark?: number | undefined };

/** `share` and `mark`: of the whole length, from 0 to 1. The number stands beside it for whoever does not see. */
function Bar({ share, isBad, mark }: BarProps) {
  return (
    <span aria-hidden="true" className="relative mt-1 block h-2 rounded-full bg-kumo-fill">
      <span
        className={`block h-full rounded-full ${isBad ? "bg-(--text-color-kumo-danger)" : "bg-kumo-brand"}`}
        style={{ inlineSize: `${Math.min(100, Math.max(0, share * 100))}%` }}
      />
      {mark !== undefined && (
        <span
          className="absolute -inset-y-0.5 w-0.5 bg-(--second)"
          style={{ insetInlineStart: `${mark * 100}%` }}
        />
      )}
    </span>
  );
}

type BurnProps = { window: string; rate: number; bound: number | undefined };
/** Where on the bar the bound of the rule stands. */
const BOUND_AT = 0.5;

function Burn({ window, rate, bound }: BurnProps) {
  const t = useMessages(alertWords);
  const format = useFormat();
  const shown = (value: number) => `× ${format.number(Math.round(value * 10) / 10)}`;
  const whole = (bound ?? Math.max(rate, 1)) / BOUND_AT;
  return (
    <li className="grid grid-cols-[5.5rem_minmax(0,1fr)_3.5rem] items-center gap-x-3 text-xs">
      <span className="text-kumo-subtle">{t("burnOver", { window })}</span>
      <span>
        <Bar
          share={whole === 0 ? 0 : rate / whole}
          isBad={bound !== undefined && rate > bound}
          mark={bound === undefined ? undefined : BOUND_AT}
        />
      </span>
      <span className="text-end tabular-nums">{shown(rate)}</span>
      {bound !== undefined && (
        <span className="col-start-2 text-center whitespace-nowrap text-kumo-subtle">
          {t("burnBound", { bound: shown(bound) })}
        </span>
      )}
    </li>
  );
}
