import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import { PASSWORD, peopleOf, POLLED } from "./person.ts";

/** Units that verification did not let through. */
export function reviewJourneys({ signedIn, visit, url, state }: Place): void {
  const { byOwner, person } = peopleOf(url, state);
  const body = "A heron stands on one leg to keep the other one warm under its feathers.";

  it("shows a refused unit as it is refused, and why; mended it is found, another is retracted", async () => {
    const { page, complaints } = await signedIn("/review");
    await page.waitForSelector('h1:text-is("Review")');
    await byOwner("POST", "/v1/units", { title: "Why herons stand on one leg", body });
    await byOwner("POST", "/v1/units", { title: "Why herons stand on one leg", body });
    const refused = page.locator(".refused", { hasText: "Why herons stand on one leg" });
    await refused.locator(".checks li").waitFor();
    expect(await refused.locator(".checks").textContent()).toMatch(/failed: .*duplicate/i);
    expect(await pictured(page, "review")).toEqual([]);

    await refused.locator("text=Mend").click();
    await page.fill("#mend-title", "");
    await page.press("#mend-title", "Enter");
    await page.waitForSelector("#mend-title-error");
    expect(await pictured(page, "review-mend")).toEqual([]);
    await page.fill("#mend-title", "How a heron rests");
    await page.fill("#mend-body", "It tucks one leg away and sleeps standing in shallow water.");
    await page.press("#mend-title", "Enter");
    await refused.waitFor({ state: "detached" });
    await expect
      .poll(async () => {
        const { items } = (await byOwner("GET", "/v1/units?status=searchable&limit=5")) as {
          items: { title: string }[];
        };
        return items.map(({ title }) => title);
      }, POLLED)
      .toContain("How a heron rests");

    await byOwner("POST", "/v1/units", { title: "Why herons stand on one leg", body });
    await refused.locator("text=Retract").click();
    await page.locator("[role=dialog] button", { hasText: "Retract" }).click();
    await refused.waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });

  it("says that nothing was refused where nothing was", async () => {
    const email = "spotless@example.org";
    await person(email);
    const { page, complaints } = await visit("/", { locale: "es-ES" });
    await page.fill("#email", email);
    await page.fill("#password", PASSWORD);
    await page.press("#password", "Enter");
    await page.click("nav a >> text=Revisión");
    await page.waitForSelector("text=No se rechazó nada");
    expect(await pictured(page, "review-none")).toEqual([]);
    expect(complaints).toEqual([]);
  });
}
