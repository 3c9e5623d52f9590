import { IntlMessageFormat } from "intl-messageformat";
import { useMemo } from "react";
import { store } from "#web/app/store.ts";

export const LANGUAGES = ["en", "zh", "ja", "es"] as const;
export type Language = (typeof LANGUAGES)[number];
/** What each language calls itself. */
export const LANGUAGE_NAMES: Record<Language, string> = {
  en: "English",
  zh: "中文",
  ja: "日本語",
  es: "Español",
};

/** A message in each language; ICU MessageFormat where it has values. */
export type Message = readonly [en: string, zh: string, ja: string, es: string];
export type Messages = Readonly<Record<string, Message>>;
export type Values = Record<string, string | number>;
export type Say<M extends Messages> = (key: keyof M & string, values?: Values) => string;

const STORED = "wishub-language";
const current = store<Language>(initial());

function initial(): Language {
  const wanted = [localStorage.getItem(STORED) ?? "", ...navigator.languages];
  for (const each of wanted) {
    const known = LANGUAGES.find((one) => each.toLowerCase().split("-")[0] === one);
    if (known !== undefined) return known;
  }
  return "en";
}

export const language = current.get;
export const useLanguage = current.use;

export function speak(next: Language): void {
  localStorage.setItem(STORED, next);
  document.documentElement.lang = next;
  current.set(next);
}

const parsed = new Map<string, IntlMessageFormat>();

function format([...said]: Message, inLanguage: Language, values: Values | undefined): string {
  const text = said[LANGUAGES.indexOf(inLanguage)] ?? said[0] ?? "";
  if (values === undefined) return text;
  const key = `${inLanguage} ${text}`;
  const known = parsed.get(key) ?? new IntlMessageFormat(text, inLanguage);
  parsed.set(key, known);
  return String(known.format(values));
}

/** Says the messages of a screen; a component that uses it is drawn again when the language changes. */
export function useMessages<M extends Messages>(messages: M): Say<M> {
  const spoken = useLanguage();
  return useMemo(() => {
    const say: Say<M> = (key, values) => {
      const message = messages[key];
      return message === undefined ? key : format(message, spoken, values);
    };
    return say;
  }, [messages, spoken]);
}
