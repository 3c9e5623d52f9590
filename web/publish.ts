import type { Unit, UnitInput } from "#sdk/client.ts";
import { fill, h } from "./dom.ts";
import { t } from "./language.ts";
import { api, explain } from "./session.ts";
import { checks, head, unitHref } from "./unit.ts";

const POLL_MS = 300;
const POLLS_MAX = 200;

/** The form for a new unit, which then shows the way of that unit until it is searchable. */
export function publishDialog(published: () => void): HTMLDialogElement {
  const content = h("div", { class: "content" });
  const dialog = h(
    "dialog",
    { class: "sheet", id: "publish-dialog", "aria-labelledby": "publish-title" },
    content,
  );
  const start = () => fill(content, head(t("publishTitle"), dialog, "publish-title"), form(send));
  const send = async (input: UnitInput, problem: HTMLElement) => {
    try {
      const unit = await api.publish(input);
      await follow(unit, dialog, content, start);
      published();
    } catch (error) {
      fill(problem, explain(error));
    }
  };
  dialog.addEventListener("close", start);
  start();
  return dialog;
}

function form(send: (input: UnitInput, problem: HTMLElement) => Promise<void>): HTMLFormElement {
  const title = h("input", {
    id: "new-title",
    required: true,
    maxlength: "200",
    autocomplete: "off",
  });
  const body = h("textarea", {
    id: "new-body",
    required: true,
    maxlength: "65536",
    rows: "9",
    "aria-describedby": "new-body-hint",
  });
  const tags = h("input", { id: "new-tags", autocomplete: "off" });
  const source = h("input", {
    id: "new-source",
    type: "url",
    autocomplete: "off",
    placeholder: "https://",
  });
  const open = h("input", { id: "new-public", type: "checkbox" });
  const problem = h("p", { role: "alert", class: "problem" });
  const button = h("button", { class: "primary" }, t("send"));
  const element = h(
    "form",
    { class: "fields" },
    h("label", { for: "new-title" }, t("title")),
    title,
    h("label", { for: "new-body" }, t("body")),
    body,
    h("p", { class: "hint", id: "new-body-hint" }, t("bodyHint")),
    h("label", { for: "new-tags" }, t("tags")),
    tags,
    h("label", { for: "new-source" }, t("source")),
    source,
    h("div", { class: "row" }, h("label", { class: "check" }, open, t("publicUnit")), button),
    problem,
  );
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    const list = tags.value
      .split(/[,，]/)
      .map((tag) => tag.trim())
      .filter((tag) => tag !== "");
    const input: UnitInput = {
      title: title.value.trim(),
      body: body.value,
      visibility: open.checked ? "public" : "private",
    };
    if (list.length > 0) input.tags = list;
    if (source.value.trim() !== "") input.sources = [{ url: source.value.trim() }];
    button.disabled = true;
    fill(button, t("sending"));
    fill(problem);
    void send(input, problem).finally(() => {
      button.disabled = false;
      fill(button, t("send"));
    });
  });
  return element;
}

const STEPS = [
  ["pending", "stepPending"],
  ["verifying", "stepVerifying"],
  ["searchable", "stepSearchable"],
] as const;

async function follow(
  first: Unit,
  dialog: HTMLDialogElement,
  content: HTMLElement,
  again: () => void,
): Promise<void> {
  const steps = h("ol", { class: "steps" });
  const outcome = h("div", { role: "status", "aria-live": "polite" });
  fill(content, head(first.title, dialog, "publish-title"), steps, outcome);
  let unit = first;
  for (let poll = 0; ; poll += 1) {
    drawSteps(steps, unit.status);
    if (
      (unit.status !== "pending" && unit.status !== "verifying") ||
      poll >= POLLS_MAX ||
      !dialog.open
    )
      break;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    unit = await api.getUnit(unit.id);
  }
  const another = h("button", { type: "button", class: "plain", onclick: again }, t("another"));
  const open = h(
    "a",
    { class: "button primary", href: unitHref(unit.id), onclick: () => dialog.close() },
    t("openUnit"),
  );
  const why =
    unit.status === "rejected"
      ? [h("p", {}, t("nowRejected")), checks(await api.evidence(unit.id))]
      : [];
  fill(
    outcome,
    ...(unit.status === "searchable" ? [h("p", {}, t("nowSearchable"))] : why),
    h("div", { class: "row" }, another, open),
  );
}

function drawSteps(steps: HTMLElement, status: Unit["status"]): void {
  const reached = STEPS.findIndex(([name]) => name === status);
  fill(
    steps,
    ...STEPS.map(([, key], index) => {
      const state =
        status === "rejected"
          ? index === 2
            ? "failed"
            : "done"
          : index < reached || status === "searchable"
            ? "done"
            : index === reached
              ? "now"
              : "ahead";
      return h(
        "li",
        { class: state, "aria-current": state === "now" ? "step" : undefined },
        status === "rejected" && index === 2 ? t("statusRejected") : t(key),
      );
    }),
  );
}
