import { expect, it } from "vitest";
import { PASSWORD, peopleOf } from "#tests/node/console/person.ts";
import { pictured, type Place } from "#tests/node/in-browser.ts";

/** What is measured is told within 10 s, and the map reads a minute that has been told. */
const MEASURED_MS = 60_000;

/** The parts of the installation, and what goes through them. */
export function mapJourneys({ signedIn, visit, url, state }: Place): void {
  it(
    "draws the installation with live rates for those who run it",
    { timeout: 120_000 },
    async () => {
      const { page, complaints } = await signedIn("/map");
      await page.waitForSelector('h1:text-is("System map")');
      const layer = (title: string) =>
        page.locator(".system-map section", { has: page.locator(`h2:text-is("${title}")`) });
      await layer("Requests")
        .locator(".part >> text=/\\/s$/")
        .first()
        .waitFor({ timeout: MEASURED_MS });
      for (const title of ["Objects", "Databases"]) {
        const rate = layer(title).locator(".part strong").first();
        expect(await rate.textContent()).toMatch(/^(< )?[\d.,]+\/s$/);
      }
      await layer("Machine").locator(".part").waitFor({ timeout: MEASURED_MS });
      await expect.poll(() => layer("Search shards").locator(".part").count()).toBe(2);
      expect(await page.textContent("main header")).toMatch(/read again every 10 seconds/);
      expect(await pictured(page, "system-map")).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );

  it("draws an account's own part for everybody else", async () => {
    const email = "cartographer@example.org";
    await peopleOf(url, state).person(email);
    const { page, complaints } = await visit("/");
    await page.fill("#email", email);
    await page.fill("#password", PASSWORD);
    await page.press("#password", "Enter");
    await page.click("nav a >> text=System map");
    await page.waitForSelector("text=What your account asks of the platform");
    const titles = await page.locator(".system-map h2").allTextContents();
    expect(titles).toContain("Requests");
    expect(titles).not.toContain("Databases");
    expect(await pictured(page, "system-map-account")).toEqual([]);
    expect(complaints).toEqual([]);
  });
}
