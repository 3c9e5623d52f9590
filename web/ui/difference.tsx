import { useMessages } from "#web/app/language.ts";
import type { DiffLine } from "#web/ui/diff.ts";
import { ui } from "#web/ui/messages.ts";

const SIGNS = {
  same: { sign: " ", tone: "text-kumo-subtle" },
  added: { sign: "+", tone: "bg-(--soft) text-kumo-success" },
  removed: { sign: "−", tone: "bg-(--rose) text-kumo-danger" },
} as const;

/** What became of a text, line by line. */
export function Difference({ lines }: { lines: readonly DiffLine[] }) {
  const t = useMessages(ui);
  return (
    <div
      tabIndex={0}
      role="group"
      aria-label={t("changes")}
      className="overflow-x-auto rounded-lg border border-kumo-line bg-kumo-recessed py-2 font-mono text-xs leading-relaxed"
    >
      {lines.map(({ kind, text }, at) => (
        <div key={at} className={`px-3 whitespace-pre-wrap ${SIGNS[kind].tone}`} dir="auto">
          <span aria-hidden="true" className="me-2 inline-block w-3 select-none">
            {SIGNS[kind].sign}
          </span>
          {kind !== "same" && <span className="sr-only">{t(`line${kind}`)}: </span>}
          {text}
        </div>
      ))}
    </div>
  );
}
