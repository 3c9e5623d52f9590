import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import type { Receiver } from "#tests/node/webhook-receiver.ts";
import { peopleOf, POLLED } from "./person.ts";

/** Sending the account's events to a program, and seeing how that goes. */
export function webhookJourneys({ signedIn, url, state }: Place, receiver: Receiver): void {
  const { byOwner } = peopleOf(url, state);

  it("adds a webhook with a secret shown once, sees its deliveries, replays them, and ends it", async () => {
    const { page, complaints } = await signedIn("/webhooks");
    await page.waitForSelector("text=No webhooks yet");
    expect(await pictured(page, "webhooks-none")).toEqual([]);
    await page.click("main >> text=Add a webhook");
    await page.fill("#webhook-events", "Not a type!");
    await page.press("#webhook-url", "Enter");
    await page.waitForSelector("#webhook-url-error");
    await page.waitForSelector("#webhook-events-error");
    expect(await pictured(page, "add-webhook")).toEqual([]);
    await page.fill("#webhook-url", receiver.url);
    await page.fill("#webhook-events", "custom.*");
    await page.fill("#webhook-description", "The harbour's own board.");
    await page.press("#webhook-url", "Enter");
    await page.waitForSelector(".new-key code");
    receiver.secret = (await page.textContent(".new-key code")) ?? "";
    expect(await pictured(page, "webhook-added")).toEqual([]);
    await page.click("text=To the webhook");
    await page.waitForSelector("text=Nothing has been sent yet.");
    await page.click("main >> text=Send a ping");
    await page.waitForSelector(".tried >> text=webhook.ping");
    await byOwner("POST", "/v1/topics/agent.events/events", {
      events: [{ id: "tide.1", type: "custom.tide.turned", data: { metres: 3 } }],
    });
    await page.waitForSelector(".tried >> text=custom.tide.turned");
    await page.waitForSelector(".tried >> text=delivered");
    const delivery = receiver.received.find(({ type }) => type === "custom.tide.turned");
    expect(await pictured(page, "webhook")).toEqual([]);
    await page.selectOption("#replay-by", "delivery");
    await page.fill("#replay-from", "tide.1");
    await page.press("#replay-from", "Enter");
    await page.waitForSelector("#replay-from-error");
    await page.fill("#replay-from", delivery?.id ?? "");
    await page.press("#replay-from", "Enter");
    await page.waitForSelector("text=It begins again there.");
    await expect
      .poll(() => receiver.received.filter(({ id }) => id === delivery?.id).length, POLLED)
      .toBe(2);
    const before = receiver.secret;
    await page.click("main >> text=Make a new secret");
    await page.waitForSelector(".new-key code");
    expect(await page.textContent(".new-key code")).not.toBe(before);

    receiver.answer = () => 410;
    await byOwner("POST", "/v1/topics/agent.events/events", {
      events: [{ id: "tide.2", type: "custom.tide.turned", data: { metres: 4 } }],
    });
    await page.waitForSelector("main header >> text=disabled: it wants nothing more");
    await page.click("nav a >> text=Webhooks");
    await page.waitForSelector(".webhook >> text=disabled");
    expect(await pictured(page, "webhooks")).toEqual([]);
    await page.click(`.webhook >> text=${receiver.url}`);
    await page.click(`[aria-label='Remove ${receiver.url}']`);
    await page.click("[role=dialog] button >> text=Remove");
    await page.waitForSelector("text=No webhooks yet");
    receiver.answer = () => 204;
    expect(complaints).toEqual([]);
  });
}
