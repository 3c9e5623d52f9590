import type { Operations } from "#sdk/types.ts";
import { SIGNALS } from "#domain/alerts/signals.ts";
import { useFormat } from "#web/ui/format.ts";

export type Alert = Operations["GET /v1/alerts"]["answer"]["items"][number];
export type Rule = Operations["GET /v1/alerts/rules"]["answer"]["items"][number];

/** Alerts have no events of their own: they are read again so often. */
export const AGAIN_MS = 10_000;
export const ALERT = new Set(["alert"]);
export const TONE = { info: "plain", warning: "busy", critical: "bad" } as const;

/** What a person types for a value of a signal: shares as per cent. */
export const scaleOf = (signal: Rule["signal"]): number =>
  SIGNALS[signal].unit === "share" ? 100 : 1;

/** A value of a signal as the viewer writes it. */
export function useValue(): (signal: Rule["signal"], value: number) => string {
  const format = useFormat();
  return (signal, value) => {
    const { unit } = SIGNALS[signal];
    const shown = format.number(Math.round(value * scaleOf(signal) * 10) / 10);
    if (unit === "share") return `${shown} %`;
    if (unit === "burn") return `× ${shown}`;
    return unit === "ms" ? `${shown} ms` : shown;
  };
}
