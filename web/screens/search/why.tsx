import type { SearchHit } from "#sdk/client.ts";
import { useMessages } from "#web/app/language.ts";
import { search } from "#web/screens/search/messages.ts";
import { useFormat } from "#web/ui/format.ts";

type Part = { name: string; color: string; value: number; note: string };

/** The two parts of a score, drawn to scale: together they are the score. */
export function Why({ hit }: { hit: SearchHit }) {
  const t = useMessages(search);
  const format = useFormat();
  const { why } = hit;
  if (why === undefined) return null;
  const parts: Part[] = [];
  if (why.semantic !== null) {
    const { weight, normalised, cosine } = why.semantic;
    const values = { cosine: format.score(cosine), normalised: format.score(normalised), weight };
    const value = weight * normalised;
    const color = "bg-kumo-brand";
    parts.push({ name: t("meaning"), color, value, note: t("meaningNote", values) });
  }
  if (why.lexical !== null) {
    const { weight, normalised, bm25 } = why.lexical;
    const values = { bm25: format.score(bm25), normalised: format.score(normalised), weight };
    const value = weight * normalised;
    parts.push({ name: t("words"), color: "bg-(--second)", value, note: t("wordsNote", values) });
  }
  const found = why.lexical?.terms.filter(({ tf }) => tf > 0) ?? [];
  const listed = (some: typeof found) => some.map(({ term }) => term).join(" · ");
  const own = found.filter(({ gloss }) => gloss !== true);
  const translated = found.filter(({ gloss }) => gloss === true);
  return (
    <details className="mt-2">
      <summary className="w-fit py-0.5 text-kumo-subtle hover:text-kumo-link">{t("why")}</summary>
      {parts.map((part) => (
        <PartBar key={part.name} part={part} />
      ))}
      {own.length > 0 && (
        <p className="mt-2 text-kumo-subtle">{t("wordsFound", { terms: listed(own) })}</p>
      )}
      {translated.length > 0 && (
        <p className="mt-2 text-kumo-subtle">
          {t("wordsTranslated", { terms: listed(translated) })}
        </p>
      )}
      {why.lexical !== null && found.length === 0 && (
        <p className="mt-2 text-kumo-subtle">{t("wordsNone")}</p>
      )}
      <p className="mt-2 text-kumo-subtle tabular-nums">
        {format.score(hit.score)} = {parts.map(({ value }) => format.score(value)).join(" + ")}
      </p>
    </details>
  );
}

function PartBar({ part: { name, color, value, note } }: { part: Part }) {
  const format = useFormat();
  return (
    <div className="part mt-2 grid grid-cols-[5rem_minmax(0,1fr)_3.2rem] items-center gap-x-3">
      <span>{name}</span>
      <span aria-hidden="true" className="h-2 overflow-hidden rounded-full bg-kumo-fill">
        <span
          className={`block h-full rounded-full ${color}`}
          style={{ inlineSize: `${Math.min(100, Math.max(0, value * 100))}%` }}
        />
      </span>
      <span className="number text-end tabular-nums">{format.score(value)}</span>
      <span className="col-span-2 col-start-2 text-kumo-subtle">{note}</span>
    </div>
  );
}
