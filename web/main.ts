import { WisHubError } from "#sdk/error.ts";
import { fill, h, mark } from "./dom.ts";
import { language, speak, t } from "./language.ts";
import { overview } from "./overview.ts";
import { publishDialog } from "./publish.ts";
import { searchKeys, searchSection } from "./search.ts";
import { explain, isSignedIn, onSessionEnd, signIn, signOut, takeCode } from "./session.ts";
import { followAddress, unitDialog } from "./unit.ts";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const root = document.getElementById("app") ?? document.body;

/** Draws the whole page; small enough to draw again when the language or the session changes. */
function draw(notice?: string): void {
  document.documentElement.lang = language();
  document.title = isSignedIn() ? `WisHub · ${t("known")}` : `WisHub · ${t("signIn")}`;
  const unit = unitDialog();
  const signedIn = isSignedIn();
  const known = overview();
  const publish = publishDialog(() => void known.refresh());
  const content = signedIn ? [searchSection(known.element)] : [welcome(notice)];
  fill(
    root,
    h("a", { class: "skip", href: "#main" }, t("skip")),
    header(signedIn, publish),
    h("main", { id: "main", tabindex: "-1" }, ...content),
    unit,
    publish,
  );
  window.onhashchange = () => void followAddress(unit);
  if (!signedIn) return;
  void known.refresh();
  if (location.hash !== "") void followAddress(unit);
}

function header(signedIn: boolean, publish: HTMLDialogElement): HTMLElement {
  const redraw = () => draw();
  const languageButton = h(
    "button",
    {
      type: "button",
      class: "quiet",
      lang: language() === "en" ? "zh" : "en",
      "aria-label": t("languageLabel"),
      onclick: () => {
        speak(language() === "en" ? "zh" : "en");
        redraw();
      },
    },
    t("language"),
  );
  const out = h(
    "button",
    { type: "button", class: "quiet", onclick: () => void signOut().then(redraw) },
    t("signOut"),
  );
  const compose = h(
    "button",
    { type: "button", class: "primary", onclick: () => publish.showModal() },
    t("publish"),
  );
  return h(
    "header",
    { class: "top" },
    h("a", { class: "brand", href: "/" }, mark(), h("span", {}, "WisHub")),
    h(
      "nav",
      {},
      h("a", { class: "quiet", href: "/docs" }, t("docs")),
      languageButton,
      themeButton(),
      ...(signedIn ? [out] : []),
    ),
    signedIn && compose,
  );
}

function themeButton(): HTMLElement {
  const NAMES = { auto: "themeAuto", light: "themeLight", dark: "themeDark" } as const;
  const SIGNS = { auto: "◐", light: "☀", dark: "☾" } as const;
  const chosen = (): Theme =>
    THEMES.find((theme) => theme === localStorage.getItem("wishub-theme")) ?? "auto";
  const button = h("button", { type: "button", class: "quiet sign" });
  const show = () => {
    const theme = chosen();
    button.setAttribute("aria-label", t(NAMES[theme]));
    button.title = t(NAMES[theme]);
    fill(button, SIGNS[theme]);
    if (theme === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  };
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(chosen()) + 1) % THEMES.length] ?? "auto";
    localStorage.setItem("wishub-theme", next);
    show();
  });
  show();
  return button;
}

function welcome(notice?: string): HTMLElement {
  const key = h("input", {
    id: "api-key",
    type: "password",
    required: true,
    maxlength: "200",
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "sign-in-hint",
  });
  const problem = h("p", { role: "alert", class: "problem" }, notice);
  const button = h("button", { class: "primary" }, t("signIn"));
  const form = h(
    "form",
    { class: "card fields" },
    h("h2", {}, t("signIn")),
    h("label", { for: "api-key" }, t("apiKey")),
    h("div", { class: "row" }, key, button),
    h("p", { class: "hint", id: "sign-in-hint" }, t("signInHint").replaceAll("`", "")),
    problem,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    fill(button, t("signingIn"));
    signIn({ apiKey: key.value.trim() }).then(
      () => draw(),
      (error: unknown) => {
        button.disabled = false;
        fill(button, t("signIn"));
        fill(problem, isRefused(error) ? t("wrongKey") : explain(error));
      },
    );
  });
  return h(
    "section",
    { class: "welcome" },
    h("div", {}, h("h1", {}, t("tagline")), h("p", { class: "lead" }, t("intro"))),
    form,
  );
}

const isRefused = (error: unknown) =>
  error instanceof WisHubError && (error.status === 401 || error.status === 400);

async function start(): Promise<void> {
  onSessionEnd(() => draw(t("sessionEnded")));
  document.addEventListener("keydown", searchKeys);
  const code = takeCode();
  let notice: string | undefined;
  if (code !== undefined) {
    await signIn({ code }).catch((error: unknown) => {
      if (!isSignedIn()) notice = isRefused(error) ? t("codeUsed") : explain(error);
    });
  }
  draw(notice);
}

void start();
