import type { Evidence, Unit } from "#sdk/client.ts";
import { fill, h } from "./dom.ts";
import { language, t } from "./language.ts";
import { levelBadge, markdown, statusBadge } from "./render.ts";
import { api, explain } from "./session.ts";

const ADDRESS = /^#\/unit\/([A-Za-z0-9_-]{1,64})$/;
export const unitHref = (id: string) => `#/unit/${id}`;

/** The dialog that follows the address: going back closes it. */
export function unitDialog(): HTMLDialogElement {
  const content = h("div", { class: "content" });
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": "unit-title" }, content);
  dialog.addEventListener("close", () => {
    if (ADDRESS.test(location.hash))
      history.replaceState(null, "", location.pathname + location.search);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}

/** Opens or closes the unit that the address names. */
export async function followAddress(dialog: HTMLDialogElement): Promise<void> {
  const id = ADDRESS.exec(location.hash)?.[1];
  if (id === undefined) {
    dialog.close();
    return;
  }
  const content = dialog.firstElementChild;
  if (content === null) return;
  fill(content, head(t("loading"), dialog));
  if (!dialog.open) dialog.showModal();
  try {
    const [unit, evidence] = await Promise.all([api.getUnit(id), api.evidence(id)]);
    fill(content, ...unitParts(unit, evidence, dialog));
  } catch (error) {
    fill(content, head("WisHub", dialog), h("p", { role: "alert" }, explain(error)));
  }
}

export function head(title: string, dialog: HTMLDialogElement, id = "unit-title"): HTMLElement {
  const close = h(
    "button",
    { type: "button", class: "quiet", "aria-label": t("close"), onclick: () => dialog.close() },
    "✕",
  );
  return h("header", { class: "sheet-head" }, h("h2", { id }, title), close);
}

function unitParts(unit: Unit, evidence: Evidence, dialog: HTMLDialogElement): HTMLElement[] {
  const facts = h(
    "p",
    { class: "facts" },
    levelBadge(unit.level),
    statusBadge(unit.status),
    h("span", {}, t(unit.visibility)),
    h("span", {}, unit.language),
    h("span", {}, unit.kind),
    h("span", {}, t("version", { version: unit.version })),
  );
  const tags =
    unit.tags.length === 0
      ? []
      : [h("p", { class: "tags" }, ...unit.tags.map((tag) => h("span", { class: "tag" }, tag)))];
  const body = markdown(unit.body);
  body.lang = unit.language;
  return [
    head(unit.title, dialog),
    facts,
    ...tags,
    body,
    ...sources(unit),
    h("h3", {}, t("evidence")),
    checks(evidence),
    h("p", { class: "cid" }, unit.cid),
  ];
}

function sources(unit: Unit): HTMLElement[] {
  if (unit.sources.length === 0) return [];
  const items = unit.sources.map((source) => {
    const url =
      source.url ?? (source.doi === undefined ? undefined : `https://doi.org/${source.doi}`);
    const name = source.title ?? url ?? "";
    const safe = url !== undefined && /^https?:\/\//.test(url);
    return h(
      "li",
      {},
      safe ? h("a", { href: url, rel: "noopener noreferrer", target: "_blank" }, name) : name,
      source.quote !== undefined && h("blockquote", {}, source.quote),
    );
  });
  return [h("h3", {}, t("sources")), h("ul", { class: "sources" }, ...items)];
}

const VERDICTS = { pass: "verdictPass", fail: "verdictFail", note: "verdictNote" } as const;

export function checks(evidence: Evidence): HTMLElement {
  if (evidence.checks.length === 0) return h("p", { class: "state" }, t("noEvidence"));
  const time = new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "medium" });
  const items = evidence.checks.map((check) =>
    h(
      "li",
      { class: check.verdict },
      h("span", { class: "verdict" }, t(VERDICTS[check.verdict])),
      h("span", { class: "method" }, `${check.method} ${check.version}`),
      h("span", { class: "level" }, check.level),
      h("time", { datetime: check.at }, time.format(new Date(check.at))),
      ...check.reasons.map((reason) => h("p", {}, reason.detail)),
    ),
  );
  return h("ul", { class: "checks" }, ...items);
}
