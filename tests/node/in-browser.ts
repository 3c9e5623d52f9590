import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, type TestContext } from "vitest";
import { freePort, launch, type Launched, temporaryState } from "./launched.ts";

const CHROMIUM = [
  process.env["CHROME_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
].find((path) => path !== undefined && existsSync(path));
const WHY_SKIPPED = "no Chromium is installed, and npm brings none: install it or set CHROME_PATH";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const START_MS = 120_000;

export type Look = { colorScheme?: "light" | "dark"; width?: number; locale?: string };
export type Visited = { page: Page; complaints: string[] };

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
  });
  beforeEach((context: TestContext) => {
    context.skip(CHROMIUM === undefined, WHY_SKIPPED);
  });

  /** A fresh browser whose every complaint, failed answer and request to elsewhere is noted. */
  async function visit(path: string, look: Look = {}): Promise<Visited> {
    const context = await browser.newContext({
      viewport: { width: look.width ?? 1_440, height: 900 },
      colorScheme: look.colorScheme ?? "light",
      locale: look.locale ?? "en-US",
      reducedMotion: "reduce",
    });
    const page = await context.newPage();
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
      if (origin !== url && protocol !== "data:" && protocol !== "blob:") {
        complaints.push(`asks ${request.url()}`);
      }
    });
    await page.goto(url + path);
    return { page, complaints };
  }

  return { url: () => url, product: () => product, state: () => state.path, visit };
}

type AxeResult = { violations: { id: string; nodes: { target: string[] }[] }[] };

export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(`${AXE};0`);
  const { violations } = await page.evaluate<AxeResult>("axe.run()");
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`,
  );
}
