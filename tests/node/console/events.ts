import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import { peopleOf } from "#tests/node/console/person.ts";

/** Following what happens, and reading it again. */
export function eventJourneys({ signedIn, url, state }: Place): void {
  const { byOwner } = peopleOf(url, state);
  const append = (type: string, subject: string) =>
    byOwner("POST", "/v1/topics/agent.events/events", { type, subject, data: { cups: 2 } });

  it("follows events as they come, waits while it is paused, filters and begins earlier", async () => {
    const { page, complaints } = await signedIn("/events?type=custom.tea.*");
    await page.waitForSelector('h1:text-is("Events")');
    await page.waitForSelector("text=Nothing yet");
    expect(await page.inputValue("#event-type")).toBe("custom.tea.*");
    expect(await pictured(page, "events-none")).toEqual([]);
    await append("custom.tea.served", "table-4");
    await page.click(".event-type >> text=custom.tea.served");
    expect(JSON.parse((await page.textContent("main li pre")) ?? "")).toMatchObject({
      type: "custom.tea.served",
      subject: "table-4",
      data: { cups: 2 },
    });
    await page.keyboard.press("p");
    await page.waitForSelector("text=Paused; 0 events wait.");
    await append("custom.tea.paid", "table-4");
    await page.waitForSelector("text=Paused; 1 event waits.");
    expect(await page.locator(".event-type >> text=custom.tea.paid").count()).toBe(0);
    expect(await pictured(page, "events-paused")).toEqual([]);
    await page.click("button >> text=Go on");
    await page.waitForSelector(".event-type >> text=custom.tea.paid");
    await page.fill("#event-type", "Not a type");
    await page.press("#event-type", "Enter");
    await page.waitForSelector("#event-type-error");
    await page.fill("#event-type", "custom.tea.paid");
    await page.selectOption("#event-begin", "hour");
    await page.press("#event-type", "Enter");
    await page.waitForSelector("text=Listening. 1 event so far.");
    expect(await page.locator(".event-type").allTextContents()).toEqual(["custom.tea.paid"]);
    expect(await pictured(page, "events")).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("reads a topic again from an offset", async () => {
    await append("custom.boat.left", "quay-1");
    await append("custom.boat.came", "quay-1");
    const { page, complaints } = await signedIn("/events");
    await page.click(".topic >> text=agent.events");
    await page.waitForSelector('h1:text-is("agent.events")');
    await page.waitForSelector(".event-type >> text=custom.boat.left");
    await page.selectOption("#replay-begin", "offset");
    await page.fill("#replay-place", "100000");
    await page.press("#replay-place", "Enter");
    await page.waitForSelector("#replay-place-error");
    const { partitions } = (await byOwner("GET", "/v1/topics/agent.events")) as {
      partitions: { latest: number }[];
    };
    await page.fill("#replay-place", String(partitions[0]?.latest));
    await page.press("#replay-place", "Enter");
    await page.waitForSelector(".event-type >> text=custom.boat.left", { state: "detached" });
    await page.waitForSelector(".event-type >> text=custom.boat.came");
    expect(await page.locator(".event-type").count()).toBe(1);
    expect(await pictured(page, "topic")).toEqual([]);
    expect(complaints).toEqual([]);
  });
}
