import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

/** The Chromium of this machine. */
export const CHROMIUM = [
  process.env["CHROME_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
].find((path) => path !== undefined && existsSync(path));

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
type AxeResult = { violations: { id: string; nodes: { target: string[] }[] }[] };

/** What axe finds; `rules` where only these are asked. */
export async function axeFinds(page: Page, rules?: string[]): Promise<string[]> {
  await page.evaluate(`globalThis.axe ?? (() => {${AXE}})();0`);
  const asked = rules === undefined ? "" : JSON.stringify({ runOnly: rules });
  const { violations } = await page.evaluate<AxeResult>(`axe.run(${asked})`);
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`,
  );
}
