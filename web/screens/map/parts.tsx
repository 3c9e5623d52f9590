import type { ReactNode } from "react";
import { useMessages } from "#web/app/language.ts";
import type { Flow } from "#web/screens/map/figures.ts";
import { mapWords } from "#web/screens/map/messages.ts";
import { useFormat } from "#web/ui/format.ts";

type LayerProps = { title: string; children: ReactNode };

/** Parts of one kind. */
export function Layer({ title, children }: LayerProps) {
  return (
    <section className="rounded-xl border border-kumo-line bg-kumo-recessed p-3">
      <h2 className="mb-2 px-1 font-semibold">{title}</h2>
      {children}
    </section>
  );
}

/** What stands for one part: its name, what goes through it, and how that goes. */
export function Box({ name, children }: { name: string; children: ReactNode }) {
  return (
    <li className="part rounded-lg border border-kumo-line bg-kumo-base px-3 py-2">
      <p className="font-mono text-xs">{name}</p>
      {children}
    </li>
  );
}

const tenths = (value: number): number => Math.round(value * 10) / 10;

/** The parts that something flows through; bars are drawn to the busiest. */
export function Flows({ flows }: { flows: Flow[] }) {
  const t = useMessages(mapWords);
  const format = useFormat();
  if (flows.length === 0) return <p className="px-1 text-kumo-subtle">{t("nothing")}</p>;
  const most = Math.max(...flows.map(({ perSecond }) => perSecond));
  return (
    <ul className="grid gap-2">
      {flows.map(({ name, perSecond, p95Seconds, failedShare }) => (
        <Box key={name} name={name}>
          <p className="flex flex-wrap items-baseline gap-x-3 text-kumo-subtle tabular-nums">
            <strong className="font-semibold text-kumo-default">
              {t("perSecond", {
                rate: perSecond < 0.05 ? "< 0.1" : format.number(tenths(perSecond)),
              })}
            </strong>
            {p95Seconds !== null && (
              <span className="text-xs">
                {t("p95", { ms: format.number(tenths(p95Seconds * 1_000)) })}
              </span>
            )}
            {failedShare > 0 && (
              <span className="text-xs text-kumo-danger">
                {t("failing", { share: format.percent(failedShare) })}
              </span>
            )}
          </p>
          <Bar share={perSecond / most} />
        </Box>
      ))}
    </ul>
  );
}

/** How much of something: the number beside it says the same. */
export function Bar({ share }: { share: number }) {
  return (
    <span aria-hidden="true" className="mt-1.5 block h-1 overflow-hidden rounded-full bg-kumo-fill">
      <span
        className={`block h-full rounded-full ${share > 0.9 ? "bg-kumo-brand" : "bg-kumo-brand/70"}`}
        style={{ inlineSize: `${Math.min(100, Math.max(1, share * 100))}%` }}
      />
    </span>
  );
}
