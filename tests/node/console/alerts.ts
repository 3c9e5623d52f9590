import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import { PASSWORD, peopleOf } from "./person.ts";

/** Host samples come every 15 seconds, and the screen reads again every 10. */
const FIRES_MS = 60_000;

/** Setting a rule, silencing what it says, and what the objectives draw. */
export function alertJourneys({ signedIn, visit, url, state }: Place): void {
  it(
    "sets a rule, sees it fire by itself, silences it, and puts both back",
    { timeout: 120_000 },
    async () => {
      const { page, complaints } = await signedIn("/alerts");
      await page.waitForSelector('h1:text-is("Alerts and objectives")');
      await page.locator(".objectives > li").first().waitFor();
      expect(await page.locator(".objectives > li").count()).toBe(6);
      expect(await page.textContent(".objectives > li:has-text('Inference')")).toContain("99.95 %");
      const rule = page.locator(".rules > li", { hasText: "memory-high" });
      expect(await rule.textContent()).toContain("system.memory above 85 % for 60 s");
      expect(await pictured(page, "alerts")).toEqual([]);

      await page.click("[aria-label='Edit memory-high']");
      expect(await page.inputValue("#rule-above")).toBe("85");
      await page.fill("#rule-above", "");
      await page.press("#rule-above", "Enter");
      await page.waitForSelector("#rule-above-error >> text=A number is needed.");
      expect(await pictured(page, "alert-rule")).toEqual([]);
      await page.fill("#rule-above", "0.5");
      await page.fill("#rule-seconds", "0");
      await page.press("#rule-above", "Enter");
      await rule.locator("text=changed").waitFor();
      expect(await rule.textContent()).toContain("above 0.5 % for 0 s");

      const firing = page.locator(".standing > li", { hasText: "memory-high" });
      await firing.waitFor({ timeout: FIRES_MS });
      expect(await firing.textContent()).toMatch(/critical · firing.*the bound is 0.5 %/);
      expect(await pictured(page, "alert-firing")).toEqual([]);
      await firing.locator("text=Silence").click();
      await page.fill("#silence-reason", "Moving to a larger host.");
      expect(await pictured(page, "alert-silence")).toEqual([]);
      await page.press("#silence-reason", "Enter");
      await firing.locator("text=silenced").waitFor();
      const silence = page.locator(".silences > li", { hasText: "Moving to a larger host." });
      await silence.locator("text=End it").click();
      await page.waitForSelector("text=Nothing is silenced.");

      await page.click("[aria-label='Reset memory-high']");
      await firing.waitFor({ state: "detached" });
      await page.click("summary >> text=Recently over");
      await page.waitForSelector(".over > li >> text=memory-high");
      expect(await rule.textContent()).toContain("above 85 % for 60 s");
      expect(complaints).toEqual([]);
    },
  );

  it("asks for no objectives where they are another account's", async () => {
    const email = "watcher@example.org";
    await peopleOf(url, state).person(email);
    const { page, complaints } = await visit("/");
    await page.fill("#email", email);
    await page.fill("#password", PASSWORD);
    await page.press("#password", "Enter");
    await page.click("nav a >> text=Alerts");
    const rules = page.locator(".rules > li");
    await rules.first().waitFor();
    expect((await rules.allTextContents()).join()).not.toContain("system.memory");
    expect(await page.locator("text=Service level objectives").count()).toBe(0);
    await page.waitForSelector("text=Nothing is wrong");
    expect(await pictured(page, "alerts-calm")).toEqual([]);
    expect(complaints).toEqual([]);
  });
}
