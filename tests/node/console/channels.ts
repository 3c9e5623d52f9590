import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import { brought, type ServedVendor } from "#tests/node/vendor-server.ts";
import { peopleOf, POLLED } from "./person.ts";

/** Three retries, 14 seconds in all, and what is given up is read again every 10. */
const GIVEN_UP_MS = 60_000;

/** Connecting a program to an agent, seeing what is said both ways, and what was given up. */
export function channelJourneys({ signedIn, url, state }: Place, vendor: ServedVendor): void {
  const { byOwner } = peopleOf(url, state);

  it("finds the agent that is to answer among very many, and what it was told among much else", async () => {
    const agent = async (name: string) => {
      const body = { name, type: "query", description: name, capabilities: [], start: true };
      return ((await byOwner("POST", "/v1/agents", body)) as { id: string }).id;
    };
    const first = await agent("Boatswain of the old quay");
    for (let n = 0; n < 100; n++) await agent(`Deckhand ${n}`);
    const { page, complaints } = await signedIn("/channels/new");
    await page.selectOption("#channel-type", "webhook");
    await page.fill("#channel-name", "Old quay");
    await page.waitForSelector("text=There are more than these");
    expect(await pictured(page, "connect-channel-many")).toEqual([]);
    await page.fill("#channel-agent-search", "old qu");
    await page.press("#channel-agent-search", "Enter");
    await page.waitForSelector("text=Found 1");
    await page.selectOption("#channel-agent", { label: "Boatswain of the old quay" });
    await page.fill("#channel-agent-search", "deckhand 17");
    await page.locator("#channel-agent option", { hasText: "Deckhand 17" }).waitFor({
      state: "attached",
    });
    expect(await page.inputValue("#channel-agent")).toBe(first);
    const { url: hook, secret } = vendor.config(vendor.url) as { url: string; secret: string };
    await page.fill("#channel-url", hook);
    await page.fill("#channel-secret", secret);
    await page.press("#channel-name", "Enter");
    const inboundUrl = (await page.textContent(".connected code")) ?? "";

    for (let n = 0; n < 100; n++)
      await byOwner("POST", `/v1/agents/${first}/messages`, { body: { text: `Rope ${n}` } });
    const call = await vendor.says({ text: "Is the quay free?" }, Date.now());
    await expect.poll(async () => (await brought(inboundUrl, call)).status, POLLED).toBe(200);
    await page.click("text=To the channel");
    await page.waitForSelector("text=0 of this channel among the first 100 messages");
    expect(await pictured(page, "channel-much-else")).toEqual([]);
    await page.click("main >> text=Show more");
    await page.waitForSelector(".said >> text=Is the quay free?");
    await page.click("[aria-label='Disconnect Old quay']");
    await page.click("[role=dialog] button >> text=Disconnect");
    await page.waitForSelector('h1:text-is("Channels")');
    expect(complaints).toEqual([]);
  });

  it(
    "connects a channel, hears and says something, and tries again what was given up",
    { timeout: 150_000 },
    async () => {
      const { url: hook, secret } = vendor.config(vendor.url) as { url: string; secret: string };
      await byOwner("POST", "/v1/agents", {
        name: "Ferryman",
        type: "query",
        description: "Answers whoever calls across the water.",
        capabilities: [],
        start: true,
      });
      const { page, complaints } = await signedIn("/channels");
      await page.waitForSelector("text=Nothing is connected yet");
      expect(await pictured(page, "channels-none")).toEqual([]);
      await page.click("main >> text=Connect a channel");
      await page.press("#channel-name", "Enter");
      await page.waitForSelector("#channel-name-error");
      await page.waitForSelector("#channel-botToken-error");
      await page.waitForSelector("#channel-agent-error");
      expect(await pictured(page, "connect-channel")).toEqual([]);
      await page.fill("#channel-botToken", "xoxb-nobody-keeps-this");
      expect(await page.evaluate("JSON.stringify(sessionStorage)")).not.toContain("xoxb");
      await page.selectOption("#channel-type", "webhook");
      await page.fill("#channel-name", "Landing stage");
      await page.selectOption("#channel-agent", { label: "Ferryman" });
      await page.fill("#channel-url", hook);
      await page.press("#channel-name", "Enter");
      await page.waitForSelector(".connected .new-key code");
      expect(await page.textContent(".connected .new-key code")).toMatch(/^whsec_/);
      const inboundUrl = (await page.textContent(".connected code")) ?? "";
      expect(await pictured(page, "channel-connected")).toEqual([]);
      await page.click("text=To the channel");

      // The vendor signs with a secret that it has had all along.
      await page.click("main >> text=/^Change$/");
      await page.fill("#channel-secret", secret);
      expect(await pictured(page, "channel-change")).toEqual([]);
      await page.press("#channel-secret", "Enter");
      await page.waitForSelector("[role=dialog]", { state: "detached" });
      const call = await vendor.says({ text: "Ferry, please!" }, Date.now());
      await expect.poll(async () => (await brought(inboundUrl, call)).status, POLLED).toBe(200);
      await page.waitForSelector(".said >> text=Ferry, please!");
      await page.waitForSelector(".traffic .inbound dd >> text=/^1$/");

      vendor.mood = "refusing";
      await page.click("summary >> text=Say something");
      const conversation = (await page.textContent(".said .font-mono")) ?? "";
      await page.fill("#say-conversation", conversation);
      await page.fill("#say-text", "On my way.");
      await page.click("main >> text=Say it");
      const dead = page.locator(".dead-letters > li", { hasText: "On my way." });
      await dead.waitFor({ timeout: GIVEN_UP_MS });
      expect(await pictured(page, "channel")).toEqual([]);
      vendor.mood = "well";
      await page.click("main >> text=Try them again");
      await page.waitForSelector("text=1 message was put back to work.");
      await dead.waitFor({ state: "detached" });
      await expect.poll(() => vendor.heard.at(-1)?.text, POLLED).toBe("On my way.");

      await page.click("main >> text=/^Pause$/");
      await page.waitForSelector("main header >> text=paused");
      await page.click("nav a >> text=Channels");
      await page.waitForSelector(".channel >> text=paused");
      await page.waitForSelector(".channel >> text=Ferryman");
      expect(await pictured(page, "channels")).toEqual([]);
      await page.click(".channel >> text=Landing stage");
      await page.click("[aria-label='Disconnect Landing stage']");
      await page.click("[role=dialog] button >> text=Disconnect");
      await page.waitForSelector("text=Nothing is connected yet");
      expect(complaints).toEqual([]);
    },
  );
}
