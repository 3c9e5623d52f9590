import { useMemo } from "react";
import { useLanguage } from "#web/app/language.ts";

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** Numbers and times as the viewer writes them, in the viewer's time zone. */
export function useFormat() {
  const language = useLanguage();
  return useMemo(() => {
    const number = new Intl.NumberFormat(language);
    const compact = new Intl.NumberFormat(language, { notation: "compact" });
    const score = new Intl.NumberFormat(language, {
      minimumFractionDigits: 3,
      maximumFractionDigits: 3,
    });
    const bytes = new Intl.NumberFormat(language, {
      style: "unit",
      unit: "kilobyte",
      maximumFractionDigits: 1,
    });
    const percent = new Intl.NumberFormat(language, { style: "percent" });
    const time = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
    const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
    return {
      number: (value: number) => number.format(value),
      compact: (value: number) => compact.format(value),
      /** Three digits, so that parts can be added up by eye. */
      score: (value: number) => score.format(value),
      bytes: (value: number) => bytes.format(value / 1_000),
      /** Of a share of 1. */
      percent: (value: number) => percent.format(value),
      time: (at: string) => time.format(new Date(at)),
      ago: (at: string, nowMs: number) => {
        const sinceMs = nowMs - Date.parse(at);
        const [unit, ms] = UNITS.find(([, each]) => sinceMs >= each) ?? ["second", 1_000];
        return relative.format(-Math.round(sinceMs / ms), unit);
      },
    };
  }, [language]);
}
