import type { Unit } from "#sdk/client.ts";
import { en, zh, type MessageKey } from "./messages.ts";

const LANGUAGES = { en, zh };
export type Language = keyof typeof LANGUAGES;

let current: Language = initial();

function initial(): Language {
  const stored = localStorage.getItem("wishub-language");
  if (stored === "en" || stored === "zh") return stored;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export const language = () => current;

export function speak(next: Language): void {
  current = next;
  localStorage.setItem("wishub-language", next);
}

/** A message in the chosen language, with its `{values}` filled in. */
export function t(key: MessageKey, values: Record<string, string | number> = {}): string {
  return LANGUAGES[current][key].replace(/\{(\w+)\}/g, (whole, name: string) =>
    String(values[name] ?? whole),
  );
}

const STATUS: Record<Unit["status"], MessageKey> = {
  pending: "statusPending",
  verifying: "statusVerifying",
  searchable: "statusSearchable",
  rejected: "statusRejected",
  superseded: "statusSuperseded",
  retracted: "statusRetracted",
};
export const statusText = (status: Unit["status"]) => t(STATUS[status]);
export const levelText = (level: Unit["level"]) => t(`level${level}`);
