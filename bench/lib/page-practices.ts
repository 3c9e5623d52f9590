import type { BrowserContext } from "playwright-core";
import { axeFinds } from "#tests/node/chromium.ts";

/** Says whether a goal is held. */
export type Held = (isHeld: boolean, line: string) => void;

/** What audits of pages ask besides speed: no barrier, no complaint, nothing from elsewhere, nothing that is not safe. */
export async function practices(context: BrowserContext, url: string, held: Held): Promise<void> {
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url()))
      complaints.push(`asks ${request.url()}`);
  });
  const headers = (await page.goto(url))?.headers() ?? {};
  await page.waitForSelector("#question");
  const screens = await page
    .locator("nav a")
    .evaluateAll((links) => links.map((each) => (each as HTMLAnchorElement).hash));
  const found: string[] = [];
  for (const hash of screens) {
    const before = await page.evaluate((wanted) => {
      const isThere = (location.hash === "" ? "#/" : location.hash) === wanted;
      const heading = isThere ? null : document.querySelector("main h1");
      location.assign(wanted);
      return heading?.textContent ?? null;
    }, hash);
    await page.waitForFunction((left) => {
      const heading = document.querySelector("main h1")?.textContent ?? left;
      return heading !== left && document.querySelector("main .skeleton-line") === null;
    }, before);
    found.push(...(await axeFinds(page)).map((each) => `${hash} ${each}`));
  }
  held(found.length === 0, `axe on ${screens.length} screens: ${said(found)}`);
  held(
    complaints.length === 0,
    `errors, warnings, failed requests, other origins: ${said(complaints)}`,
  );
  const wrong = [...(await page.evaluate(pageFaults)), ...headerFaults(headers)];
  held(wrong.length === 0, `best practices of the page and its headers: ${said(wrong)}`);
  await context.close();
}

function pageFaults(): string[] {
  const has = (selector: string) => document.querySelector(selector) !== null;
  const checks: [string, boolean][] = [
    ["a doctype", document.doctype?.name === "html"],
    ["UTF-8", document.characterSet === "UTF-8"],
    ["a language", document.documentElement.lang !== ""],
    ["a title", document.title !== ""],
    ["a viewport", has('meta[name="viewport"][content*="width=device-width"]')],
    ["zooming allowed", !has('meta[name="viewport"][content*="user-scalable=no"]')],
    ["a description", has('meta[name="description"]')],
    ["an icon", has('link[rel="icon"]')],
    ["no inline script", !has("script:not([src])")],
    ["no style element", !has("style")],
    ["images with a size", !has("img:not([width])")],
    ["links out that open safely", !has('a[target="_blank"]:not([rel~="noopener"])')],
  ];
  return checks.flatMap(([what, isSo]) => (isSo ? [] : [`without ${what}`]));
}

function headerFaults(headers: Record<string, string>): string[] {
  const policy = headers["content-security-policy"] ?? "";
  const checks: [string, boolean][] = [
    [
      "a strict policy of contents",
      /script-src [^;]*'self'/.test(policy) || /default-src 'self'/.test(policy),
    ],
    ["a policy without unsafe-inline or unsafe-eval", !policy.includes("unsafe-")],
    ["nosniff", headers["x-content-type-options"] === "nosniff"],
    ["protection from frames", /frame-ancestors/.test(policy)],
  ];
  return checks.flatMap(([what, isSo]) => (isSo ? [] : [`without ${what}`]));
}

const said = (found: readonly string[]): string => (found.length === 0 ? "none" : found.join("; "));
