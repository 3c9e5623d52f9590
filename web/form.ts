import { fill, h } from "./dom.ts";
import { t } from "./language.ts";

type FieldOptions = {
  id: string;
  label: string;
  type?: "text" | "email" | "password";
  /** What a password manager is told (HTML, autofill field names). */
  autocomplete: string;
  charsMax: number;
  hint?: string;
  isOptional?: boolean;
};
export type Field = { input: HTMLInputElement; nodes: HTMLElement[] };

/** A labelled input; its hint is read out with it. */
export function field(options: FieldOptions): Field {
  const { id, type = "text", hint } = options;
  const input = h("input", {
    id,
    type,
    name: id,
    required: options.isOptional !== true,
    maxlength: String(options.charsMax),
    autocomplete: options.autocomplete,
    autocapitalize: "none",
    spellcheck: "false",
    "aria-describedby": hint === undefined ? undefined : `${id}-hint`,
  });
  const nodes: HTMLElement[] = [h("label", { for: id }, options.label), input];
  if (hint !== undefined) nodes.push(h("p", { class: "hint", id: `${id}-hint` }, hint));
  return { input, nodes };
}

export const emailField = (value = ""): Field => {
  const made = field({
    id: "email",
    label: t("email"),
    type: "email",
    autocomplete: "username",
    charsMax: 254,
  });
  made.input.value = value;
  return made;
};
export const passwordField = (): Field =>
  field({
    id: "password",
    label: t("password"),
    type: "password",
    autocomplete: "current-password",
    charsMax: 256,
  });
export const newPasswordField = (): Field =>
  field({
    id: "new-password",
    label: t("newPassword"),
    type: "password",
    autocomplete: "new-password",
    charsMax: 256,
    hint: t("newPasswordHint"),
  });
export const codeField = (): Field =>
  field({
    id: "factor-code",
    label: t("factorCode"),
    autocomplete: "one-time-code",
    charsMax: 40,
    hint: t("factorCodeHint"),
  });

/** What a typed code proves: six digits come from an authenticator, anything else is a recovery code. */
export function factorOf(typed: string): { otp: string } | { recoveryCode: string } {
  const digits = typed.replaceAll(/\s/g, "");
  return /^\d{6}$/.test(digits) ? { otp: digits } : { recoveryCode: typed.trim() };
}

type FormOptions = {
  title: string;
  lead?: string;
  fields: Field[];
  button: string;
  submit(): Promise<void>;
  /** A sentence for a failure. */
  failure(error: unknown): string;
  /** What else stands below. */
  more?: HTMLElement[];
};

/** A card that is busy while it is sent, and says beside its fields what went wrong. */
export function form(options: FormOptions): { element: HTMLElement; run: Run } {
  const problem = h("p", { role: "alert", class: "problem" });
  const button = h("button", { class: "primary wide" }, options.button);
  const run: Run = async (act) => {
    button.disabled = true;
    fill(button, t("working"));
    fill(problem);
    try {
      await act();
    } catch (error) {
      fill(problem, options.failure(error));
      options.fields.at(-1)?.input.focus();
    }
    button.disabled = false;
    fill(button, options.button);
  };
  const element = h(
    "form",
    {
      class: "fields",
      onsubmit: (event) => {
        event.preventDefault();
        if (!button.disabled) void run(() => options.submit());
      },
    },
    h("h2", { tabindex: "-1" }, options.title),
    options.lead !== undefined && h("p", { class: "hint" }, options.lead),
    ...options.fields.flatMap(({ nodes }) => nodes),
    problem,
    button,
  );
  return { element: h("div", { class: "card" }, element, ...(options.more ?? [])), run };
}
type Run = (act: () => Promise<void>) => Promise<void>;

export const linkButton = (label: string, onclick: () => void): HTMLButtonElement =>
  h("button", { type: "button", class: "quiet", onclick }, label);

/** Puts a card in the place of what is shown, and the keyboard into its first field or on its heading. */
export function showCard(place: HTMLElement, card: HTMLElement): void {
  fill(place, card);
  (card.querySelector<HTMLElement>("input") ?? card.querySelector<HTMLElement>("h2"))?.focus();
}

/** A card that says how something ended, with a way on. */
export const saidCard = (title: string, detail: string, onward: HTMLElement): HTMLElement =>
  h(
    "div",
    { class: "card fields", role: "status" },
    h("h2", { tabindex: "-1" }, title),
    h("p", {}, detail),
    onward,
  );
