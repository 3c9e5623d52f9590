import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import { peopleOf } from "./person.ts";

/** Registering an agent and looking after it. */
export function agentJourneys({ signedIn, url, state }: Place): void {
  const { byOwner } = peopleOf(url, state);

  it("asks for the newest events of an agent, and for all that are kept when one wants them", async () => {
    const { id } = (await byOwner("POST", "/v1/agents", {
      name: "Lighthouse keeper",
      type: "query",
      description: "Saw it long ago.",
      capabilities: [],
    })) as { id: string };
    // More than are looked through, beside its own.
    const events = Array.from({ length: 600 }, (_, n) => ({
      type: "custom.wave",
      key: id,
      data: { n },
    }));
    const { page, complaints } = await signedIn();
    await byOwner("POST", "/v1/topics/agent.events/events", { events });
    const asked: string[] = [];
    page.on("request", (request) => {
      const { pathname, searchParams } = new URL(request.url());
      if (pathname === "/v1/events" && searchParams.get("agent") === id)
        asked.push(searchParams.get("newest") ?? "all");
    });
    await page.evaluate((hash) => location.assign(hash), `#/agent/${id}`);
    await page.waitForSelector(".timeline >> text=Nothing of late.");
    await page.waitForSelector("text=It had no task of late.");
    expect(asked).toEqual(["500"]);
    expect(await pictured(page, "agent-of-late")).toEqual([]);
    const told = { type: "custom.lamp", data: { agentId: id } };
    await byOwner("POST", "/v1/topics/agent.events/events", { events: [told] });
    await page.waitForSelector(".timeline >> text=custom.lamp");
    expect(await page.locator(".timeline >> text=agent.registered").count()).toBe(0);
    await page.click("text=Look through seven days");
    await page.waitForSelector(".timeline >> text=agent.registered");
    await page.waitForSelector(".timeline >> text=custom.lamp");
    expect(asked).toEqual(["500", "all"]);
    expect(complaints).toEqual([]);
  });

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
    const apiKey = (await page.textContent(".new-key code")) ?? "";
    expect(apiKey).toMatch(/^wh0_/);
    expect(await pictured(page, "agent")).toEqual([]);
    const id = page.url().split("/").at(-1) ?? "";
    await byOwner("POST", `/v1/agents/${id}/messages`, { body: { text: "Mind the north bank." } });
    await page.waitForSelector(".message >> text=Mind the north bank.");
    const { id: taskId } = (await byOwner("POST", "/v1/tasks", {
      type: "pilot.guide",
      input: {},
    })) as { id: string };
    const headers = { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" };
    const asIt = async (path: string, body: object) => {
      const sent = { method: "POST", headers, body: JSON.stringify(body) };
      return (await (await fetch(url() + path, sent)).json()) as {
        tasks: { fencingToken: number }[];
      };
    };
    const { tasks } = await asIt("/v1/tasks/lease", { types: ["pilot.guide"] });
    const { fencingToken } = tasks[0] ?? {};
    await page.waitForSelector(".tasks >> text=working");
    await asIt(`/v1/tasks/${taskId}/complete`, { fencingToken, result: { berth: 4 } });
    await page.waitForSelector(".tasks >> text=completed");
    await page.waitForSelector(".timeline >> text=task.completed");
    await page.waitForSelector(".card-preview >> text=signed");
    await page.click(".message summary");
    expect(await pictured(page, "agent-busy")).toEqual([]);
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
