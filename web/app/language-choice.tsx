import { TranslateIcon } from "@phosphor-icons/react";
import { LANGUAGE_NAMES, LANGUAGES, speak, useLanguage, useMessages } from "#web/app/language.ts";
import { shell } from "#web/app/messages.ts";

export function LanguageChoice() {
  const t = useMessages(shell);
  const language = useLanguage();
  return (
    <label className="flex items-center gap-2.5 rounded-md px-2 py-1 text-kumo-strong hover:bg-kumo-tint">
      <TranslateIcon size={17} aria-hidden="true" />
      <span className="sr-only">{t("language")}</span>
      <select
        id="language"
        className="grow rounded bg-transparent py-0.5 text-kumo-strong"
        value={language}
        onChange={({ target }) => {
          const next = LANGUAGES.find((each) => each === target.value);
          if (next !== undefined) speak(next);
        }}
      >
        {LANGUAGES.map((each) => (
          <option key={each} value={each} lang={each} className="bg-kumo-base text-kumo-default">
            {LANGUAGE_NAMES[each]}
          </option>
        ))}
      </select>
    </label>
  );
}
