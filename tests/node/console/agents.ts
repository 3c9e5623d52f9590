import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";

/** Registering an agent and looking after it. */
export function agentJourneys({ signedIn }: Place): void {
  it("registers an agent, shows its key once, and stops and releases it", async () => {
    const { page, complaints } = await signedIn("/agents");
    await page.click("text=Register an agent");
    await page.waitForSelector("#agent-name");
    await page.fill("#agent-capabilities", "Not lower case");
    await page.press("#agent-name", "Enter");
    await page.waitForSelector("#agent-name-error");
    await page.waitForSelector("#agent-capabilities-error");
    expect(await pictured(page, "register")).toEqual([]);
    await page.fill("#agent-name", "Harbour pilot");
    await page.fill("#agent-description", "Knows every sandbank.");
    await page.fill("#agent-capabilities", "pilot, translate.en-ja");
    await page.press("#agent-name", "Enter");
    await page.waitForSelector('h1:text-is("Harbour pilot")');
    await page.waitForSelector(".timeline >> text=agent.registered");
    await page.fill("#key-name", "On board");
    await page.press("#key-name", "Enter");
    expect(await page.textContent(".new-key code")).toMatch(/^wh0_/);
    expect(await pictured(page, "agent")).toEqual([]);
    await page.click("text=Quarantine");
    await page.fill("#quarantine-reason", "It ran aground.");
    expect(await pictured(page, "quarantine")).toEqual([]);
    await page.press("#quarantine-reason", "Enter");
    await page.waitForSelector("text=in quarantine: It ran aground.");
    await page.click("text=Release");
    await page.waitForSelector("button >> text=Pause");
    await page.click("nav a >> text=Agents");
    await page.waitForSelector("li >> text=Harbour pilot");
    expect(await pictured(page, "agents")).toEqual([]);
    expect(complaints).toEqual([]);
  });
}
