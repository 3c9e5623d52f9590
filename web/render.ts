import type { SearchHit, Unit } from "#sdk/client.ts";
import { h } from "./dom.ts";
import { levelText, statusText, t } from "./language.ts";
import { blocksOf, type Inline } from "./markdown.ts";

/** A unit's Markdown as elements, made node by node: the text never becomes HTML. */
export function markdown(text: string): HTMLElement {
  const root = h("div", { class: "prose" });
  for (const block of blocksOf(text)) {
    if (block.kind === "code") root.append(h("pre", { tabindex: "0" }, h("code", {}, block.text)));
    else if (block.kind === "list")
      root.append(
        h(
          block.ordered ? "ol" : "ul",
          {},
          ...block.items.map((item) => h("li", {}, ...inlines(item))),
        ),
      );
    else if (block.kind === "quote") root.append(h("blockquote", {}, ...inlines(block.inlines)));
    // The dialog's own title is the second level.
    else if (block.kind === "heading")
      root.append(h(block.level <= 2 ? "h3" : "h4", {}, ...inlines(block.inlines)));
    else root.append(h("p", {}, ...inlines(block.inlines)));
  }
  return root;
}

function inlines(found: Inline[]): (Node | string)[] {
  return found.map((inline) => {
    if (inline.kind === "text") return inline.text;
    if (inline.kind === "link")
      return h(
        "a",
        { href: inline.url, rel: "noopener noreferrer", target: "_blank" },
        inline.text,
      );
    return h(
      inline.kind === "code" ? "code" : inline.kind === "strong" ? "strong" : "em",
      {},
      inline.text,
    );
  });
}

export function levelBadge(level: Unit["level"]): HTMLElement {
  return h(
    "span",
    { class: "badge level", title: levelText(level) },
    level,
    h("span", { class: "unseen" }, ` ${levelText(level)}`),
  );
}

export const statusBadge = (status: Unit["status"]) =>
  h("span", { class: `badge status ${status}` }, statusText(status));

/** The two parts of a score, drawn to scale: together they are the score. */
export function whyOf(hit: SearchHit): HTMLElement | undefined {
  const { why } = hit;
  if (why === undefined) return undefined;
  const rows: HTMLElement[] = [];
  const parts: string[] = [];
  const add = (name: string, kind: string, weight: number, normalised: number, note: string) => {
    parts.push((weight * normalised).toFixed(3));
    const fill = h("span", { class: `fill ${kind}` });
    fill.style.inlineSize = `${Math.min(100, Math.max(0, weight * normalised * 100))}%`;
    rows.push(
      h(
        "div",
        { class: "part" },
        h("span", { class: "name" }, name),
        h("span", { class: "track", "aria-hidden": "true" }, fill),
        h("span", { class: "number" }, (weight * normalised).toFixed(3)),
        h("span", { class: "note" }, note),
      ),
    );
  };
  if (why.semantic !== null) {
    const { weight, normalised, cosine } = why.semantic;
    add(
      t("meaning"),
      "semantic",
      weight,
      normalised,
      t("meaningNote", { cosine: cosine.toFixed(3), normalised: normalised.toFixed(3), weight }),
    );
  }
  if (why.lexical !== null) {
    const { weight, normalised, bm25, terms } = why.lexical;
    add(
      t("words"),
      "lexical",
      weight,
      normalised,
      t("wordsNote", { bm25: bm25.toFixed(2), normalised: normalised.toFixed(3), weight }),
    );
    if (terms.length > 0)
      rows.push(
        h(
          "p",
          { class: "note" },
          t("wordsFound", { terms: terms.map(({ term }) => term).join(" · ") }),
        ),
      );
  }
  rows.push(
    h(
      "p",
      { class: "note sum" },
      t("scoreSum", { score: hit.score.toFixed(3), parts: parts.join(" + ") || "0" }),
    ),
  );
  return h("details", { class: "why" }, h("summary", {}, t("why")), ...rows);
}
