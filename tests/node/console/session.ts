import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import { peopleOf } from "./person.ts";

/** What lies in a browser that somebody else uses next, and what is said where the server does not do its part. */
export function sessionJourneys({ signedIn, url, state }: Place): void {
  const { byOwner } = peopleOf(url, state);

  it("stays signed in, and says so, where the server does not end the session", async () => {
    const { page } = await signedIn("/search");
    await page.waitForSelector("#question");
    await page.route("**/v1/sessions", (route) =>
      route.request().method() === "DELETE" ? route.abort() : route.continue(),
    );
    await page.click("text=Sign out");
    await page.waitForSelector("text=You are still signed in");
    expect(await pictured(page, "still-signed-in")).toEqual([]);
    await page.unroute("**/v1/sessions");
    await page.click("text=Sign out");
    await page.waitForSelector("#email");
    const status = await page.evaluate(async () => (await fetch("v1/sessions/current")).status);
    expect(status).toBe(401);
  });

  it("gives nobody what another one has begun to write in the same tab", async () => {
    const { page } = await signedIn("/publish");
    await page.fill("#new-title", "A diary");
    await page.fill("#new-body", "Nobody else may read this.");
    // As a tab of its own that was opened meanwhile: it knows nobody who wrote there.
    await page.evaluate(() => sessionStorage.removeItem("wishub-drafts-of"));
    const scopes = ["search", "units:read", "units:write"];
    const made = await byOwner("POST", "/v1/keys", { name: "Next", scopes });
    await page.evaluate(() => fetch("v1/sessions", { method: "DELETE" }));
    await page.evaluate(() => localStorage.removeItem("wishub-signed-in"));
    await page.reload();
    await page.click("main summary");
    await page.fill("#api-key", (made as { apiKey: string }).apiKey);
    await page.press("#api-key", "Enter");
    await page.waitForSelector("#new-title");
    expect(await page.inputValue("#new-title")).toBe("");
  });

  it("shows an agent's new key on no other agent's screen", async () => {
    const ids: string[] = [];
    for (const name of ["Key keeper", "Key finder"]) {
      const about = { name, type: "query", description: "Waits.", capabilities: [] };
      ids.push(((await byOwner("POST", "/v1/agents", about)) as { id: string }).id);
    }
    const [keeper = "", finder = ""] = ids;
    const { page } = await signedIn(`/agent/${finder}`);
    await page.waitForSelector('h1:text-is("Key finder")');
    const goTo = (id: string) => page.evaluate((to) => location.assign(`#/agent/${to}`), id);
    await goTo(keeper);
    await page.waitForSelector('h1:text-is("Key keeper")');
    await page.fill("#key-name", "Secret");
    await page.press("#key-name", "Enter");
    await page.waitForSelector(".new-key code");
    await goTo(finder);
    await page.waitForSelector('h1:text-is("Key finder")');
    expect(await page.locator(".new-key code").count()).toBe(0);
  });

  it("asks again what one may do where the server did not say", async () => {
    const { page } = await signedIn("/search");
    await page.waitForSelector("#question");
    const decisions = "**/v1/policies/decisions";
    await page.route(decisions, (route) =>
      route.fulfill({ status: 500, contentType: "application/json", body: "{}" }),
    );
    await page.reload();
    await page.waitForSelector("main [role=alert] button");
    expect(await pictured(page, "rights-unknown")).toEqual([]);
    await page.unroute(decisions);
    await page.click("main [role=alert] button");
    await page.waitForSelector("#question");
  });

  it("holds no stream while nobody sees it, and has missed nothing when somebody does", async () => {
    const { page, complaints } = await signedIn("/agents");
    await page.waitForSelector('h1:text-is("Agents")');
    const hide = (isHidden: boolean) =>
      page.evaluate((now) => {
        Object.defineProperty(document, "hidden", { value: now, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, isHidden);
    const ended = page.waitForEvent("requestfailed", (request) =>
      request.url().includes("/v1/events"),
    );
    await hide(true);
    await ended;
    const about = { name: "Night watch", type: "query", description: "Waits.", capabilities: [] };
    await byOwner("POST", "/v1/agents", about);
    expect(await page.locator("li >> text=Night watch").count()).toBe(0);
    await hide(false);
    await page.waitForSelector("li >> text=Night watch");
    expect(complaints).toEqual([]);
  });

  it("does once what is sent again after its answer was lost", async () => {
    const { page } = await signedIn("/webhooks/new");
    const name = "https://hooks.example.com/lost-answer";
    await page.fill("#webhook-url", name);
    await page.fill("#webhook-events", "custom.*");
    await page.route("**/v1/webhooks", async (route) => {
      if (route.request().method() !== "POST") return await route.continue();
      await route.fetch();
      await route.abort();
    });
    await page.press("#webhook-url", "Enter");
    await page.waitForSelector("form [role=alert]");
    await page.unroute("**/v1/webhooks");
    await page.press("#webhook-url", "Enter");
    await page.waitForSelector("text=whsec_");
    const { items } = (await byOwner("GET", "/v1/webhooks")) as {
      items: { id: string; url: string }[];
    };
    const mine = items.filter(({ url: at }) => at === name);
    expect(mine).toHaveLength(1);
    // The journey of webhooks begins where there are none.
    for (const { id } of mine) await byOwner("DELETE", `/v1/webhooks/${id}`);
  });
}
