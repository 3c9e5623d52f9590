import { MagnifyingGlassIcon } from "@phosphor-icons/react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { SearchAnswer, SearchRequest } from "#sdk/client.ts";
import { api } from "#web/app/client.ts";
import { LANGUAGE_NAMES, LANGUAGES, useMessages } from "#web/app/language.ts";
import type { SearchQuestion } from "#web/app/questions.ts";
import { Hit } from "#web/screens/search/hit.tsx";
import { search } from "#web/screens/search/messages.ts";
import { ChoiceFilter } from "#web/ui/filter.tsx";
import { ui } from "#web/ui/messages.ts";
import { Page } from "#web/ui/page.tsx";
import { SearchBox } from "#web/ui/search-box.tsx";
import { Allowed, Empty, Failure } from "#web/ui/states.tsx";

/** A pause in typing; what is asked before it would be thrown away. */
const TYPING_MS = 90;
const LIMIT = 20;
const LEVELS = ["L2", "L3", "L4", "L4.5", "L5"] as const;
const VISIBILITIES = ["public", "private"] as const;

/** Search while typing. What is asked stands in the address, so that it can be sent to somebody and gone back to. */
export function Search() {
  const t = useMessages(search);
  const asked = useSearch({ from: "/search" });
  const navigate = useNavigate();
  const [typed, setTyped] = useState(asked.q ?? "");
  const put = (changed: SearchQuestion) =>
    void navigate({ to: "/search", search: { ...asked, ...changed }, replace: true });
  const q = typed.trim();
  useEffect(() => {
    if (q === (asked.q ?? "")) return;
    const timer = setTimeout(() => put({ q: q === "" ? undefined : q }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [q]);
  // Another question came by the palette or the address.
  useEffect(() => {
    if (asked.q !== undefined && asked.q !== q) setTyped(asked.q);
  }, [asked.q]);
  return (
    <Allowed action="unit.search">
      <Page title={t("title")}>
        <SearchBox
          label={t("label")}
          placeholder={t("placeholder")}
          button={t("title")}
          value={typed}
          onType={setTyped}
          ask={(question) => put({ q: question })}
        />
        <Facets asked={asked} put={put} />
        {asked.q === undefined ? (
          <Empty icon={<MagnifyingGlassIcon size={32} />} title={t("label")}>
            {t("begin")}
          </Empty>
        ) : (
          <Answer asked={{ ...asked, q: asked.q }} />
        )}
      </Page>
    </Allowed>
  );
}

function Answer({ asked }: { asked: SearchQuestion & { q: string } }) {
  const t = useMessages(search);
  const request = requestOf(asked);
  const { data, error, isPlaceholderData, refetch } = useQuery({
    queryKey: ["unit", "search", request],
    queryFn: ({ signal }) => api.search(request, signal),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <p role="status" aria-live="polite" className="my-4 min-h-[1lh] text-kumo-subtle">
        {data !== undefined && summary(t, data)}
      </p>
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {data?.hits.length === 0 && !isPlaceholderData && (
        <Empty icon={<MagnifyingGlassIcon size={32} />} title={t("none")}>
          {t("noneDetail")}
        </Empty>
      )}
      <ol className={`hits grid gap-3 ${isPlaceholderData ? "opacity-60" : ""}`} onKeyDown={walk}>
        {data?.hits.map((hit) => (
          <Hit key={hit.unitId} hit={hit} />
        ))}
      </ol>
    </>
  );
}

function summary(
  t: ReturnType<typeof useMessages<typeof search>>,
  { hits, tookMs, partial }: SearchAnswer,
): string {
  const found = t("found", { count: hits.length, ms: Math.round(tookMs) });
  return partial ? `${found} ${t("partial")}` : found;
}

function requestOf({ q, level, visibility, language }: SearchQuestion & { q: string }) {
  const minLevel = LEVELS.find((each) => each === level);
  const seen = VISIBILITIES.find((each) => each === visibility);
  const filter: SearchRequest["filter"] = {
    ...(minLevel !== undefined && { minLevel }),
    ...(seen !== undefined && { visibility: seen }),
    ...(language !== undefined && { language }),
  };
  const request: SearchRequest = { query: q, limit: LIMIT, explain: true };
  return Object.keys(filter).length === 0 ? request : { ...request, filter };
}

/** The arrows walk through the hits. */
function walk(event: React.KeyboardEvent): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const stops = [...document.querySelectorAll<HTMLElement>("#question, .hit h2 a")];
  const at = stops.findIndex((each) => each === event.target);
  const next = stops[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (at < 0 || next === undefined) return;
  event.preventDefault();
  next.focus();
}

type FacetsProps = { asked: SearchQuestion; put(changed: SearchQuestion): void };

function Facets({ asked, put }: FacetsProps) {
  const t = useMessages(search);
  const say = useMessages(ui);
  const any = t("any");
  return (
    <div className="my-3 flex flex-wrap gap-2">
      <ChoiceFilter
        id="facet-level"
        any={any}
        label={t("minLevel")}
        value={asked.level}
        options={LEVELS.map((level) => [level, `${level} · ${say(`level${level}`)}`])}
        onChoose={(level) => put({ level })}
      />
      <ChoiceFilter
        id="facet-visibility"
        any={any}
        label={t("visibility")}
        value={asked.visibility}
        options={VISIBILITIES.map((each) => [each, say(each)])}
        onChoose={(visibility) => put({ visibility })}
      />
      <ChoiceFilter
        id="facet-language"
        any={any}
        label={t("unitLanguage")}
        value={asked.language}
        options={LANGUAGES.map((each) => [each, LANGUAGE_NAMES[each]])}
        onChoose={(language) => put({ language })}
      />
    </div>
  );
}
