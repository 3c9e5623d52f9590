import type { SearchAnswer, SearchHit } from "#sdk/client.ts";
import { fill, h } from "./dom.ts";
import { t } from "./language.ts";
import { levelBadge, whyOf } from "./render.ts";
import { api, explain } from "./session.ts";
import { unitHref } from "./unit.ts";

const TYPING_MS = 220;
const QUERY_CHARS_MAX = 2_000;

/** What was asked last, so that a change of language keeps it. */
let asked = "";

/** The search box with its hits; `whenEmpty` is shown while nothing is asked. */
export function searchSection(whenEmpty: HTMLElement): HTMLElement {
  const input = h("input", {
    type: "search",
    id: "question",
    maxlength: String(QUERY_CHARS_MAX),
    autocomplete: "off",
    spellcheck: "false",
    placeholder: t("searchPlaceholder"),
    "aria-describedby": "search-key",
  });
  const state = h("p", { class: "state", role: "status", "aria-live": "polite" });
  const results = h("ol", { class: "hits" });
  const searcher = new Searcher(state, results, whenEmpty);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ask = (waitMs: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => void searcher.ask(input.value), waitMs);
  };
  input.addEventListener("input", () => ask(TYPING_MS));
  const form = h(
    "form",
    {
      role: "search",
      class: "search",
      onsubmit: (event) => {
        event.preventDefault();
        ask(0);
      },
    },
    h("h1", {}, h("label", { for: "question" }, t("searchLabel"))),
    h("div", { class: "box" }, input, h("kbd", { "aria-hidden": "true" }, "/")),
    h("p", { class: "unseen", id: "search-key" }, t("searchKey")),
    examples((question) => {
      input.value = question;
      input.focus();
      ask(0);
    }),
  );
  input.value = asked;
  if (asked !== "") ask(0);
  return h("section", { class: "finder" }, form, state, results, whenEmpty);
}

function examples(choose: (question: string) => void): HTMLElement {
  const chip = (question: string) =>
    h("button", { type: "button", class: "chip", onclick: () => choose(question) }, question);
  return h(
    "p",
    { class: "examples" },
    `${t("tryOne")} `,
    chip(t("exampleOne")),
    chip(t("exampleTwo")),
  );
}

class Searcher {
  #state: HTMLElement;
  #results: HTMLElement;
  #whenEmpty: HTMLElement;
  #running: AbortController | undefined;

  constructor(state: HTMLElement, results: HTMLElement, whenEmpty: HTMLElement) {
    this.#state = state;
    this.#results = results;
    this.#whenEmpty = whenEmpty;
  }

  /** Only the newest question may answer. */
  async ask(question: string): Promise<void> {
    asked = question.trim();
    this.#running?.abort();
    this.#whenEmpty.hidden = asked !== "";
    if (asked === "") {
      fill(this.#results);
      fill(this.#state);
      return;
    }
    const running = new AbortController();
    this.#running = running;
    fill(this.#state, t("searching"));
    try {
      const answer = await api.search({ query: asked, explain: true }, running.signal);
      if (!running.signal.aborted) this.#show(answer);
    } catch (error) {
      if (!running.signal.aborted) fill(this.#state, explain(error));
    }
  }

  #show(answer: SearchAnswer): void {
    const ms = Math.round(answer.tookMs);
    const count = answer.hits.length;
    const found =
      count === 0
        ? t("noHits")
        : count === 1
          ? t("hitCount", { ms })
          : t("hitsCount", { count, ms });
    fill(this.#state, found, answer.partial && ` ${t("partial")}`);
    fill(this.#results, ...answer.hits.map(hitItem));
  }
}

function hitItem(hit: SearchHit): HTMLElement {
  return h(
    "li",
    { class: "hit" },
    h(
      "div",
      { class: "head" },
      h("h2", {}, h("a", { href: unitHref(hit.unitId) }, hit.title)),
      h(
        "span",
        { class: "facts" },
        levelBadge(hit.level),
        h("span", { class: "score" }, hit.score.toFixed(3)),
      ),
    ),
    h("p", { class: "snippet" }, hit.snippet),
    whyOf(hit),
  );
}

/** `/` goes to the search box; the arrows walk through the hits. */
export function searchKeys(event: KeyboardEvent): void {
  const target = event.target instanceof HTMLElement ? event.target : undefined;
  const input = document.getElementById("question");
  if (input === null || document.querySelector("dialog[open]") !== null) return;
  if (event.key === "/" && !target?.matches("input, textarea, select")) {
    event.preventDefault();
    input.focus();
    return;
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const stops = [input, ...document.querySelectorAll<HTMLElement>(".hit h2 a")];
  const at = target === undefined ? -1 : stops.indexOf(target);
  const next = stops[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (at < 0 || next === undefined) return;
  event.preventDefault();
  next.focus();
}
