import { expect, it } from "vitest";
import type { Place } from "#tests/node/in-browser.ts";
import { peopleOf } from "./person.ts";

const WIDTH = 360;
const SCREENS = ["/people", "/policies", "/channels/new", "/webhooks/new", "/alerts"];

/** Screens as a telephone has them. */
export function narrowJourneys({ signedIn, url, state }: Place): void {
  const { byOwner } = peopleOf(url, state);

  it(
    "fits a small screen in each language, also where names are long",
    { timeout: 120_000 },
    async () => {
      const name = `Donaudampfschifffahrtsgesellschaftskapitaen ${"אבג".repeat(12)}`;
      const { id } = (await byOwner("POST", "/v1/agents", {
        name,
        type: "query",
        description: "x".repeat(500),
        capabilities: [],
      })) as { id: string };
      const { page, complaints } = await signedIn("/", { width: WIDTH });
      for (const path of [...SCREENS, `/agent/${id}`]) {
        await page.evaluate((hash) => location.assign(hash), `#${path}`);
        await page.waitForSelector("main h1");
        for (const language of ["zh", "ja", "es", "en"]) {
          await page.evaluate((one) => localStorage.setItem("wishub-language", one), language);
          await page.reload();
          await page.waitForSelector(`html[lang=${language}] main h1`);
          await page.waitForSelector("main .skeleton-line", { state: "detached" });
          const width = await page.evaluate("document.documentElement.scrollWidth");
          expect({ path, language, width }).toEqual({ path, language, width: WIDTH });
        }
      }
      expect(complaints).toEqual([]);
    },
  );
}
