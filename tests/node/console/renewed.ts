import { expect, it } from "vitest";
import type { Place } from "#tests/node/in-browser.ts";

/** A console that was opened before the product was replaced. */
export function renewedJourneys({ signedIn }: Place): void {
  it("takes the new version where a part of its own is served no more, and goes on where it was", async () => {
    const { page } = await signedIn();
    let isGone = true;
    await page.route(/assets\/web\/agents-/, (route) =>
      isGone ? route.fulfill({ status: 404, body: "" }) : route.continue(),
    );
    const reloaded = page.waitForEvent("load");
    await page.click("nav a >> text=Agents");
    await reloaded;
    isGone = false;
    await page.waitForSelector('h1:text-is("Agents")');
    expect(page.url()).toContain("#/agents");
  });
}
