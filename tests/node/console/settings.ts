import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import { PASSWORD, peopleOf } from "./person.ts";

/** What an account is, may ask for and used. */
export function settingJourneys({ signedIn, visit, url, state }: Place): void {
  it("tells of the account, and changes its region and its bound on models", async () => {
    const { page, complaints } = await signedIn("/settings");
    await page.waitForSelector('h1:text-is("Settings")');
    await page.locator(".usage li").first().waitFor();
    await page.locator(".collections > li").nth(1).waitFor();
    await page.waitForSelector("text=This plan bounds no requests");
    await page.waitForSelector("text=Tokens today");
    expect(await pictured(page, "settings")).toEqual([]);

    const region = page.locator("main dd", { hasText: "western Europe" });
    await page.selectOption("#account-region", "weur");
    await page.click("form:has(#account-region) button[type=submit]");
    await region.waitFor();
    await page.waitForSelector("text=Saved.");
    await page.selectOption("#account-region", "none");
    await page.click("form:has(#account-region) button[type=submit]");
    await region.waitFor({ state: "detached" });

    await page.fill("#models-bound", "a lot");
    await page.press("#models-bound", "Enter");
    await page.waitForSelector("#models-bound-error >> text=A whole number is needed.");
    expect(await pictured(page, "settings-refused")).toEqual([]);
    await page.fill("#models-bound", "5000");
    await page.press("#models-bound", "Enter");
    await page.waitForSelector(".models >> text=of 5,000");
    await page.fill("#models-bound", "");
    await page.press("#models-bound", "Enter");
    await page.waitForSelector(".models >> text=of 5,000", { state: "detached" });

    await page.selectOption("#usage-over", "month");
    await expect.poll(() => page.locator("ol[aria-label='What was used'] > li").count()).toBe(30);
    const href = await page.getAttribute("a[download]", "href");
    expect(href).toBe(`${url()}/v1/account/export`);
    expect(complaints).toEqual([]);
  });

  it("says beside the region why it cannot be chosen", async () => {
    const { page } = await signedIn("/settings");
    await page.selectOption("#account-region", "eu");
    await page.click("form:has(#account-region) button[type=submit]");
    await page.waitForSelector("#account-region-error >> text=nothing inside a jurisdiction");
  });

  it("shows how much of a plan's limits is used, and asks for a second factor before an export", async () => {
    const email = "limited@example.org";
    await peopleOf(url, state).person(email);
    const { page, complaints } = await visit("/", { colorScheme: "dark", width: 360 });
    await page.fill("#email", email);
    await page.fill("#password", PASSWORD);
    await page.press("#password", "Enter");
    await page.waitForSelector("nav a", { state: "attached" });
    await page.evaluate(() => location.assign("#/settings"));
    await page.locator(".limits progress").nth(2).waitFor();
    expect(await page.textContent(".limits")).toMatch(/standard.*\d+ of 12,000.*of 2,000,000/s);
    await page.waitForSelector("text=Prove your second factor to export");
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    expect(await pictured(page, "settings-limited")).toEqual([]);
    expect(complaints).toEqual([]);
    await page.click("text=Prove your second factor to export");
    await page.waitForSelector("text=You have no second factor yet");
  });
}
