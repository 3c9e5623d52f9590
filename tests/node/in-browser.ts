import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, type TestContext } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { axeFinds, CHROMIUM } from "./chromium.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { ownerOf } from "./owner.ts";

const WHY_SKIPPED = "no Chromium is installed, and npm brings none: install it or set CHROME_PATH";
const START_MS = 120_000;
const WAIT_MS = 25_000;

/** Where screenshots are kept for a person to look at; git ignores it. */
const SHOTS = join(import.meta.dirname, "..", "..", "dist", "screenshots");

/** Where a picture is kept. */
export const shotOf = (name: string): string => {
  mkdirSync(SHOTS, { recursive: true });
  return join(SHOTS, `${name}.png`);
};

export type Look = { colorScheme?: "light" | "dark"; width?: number; locale?: string };
export type Visited = { page: Page; complaints: string[] };
export type Place = ReturnType<typeof inBrowser>;

/** The product served, and a real browser in front of it, for the tests of a file. `host` is what browsers call it. */
export function inBrowser({ host = "127.0.0.1", env = {} as Record<string, string> } = {}) {
  let state: ReturnType<typeof temporaryState>;
  let product: Launched;
  let browser: Browser;
  let url = "";

  beforeAll(async () => {
    if (CHROMIUM === undefined) return;
    state = temporaryState();
    const port = await freePort();
    url = `http://${host}:${port}`;
    product = launch({ state: state.path, port, env: { WISHUB_PUBLIC_URL: url, ...env } });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    await product.ready();
  }, START_MS);
  afterAll(async () => {
    if (CHROMIUM === undefined) return;
    await browser.close();
    product.process.kill("SIGTERM");
    await product.ended;
    state.remove();
  }, START_MS);
  // What stays open goes on listening, and slows whatever comes after it.
  afterEach(async () => {
    if (CHROMIUM !== undefined) await Promise.all(browser.contexts().map((each) => each.close()));
  });
  beforeEach((context: TestContext) => {
    context.skip(CHROMIUM === undefined, WHY_SKIPPED);
  });

  /** A fresh browser whose every complaint, failed answer and request to elsewhere is noted. */
  async function visit(path: string, look: Look = {}, apiKey?: string): Promise<Visited> {
    const context = await browser.newContext({
      ...(apiKey !== undefined && { storageState: await signedInBy(apiKey) }),
      viewport: { width: look.width ?? 1_440, height: 900 },
      colorScheme: look.colorScheme ?? "light",
      locale: look.locale ?? "en-US",
      reducedMotion: "reduce",
    });
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("response", (response) => {
      if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
    });
    page.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (origin !== new URL(path, url).origin && protocol !== "data:" && protocol !== "blob:") {
        complaints.push(`asks ${request.url()}`);
      }
    });
    await page.goto(new URL(path, url).href);
    return { page, complaints };
  }

  /** The same in front of the console, where the first account's owner is signed in, at the address behind its `#`. */
  async function signedIn(at = "/", look: Look = {}): Promise<Visited> {
    const visited = await visit(at === "/" ? "/" : `/#${at}`, look, keyOf(state.path));
    await visited.page.waitForSelector("nav a", { state: "attached" });
    return visited;
  }

  /** What a browser keeps of a session that was opened by a key: its cookies, and that there is one (web/app/session.ts). */
  async function signedInBy(apiKey: string) {
    const answer = await fetch(new URL("/v1/sessions", url), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ apiKey }),
    });
    if (!answer.ok) throw new Error(`no session: ${answer.status} ${await answer.text()}`);
    const cookies = answer.headers.getSetCookie().map((each) => {
      const [name = "", value = ""] = (each.split(";", 1)[0] ?? "").split("=");
      const sameSite = "Strict" as const;
      const kept = {
        domain: host,
        path: "/",
        expires: -1,
        httpOnly: true,
        secure: false,
        sameSite,
      };
      return { name, value, ...kept };
    });
    const localStorage = [{ name: "wishub-signed-in", value: "1" }];
    return { cookies, origins: [{ origin: url, localStorage }] };
  }

  return { url: () => url, product: () => product, state: () => state.path, visit, signedIn };
}

/** The key of the first account's owner. */
export const keyOf = (state: string): string => ownerOf(state).apiKey;

/** Keeps a picture of a screen in both themes, and gives what axe finds in each. */
export async function pictured(page: Page, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const mode of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme: mode });
    // The themes differ in nothing but their colours.
    const rules = mode === "dark" ? ["color-contrast"] : undefined;
    found.push(...(await barriers(page, rules)).map((barrier) => `${mode}: ${barrier}`));
    await page.screenshot({ path: shotOf(`${name}-${mode}`), fullPage: true });
  }
  return found;
}

/** More stops than any screen has. */
const STOPS_MAX = 150;

/** Presses Tab until a place has the focus, as somebody without a mouse gets there. */
export async function tabTo(page: Page, place: Locator): Promise<void> {
  await place.waitFor();
  for (let stop = 0; stop < STOPS_MAX; stop++) {
    await page.keyboard.press("Tab");
    if (await place.evaluate((each) => each === document.activeElement)) return;
  }
  throw new Error(`no Tab leads to ${String(place)}`);
}

/** What axe finds; `rules` where only these are asked. */
export const barriers = axeFinds;
