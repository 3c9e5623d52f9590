import { fill, h } from "./dom.ts";
import {
  codeField,
  emailField,
  factorOf,
  field,
  form,
  linkButton,
  passwordField,
  saidCard,
  showCard,
} from "./form.ts";
import { t } from "./language.ts";
import { canUsePasskeys, PasskeyCancelled, passkeyProof } from "./passkey.ts";
import { api, codeOf, explainPlainly, signIn } from "./session.ts";

/** Signing in, step by step in one place; `done` when a session is open. */
export function signInPlace(done: () => void, notice?: string): HTMLElement {
  const place = h("div", { class: "place" });
  let email = "";
  const steps: Steps = {
    begin: (isFirst = false, said) => {
      const card = passwordCard(steps, email, said);
      if (isFirst) fill(place, card);
      else showCard(place, card);
    },
    code: (password) => showCard(place, codeCard(steps, email, password)),
    mail: (purpose) => showCard(place, mailCard(steps, purpose, email)),
    said: (title, detail) =>
      showCard(
        place,
        saidCard(
          title,
          detail,
          linkButton(t("backToSignIn"), () => steps.begin()),
        ),
      ),
    remember: (address) => (email = address),
    done,
  };
  steps.begin(true, notice);
  return place;
}

type MailPurpose = "password-reset" | "new-device" | "sign-up";
type Steps = {
  begin(isFirst?: boolean, notice?: string): void;
  code(password: string): void;
  mail(purpose: MailPurpose): void;
  said(title: string, detail: string): void;
  remember(email: string): void;
  done(): void;
};

function passwordCard(steps: Steps, known: string, notice?: string): HTMLElement {
  const [email, password] = [emailField(known), passwordField()];
  const made = form({
    title: t("signIn"),
    fields: [email, password],
    button: t("signIn"),
    failure: (error) =>
      codeOf(error) === "unauthenticated" ? t("wrongPassword") : explainPlainly(error),
    submit: async () => {
      steps.remember(email.input.value);
      const given = { email: email.input.value, password: password.input.value };
      try {
        await signIn(given);
      } catch (error) {
        if (codeOf(error) !== "second-factor-required") throw error;
        steps.code(given.password);
        return;
      }
      steps.done();
    },
    more: [passkeyButton(steps), otherWays(steps, email.input), keyForm(steps)],
  });
  if (notice !== undefined)
    made.element.prepend(h("p", { role: "alert", class: "problem" }, notice));
  return made.element;
}

function passkeyButton(steps: Steps): HTMLElement {
  const problem = h("p", { role: "alert", class: "problem" });
  if (!canUsePasskeys()) return h("div", { hidden: true });
  const button = h(
    "button",
    { type: "button", class: "plain wide", onclick: () => void act() },
    t("passkeySignIn"),
  );
  const act = async () => {
    button.disabled = true;
    fill(problem);
    try {
      await signIn({ passkey: await passkeyProof() });
      steps.done();
    } catch (error) {
      fill(problem, passkeyFailure(error));
    }
    button.disabled = false;
  };
  return h("div", { class: "fields" }, button, problem);
}

export function passkeyFailure(error: unknown): string {
  if (error instanceof PasskeyCancelled) return t("passkeyCancelled");
  const code = codeOf(error);
  return code === "unauthenticated" || code === "second-factor-required"
    ? t("passkeyUnknown")
    : explainPlainly(error);
}

const otherWays = (steps: Steps, email: HTMLInputElement): HTMLElement => {
  const way = (label: string, purpose: MailPurpose) =>
    linkButton(label, () => {
      steps.remember(email.value);
      steps.mail(purpose);
    });
  return h(
    "div",
    { class: "ways" },
    way(t("forgot"), "password-reset"),
    way(t("heldUp"), "new-device"),
    way(t("signUp"), "sign-up"),
  );
};

/** Machines have keys; a person who holds one may use it here, too. */
function keyForm(steps: Steps): HTMLElement {
  const key = field({
    id: "api-key",
    label: t("apiKey"),
    type: "password",
    autocomplete: "off",
    charsMax: 200,
    hint: t("signInHint").replaceAll("`", ""),
  });
  const problem = h("p", { role: "alert", class: "problem" });
  const button = h("button", { class: "plain" }, t("signIn"));
  const send = async () => {
    button.disabled = true;
    try {
      await signIn({ apiKey: key.input.value.trim() });
      steps.done();
    } catch (error) {
      const isRefused = ["unauthenticated", "invalid-request"].includes(codeOf(error) ?? "");
      fill(problem, isRefused ? t("wrongKey") : explainPlainly(error));
    }
    button.disabled = false;
  };
  return h(
    "details",
    { class: "why" },
    h("summary", {}, t("keySignIn")),
    h(
      "form",
      {
        class: "fields",
        onsubmit: (event) => {
          event.preventDefault();
          void send();
        },
      },
      ...key.nodes,
      problem,
      button,
    ),
  );
}

function codeCard(steps: Steps, email: string, password: string): HTMLElement {
  const code = codeField();
  return form({
    title: t("factorTitle"),
    fields: [code],
    button: t("goOn"),
    failure: (error) => {
      const refused = codeOf(error);
      if (refused === "second-factor-required") return t("wrongCode");
      return refused === "unauthenticated" ? t("wrongPassword") : explainPlainly(error);
    },
    submit: async () => {
      await signIn({ email, password, ...factorOf(code.input.value) });
      steps.done();
    },
    more: [passkeyButton(steps), linkButton(t("backToSignIn"), () => steps.begin())],
  }).element;
}

const MAILS = {
  "password-reset": {
    title: "forgotTitle",
    lead: "forgotLead",
    operation: "POST /v1/password-resets",
  },
  "new-device": {
    title: "heldUpTitle",
    lead: "heldUpLead",
    operation: "POST /v1/known-devices",
  },
  "sign-up": { title: "signUp", lead: "signUpLead", operation: "POST /v1/sign-up" },
} as const;

function mailCard(steps: Steps, purpose: MailPurpose, known: string): HTMLElement {
  const { title, lead, operation } = MAILS[purpose];
  const email = emailField(known);
  return form({
    title: t(title),
    lead: t(lead),
    fields: [email],
    button: t("sendLink"),
    failure: (error) => (codeOf(error) === "forbidden" ? t("signUpClosed") : explainPlainly(error)),
    submit: async () => {
      steps.remember(email.input.value);
      await api.operation(operation, { body: { email: email.input.value } });
      steps.said(t("mailOnItsWay"), t("mailOnItsWayDetail"));
    },
    more: [linkButton(t("backToSignIn"), () => steps.begin())],
  }).element;
}
