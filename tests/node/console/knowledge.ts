import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { peopleOf } from "#tests/node/console/person.ts";
import { pictured, type Place, tabTo } from "#tests/node/in-browser.ts";

async function publishes(page: Page, title: string, body: string) {
  await page.waitForSelector("#new-title");
  await page.fill("#new-title", title);
  await page.fill("#new-body", body);
  await page.press("#new-title", "Enter");
  await page.waitForSelector("text=It is searchable now.");
}

/** Publishing, watching, finding, reading. */
export function knowledgeJourneys({ signedIn, url, state }: Place): void {
  it("publishes a unit, shows its way live, finds it and explains the score", async () => {
    const { page, complaints } = await signedIn("/publish");
    await page.waitForSelector("#new-title");
    expect(await pictured(page, "publish")).toEqual([]);
    await publishes(
      page,
      "How a lighthouse is recognised",
      "Each lighthouse has **its own rhythm** of flashes, so that a sailor can tell which one it is at night.",
    );
    expect(await pictured(page, "published")).toEqual([]);
    await page.keyboard.press("g");
    await page.keyboard.press("s");
    await page.waitForSelector('h1:text-is("Search")');
    await page.keyboard.press("/");
    await page.keyboard.type("how does a sailor know which lighthouse it is");
    const hit = page.locator(".hit", { hasText: "How a lighthouse is recognised" }).first();
    await hit.locator("summary").click();
    const parts = await hit.locator(".part .number").allTextContents();
    const score = Number(await hit.locator(".score").textContent());
    expect(parts.map(Number).reduce((sum, part) => sum + part, 0)).toBeCloseTo(score, 2);
    expect(await pictured(page, "search")).toEqual([]);
    await hit.locator("a", { hasText: /^L\d/ }).hover();
    await page.waitForSelector(".checks li");
    expect(await pictured(page, "search-evidence")).toEqual([]);
    await hit.locator("h2 a").click();
    await page.waitForSelector(".ladder [aria-current=step]");
    await page.waitForSelector(".checks li");
    expect(await page.textContent(".prose-unit strong")).toBe("its own rhythm");
    expect(await pictured(page, "unit")).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("finds a unit with a question in another language", async () => {
    const { page, complaints } = await signedIn("/search");
    await page.waitForSelector('h1:text-is("Search")');
    await page.fill("#question", "灯塔怎样辨认");
    await page.waitForSelector(".hit >> text=How a lighthouse is recognised");
    expect(complaints).toEqual([]);
  });

  it("lists what a unit is linked with, and draws it, also for whoever has no mouse", async () => {
    const { byOwner } = peopleOf(url, state);
    const made = async (title: string, links: object[]) =>
      (await byOwner("POST", "/v1/units", {
        title,
        body: `${title}: every word of it was checked by a keeper.`,
        links,
      })) as { id: string };
    const rope = await made("How rope is laid", []);
    const knot = await made("How a bowline is tied", [{ rel: "requires", unitId: rope.id }]);
    const rival = await made("Why no knot is needed", []);
    const mooring = await made("How a boat is moored", [
      { rel: "extends", unitId: knot.id },
      { rel: "contradicts", unitId: rival.id },
    ]);
    const { page, complaints } = await signedIn(`/unit/${mooring.id}`);
    await page.waitForSelector(".unit-links >> text=How a bowline is tied");
    expect(await page.locator(".unit-links li").allInnerTexts()).toEqual([
      expect.stringMatching(/^extends\s+How a bowline is tied/),
      expect.stringMatching(/^contradicts\s+Why no knot is needed/),
    ]);
    const boxes = page.locator(".unit-graph .react-flow__node");
    await boxes.filter({ hasText: "How rope is laid" }).waitFor();
    expect(await boxes.count()).toBe(4);
    expect(await page.locator(".unit-graph .react-flow__edge").count()).toBe(3);
    expect(await pictured(page, "unit-links")).toEqual([]);
    await tabTo(page, boxes.filter({ hasText: "How rope is laid" }).locator("a"));
    await page.keyboard.press("Enter");
    await page.waitForSelector('h1:text-is("How rope is laid")');
    expect(complaints).toEqual([]);
  });

  it("tells who used a unit and what builds on it, and of other accounts how many", async () => {
    const { byOwner, readerElsewhere } = peopleOf(url, state);
    const made = (path: string, body: object) =>
      byOwner("POST", path, body) as Promise<{ id: string; apiKey: string }>;
    const sail = await made("/v1/units", {
      title: "How a torn sail is mended",
      body: "With a flat seam, from the whole cloth towards the tear.",
      visibility: "public",
    });
    const { page, complaints } = await signedIn(`/unit/${sail.id}`);
    await page.waitForSelector("text=No agent or program has read it yet.");
    await page.waitForSelector("text=No unit that you may read links to it yet.");
    await page.waitForSelector("main >> text=L3");
    expect(await pictured(page, "unit-unused")).toEqual([]);
    const reads = async (apiKey: string, times: number) => {
      const headers = { Authorization: `Bearer ${apiKey}` };
      for (let i = 0; i < times; i++)
        expect((await fetch(`${url()}/v1/units/${sail.id}`, { headers })).status).toBe(200);
    };
    const names = [
      "Sailmaker",
      "A rigger whose name is as long as the list of all the ropes it minds",
      "Boatswain",
    ];
    for (const [at, name] of names.entries()) {
      const about = { name, type: "query", description: "Keeps the ship.", capabilities: [] };
      const { id } = await made("/v1/agents", about);
      const scopes = { name: "Program", scopes: ["units:read"] };
      await reads((await made(`/v1/agents/${id}/keys`, scopes)).apiKey, at + 1);
    }
    await reads(await readerElsewhere("mate@example.org"), 2);
    const links = [{ rel: "extends", unitId: sail.id }];
    const body = "Wax keeps the thread from rotting, and the hand from slipping.";
    await made("/v1/units", { title: "How sail thread is waxed", body, links });
    // What links to it is told by an event, and with it comes who has read it meanwhile.
    await page.waitForSelector(".unit-built-on >> text=How sail thread is waxed");
    await page.waitForSelector(".unit-users >> text=Boatswain");
    const rows = page.locator(".unit-users li");
    expect(await rows.count()).toBe(4);
    expect(await rows.filter({ hasText: "Boatswain" }).innerText()).toContain("3 reads");
    expect(await rows.last().innerText()).toMatch(/^1 other account\s+2 reads$/);
    await page.waitForSelector(".unit-built-on >> text=extends");
    expect(await pictured(page, "unit-used")).toEqual([]);
    await tabTo(page, rows.filter({ hasText: "Sailmaker" }).locator("a"));
    await page.keyboard.press("Enter");
    await page.waitForSelector('h1:text-is("Sailmaker")');
    expect(complaints).toEqual([]);
  });

  it("shows what a unit says as text, whatever it says", async () => {
    const { page, complaints } = await signedIn("/publish");
    const title = "Angle brackets <img src=/x onerror=alert(1)> in a title";
    await publishes(
      page,
      title,
      "A page must show <script>alert(1)</script> and [a link](javascript:alert(1)) as the words they are.",
    );
    await page.click("text=Open the unit");
    await page.waitForSelector(".prose-unit p");
    expect(await page.textContent("h1")).toBe(title);
    expect(await page.locator("main :is(img, script, a[href^=javascript])").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it("says beside a field what the server's schema says of it, and loses nothing typed on a reload", async () => {
    const { page, complaints } = await signedIn("/publish");
    await page.fill("#new-title", "Half a thought");
    await page.fill("#new-source", "gopher://elsewhere.example");
    await page.press("#new-title", "Enter");
    await page.waitForSelector("#new-body-error");
    expect(await page.textContent("#new-source-error")).toContain("http or https");
    expect(await pictured(page, "publish-refused")).toEqual([]);
    await page.reload();
    await page.waitForSelector("#new-title");
    expect(await page.inputValue("#new-title")).toBe("Half a thought");
    expect(complaints).toEqual([]);
  });

  it("keeps what was typed when the session ends, and goes on with it after signing in", async () => {
    const { page } = await signedIn("/publish");
    await page.fill("#new-title", "How moss tells north");
    await page.fill("#new-body", "It grows where it is damp, which is no compass.");
    await page.evaluate(() => fetch("v1/sessions", { method: "DELETE" }));
    await page.press("#new-title", "Enter");
    await page.waitForSelector("#email");
    expect(await page.textContent(".problem")).toContain("session has ended");
    expect(await page.evaluate("sessionStorage.length")).toBeGreaterThan(0);
  });

  it("imports files, a unit each, and says which were refused", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wishub-import-"));
    const put = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const { page, complaints } = await signedIn("/publish");
    await page.setInputFiles("#import-files", [
      put("tides.md", "# How tides turn\n\nTwice a day, by the moon and the sun together."),
      put("more.ndjson", '{"title":"Why fog lifts","body":"The sun warms it."}\n{"title":""}\n'),
      put("picture.png", "no text"),
    ]);
    await page.waitForSelector("text=2 of 3 taken, 1 refused");
    await page.waitForSelector("text=2 searchable");
    await page.waitForSelector("text=1 file was left out");
    await page.click("summary >> text=Refused");
    expect(await page.textContent(".import-progress details")).toContain("more.ndjson:2");
    expect(await pictured(page, "import")).toEqual([]);
    expect(complaints).toEqual([]);
    rmSync(folder, { recursive: true });
  });
}
