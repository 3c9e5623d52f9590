import { expect, it } from "vitest";
import { barriers, pictured, type Place } from "#tests/node/in-browser.ts";
import { asOwnerOf } from "#tests/node/owner.ts";

/** What stands around every screen: navigation, keys, languages, themes. */
export function frameJourneys({ signedIn, state }: Place): void {
  it("goes anywhere by the palette, and lists its shortcuts", async () => {
    const { page, complaints } = await signedIn();
    await page.waitForSelector(".number-card");
    expect(await pictured(page, "overview")).toEqual([]);
    await page.keyboard.press("Control+k");
    await page.waitForSelector("[role=dialog] input");
    await page.keyboard.type("agen");
    expect(await pictured(page, "palette")).toEqual([]);
    await page.keyboard.press("Enter");
    await page.waitForSelector('h1:text-is("Agents")');
    await page.keyboard.press("?");
    await page.waitForSelector("[role=dialog] kbd");
    expect(await pictured(page, "shortcuts")).toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.keyboard.type("what is a tide");
    await page.keyboard.press("Enter");
    await page.waitForSelector('h1:text-is("Search")');
    expect(await page.inputValue("#question")).toBe("what is a tide");
    expect(complaints).toEqual([]);
  });

  it("offers what the server lets somebody do, and says of the rest which rule forbids it", async () => {
    const reader = { name: "Reader", scopes: ["search"] };
    const { apiKey } = await asOwnerOf(state)<{ apiKey: string }>("POST", "/v1/keys", reader);
    const { page, complaints } = await signedIn();
    await page.click("text=Sign out");
    await page.click("main summary");
    await page.fill("#api-key", apiKey);
    await page.press("#api-key", "Enter");
    await page.waitForSelector("nav a");
    expect(await page.locator("nav a").allTextContents()).toEqual(["Search", "Settings", "You"]);
    await page.evaluate(() => location.assign("#/publish"));
    await page.waitForSelector("text=scope:units:write");
    expect(await pictured(page, "forbidden")).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("speaks four languages and fits a small screen in each", async () => {
    const look = { colorScheme: "dark", width: 360, locale: "zh-CN" } as const;
    const { page, complaints } = await signedIn("/", look);
    await page.waitForSelector(".number-card");
    expect(await page.getAttribute("html", "lang")).toBe("zh");
    expect(await page.textContent("h1")).toBe("概览");
    await page.click("[aria-label=菜单]");
    for (const [language, title] of [
      ["es", "Resumen"],
      ["ja", "概要"],
      ["en", "Overview"],
      ["zh", "概览"],
    ]) {
      await page.selectOption("#language", language ?? "");
      expect(await page.textContent("h1")).toBe(title);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    }
    expect(await barriers(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("says that there is no such page", async () => {
    const { page, complaints } = await signedIn("/nowhere/at/all");
    await page.waitForSelector("text=There is no such page");
    expect(await barriers(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("says that the server is gone, and that it is back", async () => {
    const { page } = await signedIn("/search");
    await page.waitForSelector('h1:text-is("Search")');
    await page.context().setOffline(true);
    await page.fill("#question", "tides");
    await page.waitForSelector("text=what you see may be old");
    expect(await pictured(page, "server-gone")).toEqual([]);
    await page.context().setOffline(false);
    await page.waitForSelector("text=The server does not answer.", { state: "detached" });
    await page.waitForSelector("text=/ in \\d+ ms/");
  });
}
