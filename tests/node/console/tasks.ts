import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import { peopleOf } from "#tests/node/console/person.ts";

/** Giving tasks, seeing them worked on, and the queues that they wait in. */
export function taskJourneys({ signedIn, url, state }: Place): void {
  const { byOwner } = peopleOf(url, state);
  const take = async (type: string) => {
    const { tasks } = (await byOwner("POST", "/v1/tasks/lease", { types: [type] })) as {
      tasks: { id: string; fencingToken: number }[];
    };
    const { id = "", fencingToken } = tasks[0] ?? {};
    const say = (what: string, body: object) =>
      byOwner("POST", `/v1/tasks/${id}/${what}`, { fencingToken, ...body });
    return { id, say };
  };

  it("gives a task, sees it worked on to its result, and cancels another one", async () => {
    const { page, complaints } = await signedIn("/tasks?type=tea.none");
    await page.waitForSelector("text=No tasks here");
    expect(await pictured(page, "tasks-none")).toEqual([]);
    await page.click("main >> text=Give a task");
    await page.waitForSelector("#task-type");
    await page.fill("#task-type", "Brew it");
    await page.fill("#task-input", "{");
    await page.press("#task-type", "Enter");
    await page.waitForSelector("#task-type-error");
    await page.fill("#task-type", "tea.brew");
    await page.press("#task-type", "Enter");
    await page.waitForSelector("#task-input-error >> text=must be JSON");
    expect(await pictured(page, "give-task")).toEqual([]);
    await page.fill("#task-priority", "");
    await page.fill("#task-input", '{"cups": 2}');
    await page.press("#task-type", "Enter");
    await page.waitForSelector("#task-priority-error");
    await page.fill("#task-priority", "7");
    await page.press("#task-type", "Enter");
    await page.waitForSelector('h1:text-is("tea.brew")');
    await page.waitForSelector(".event-type >> text=task.created");
    const work = await take("tea.brew");
    await work.say("heartbeat", { progress: 0.5, event: "the water boils" });
    await page.waitForSelector(".said >> text=the water boils");
    await page.waitForSelector("header >> text=50%");
    expect(await pictured(page, "task-working")).toEqual([]);
    await work.say("complete", { result: { steeped: "4 minutes" } });
    await page.waitForSelector(".result >> text=4 minutes");
    await page.waitForSelector(".event-type >> text=task.completed");
    expect(await pictured(page, "task")).toEqual([]);
    const other = (await byOwner("POST", "/v1/tasks", { type: "tea.pour", input: {} })) as {
      id: string;
    };
    await page.click("nav a >> text=Tasks");
    await page.click("main li >> text=tea.pour");
    await page.waitForSelector(`code >> text=${other.id}`);
    await page.click("button >> text=Cancel the task");
    await page.fill("#cancel-reason", "Nobody is thirsty.");
    expect(await pictured(page, "task-cancel")).toEqual([]);
    await page.press("#cancel-reason", "Enter");
    await page.waitForSelector("text=Nobody is thirsty.");
    await page.click("nav a >> text=Tasks");
    await page.selectOption("#tasks-state", "canceled");
    await page.waitForSelector("main li >> text=tea.brew", { state: "detached" });
    await page.waitForSelector("main li >> text=tea.pour");
    expect(await page.locator("main li").count()).toBe(1);
    expect(await pictured(page, "tasks")).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("pauses, drains and opens a queue, and tries failed tasks again", async () => {
    await byOwner("POST", "/v1/tasks", { type: "tea.fail", input: {}, attempts: 1 });
    await (await take("tea.fail")).say("fail", { reason: "The kettle is broken.", final: true });
    const { page, complaints } = await signedIn("/queues");
    const queue = page.locator(".queue").first();
    await queue.locator("button >> text=Pause").click();
    await queue.locator("text=paused").waitFor();
    expect(await pictured(page, "queues")).toEqual([]);
    await queue.locator("button >> text=Open again").click();
    await queue.locator("button >> text=Drain").click();
    await queue.locator("text=draining").waitFor();
    await queue.locator("button >> text=Open again").click();
    await queue.locator("text=/^open$/").waitFor();
    await queue.locator("a >> text=/^1$/").click();
    await page.waitForSelector("main li >> text=The kettle is broken.");
    await page.goBack();
    await queue.locator("button >> text=Try the failed again").click();
    await queue.locator("text=1 task was put back to work.").waitFor();
    await queue.locator("a >> text=/^1$/").waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });
}
