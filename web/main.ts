import { fill, h, mark } from "./dom.ts";
import { language, speak, t } from "./language.ts";
import { linkPlace, takeLink } from "./links.ts";
import { type Link, nextFrom } from "./next.ts";
import { overview } from "./overview.ts";
import { publishDialog } from "./publish.ts";
import { searchKeys, searchSection } from "./search.ts";
import {
  codeOf,
  currentSession,
  explainPlainly,
  isSignedIn,
  onFactorWanted,
  onSessionEnd,
  signIn,
  signOut,
  takeCode,
  takeSession,
} from "./session.ts";
import { signInPlace } from "./sign-in.ts";
import { followAddress, unitDialog } from "./unit.ts";
import { provePlace, youDialog } from "./you.ts";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const root = document.getElementById("app") ?? document.body;

/** What stands in the way of the console: a link of a mail, or the second factor that something asks for. */
let link: Link | null = null;
let isFactorWanted = false;
const asked = new URLSearchParams(location.search);
const next = nextFrom(asked.get("next"));

/** Draws the whole page; small enough to draw again when the language or the session changes. */
function draw(notice?: string): void {
  const signedIn = isSignedIn();
  const isHome = signedIn && link === null && !isFactorWanted;
  document.documentElement.lang = language();
  document.title = `WisHub · ${t(titleOf(signedIn))}`;
  const unit = unitDialog();
  const known = overview();
  const publish = publishDialog(() => void known.refresh());
  const you = youDialog();
  fill(
    root,
    h("a", { class: "skip", href: "#main" }, t("skip")),
    header(signedIn, you.open, isHome && publish),
    h("main", { id: "main", tabindex: "-1" }, isHome ? searchSection(known.element) : gate(notice)),
    unit,
    publish,
    you.dialog,
  );
  window.onhashchange = () => {
    const opened = takeLink();
    if (opened === null) return void followAddress(unit);
    link = opened;
    draw();
  };
  if (!isHome) return;
  void known.refresh();
  if (location.hash !== "") void followAddress(unit);
}

function titleOf(signedIn: boolean) {
  if (link !== null) return "linkTitle";
  if (!signedIn) return "signIn";
  return isFactorWanted ? "proveTitle" : "known";
}

/** Whoever is in, or has proven what was asked for, goes on to the page that sent them, or to the console. */
function goOn(): void {
  isFactorWanted = false;
  if (next !== null) return location.replace(next);
  draw();
  document.getElementById("main")?.focus();
}

function gate(notice?: string): HTMLElement {
  const leave = () => {
    link = null;
    isFactorWanted = false;
    draw();
    document.getElementById("main")?.focus();
  };
  const place =
    link !== null
      ? linkPlace(link, leave)
      : isSignedIn()
        ? provePlace(goOn, leave)
        : signInPlace(goOn, notice);
  const lead = t(next === null || isSignedIn() ? "intro" : "nextIntro");
  return h(
    "section",
    { class: "welcome" },
    h("div", {}, h("h1", {}, t("tagline")), h("p", { class: "lead" }, lead)),
    place,
  );
}

function header(
  signedIn: boolean,
  openYou: () => void,
  publish: HTMLDialogElement | false,
): HTMLElement {
  const languageButton = h(
    "button",
    {
      type: "button",
      class: "quiet",
      lang: language() === "en" ? "zh" : "en",
      "aria-label": t("languageLabel"),
      onclick: () => {
        speak(language() === "en" ? "zh" : "en");
        draw();
      },
    },
    t("language"),
  );
  const quiet = (label: string, onclick: () => void) =>
    h("button", { type: "button", class: "quiet", onclick }, label);
  const out = () => void signOut().then(() => draw());
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
      ...(signedIn ? [quiet(t("you"), openYou), quiet(t("signOut"), out)] : []),
    ),
    publish &&
      h(
        "button",
        { type: "button", class: "primary", onclick: () => publish.showModal() },
        t("publish"),
      ),
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

async function start(): Promise<void> {
  onSessionEnd(() => draw(t("sessionEnded")));
  onFactorWanted(() => {
    isFactorWanted = true;
    draw();
  });
  document.addEventListener("keydown", searchKeys);
  await takeSession();
  link = takeLink();
  isFactorWanted = next !== null && asked.has("prove");
  const code = takeCode();
  let notice: string | undefined;
  if (code !== undefined) {
    await signIn({ code }).catch((error: unknown) => {
      const isRefused = ["unauthenticated", "invalid-request"].includes(codeOf(error) ?? "");
      if (!isSignedIn()) notice = isRefused ? t("codeUsed") : explainPlainly(error);
    });
  }
  // A page sent somebody here who is signed in, in another tab by now, or was: the session knows.
  if (next !== null && link === null && !isFactorWanted && isSignedIn()) {
    const session = await currentSession().catch(() => null);
    if (session !== null) return location.replace(next);
  }
  draw(notice);
}

void start();
