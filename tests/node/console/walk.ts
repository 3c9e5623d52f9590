import type { Locator, Page } from "playwright-core";
import { expect, it } from "vitest";
import { WisHub } from "#sdk/client.ts";
import { pictured, type Place, tabTo } from "#tests/node/in-browser.ts";

/** How somebody uses the console: with nothing but a mouse, or nothing but a keyboard. */
type Hand = {
  name: "mouse" | "keyboard";
  /** Goes to a screen of the frame. */
  goTo(page: Page, screen: string): Promise<void>;
  write(page: Page, field: string, text: string): Promise<void>;
  press(page: Page, place: Locator): Promise<void>;
};

const mouse: Hand = {
  name: "mouse",
  goTo: async (page, screen) => {
    await page.click(`nav a >> text="${screen}"`);
    await page.waitForSelector(`h1:text-is("${screen}")`);
  },
  write: async (page, field, text) => {
    await page.click(field);
    // As an on-screen keyboard or dictation gives it: no key is pressed.
    await page.keyboard.insertText(text);
  },
  press: async (_, place) => await place.click(),
};

const keyboard: Hand = {
  name: "keyboard",
  goTo: async (page, screen) => {
    await page.keyboard.press("Control+k");
    await page.waitForSelector("[role=dialog] input");
    await page.keyboard.type(screen);
    await page.keyboard.press("Enter");
    await page.waitForSelector(`h1:text-is("${screen}")`);
  },
  write: async (page, field, text) => {
    await tabTo(page, page.locator(field));
    await page.keyboard.type(text);
  },
  press: async (page, place) => {
    await tabTo(page, place);
    await page.keyboard.press("Enter");
  },
};

const STORIES = [
  {
    hand: mouse,
    title: "How an oyster makes a pearl",
    body: "A grain that gets into its shell is covered with **mother-of-pearl**, layer by layer, for years.",
    question: "牡蛎怎样产生珍珠",
    agent: "Jeweller",
    capability: "pearls",
  },
  {
    hand: keyboard,
    title: "Why leaves turn red in autumn",
    body: "A tree takes the green out of its leaves before winter, and what was hidden under it is **seen**.",
    question: "树叶为什么在秋天变红",
    agent: "Gardener",
    capability: "leaves",
  },
];

/** What somebody does on their first day, from a document to a score that they understand. */
export function walkJourneys({ signedIn, url }: Place): void {
  it.each(STORIES)(
    "a newcomer publishes, finds, registers, gives a task and understands a score with the $hand.name alone",
    { timeout: 120_000 },
    async ({ hand, title, body, question, agent, capability }) => {
      const { page, complaints } = await signedIn();
      let step = 0;
      const seen = async (what: string) => {
        const name = `walk-${hand.name}-${++step}-${what}`;
        expect(await pictured(page, name), what).toEqual([]);
      };
      const link = (text: string) => page.locator("main a", { hasText: text }).first();
      const button = (text: string) => page.locator("main button", { hasText: text }).first();

      for (const each of ["What is known", "Who is working", "What it costs", "What is wrong"])
        await page.locator(".number-card", { hasText: each }).locator("strong").waitFor();
      await page.waitForSelector("text=怎样缓存请求的响应？");
      await seen("overview");

      await hand.goTo(page, "Publish");
      await hand.write(page, "#new-title", title);
      await hand.write(page, "#new-body", body);
      await seen("write");
      await hand.press(page, page.locator("main form button[type=submit]").first());
      await page.waitForSelector(".way >> text=It is searchable now.");
      await seen("verified");

      await hand.goTo(page, "Search");
      await hand.write(page, "#question", question);
      const hit = page.locator(".hit").first();
      await hit.locator(`h2:has-text("${title}")`).waitFor();
      await seen("found");

      await hand.goTo(page, "Agents");
      await hand.press(page, link("Register an agent"));
      await hand.write(page, "#agent-name", agent);
      await hand.write(page, "#agent-description", "Explains what is known.");
      await hand.write(page, "#agent-capabilities", capability);
      await seen("register");
      await hand.press(page, page.locator("main form button[type=submit]").first());
      await page.waitForSelector(`h1:text-is("${agent}")`);
      await hand.write(page, "#key-name", "Workshop");
      await hand.press(page, button("Make a key"));
      const key = (await page.textContent(".new-key code")) ?? "";
      await seen("agent");

      const work = worker({ url: url(), apiKey: key, type: `${capability}.explain`, question });
      await hand.press(page, link("Give it a task"));
      await hand.write(page, "#task-type", `${capability}.explain`);
      expect(await page.inputValue("#task-requires")).toBe(capability);
      await seen("give");
      await hand.press(page, page.locator("main form button[type=submit]").first());
      await page.waitForSelector("header >> text=working");
      await page.waitForSelector(`main >> text=${agent}`);
      await seen("working");
      work.goOn();
      await page.waitForSelector(`.result >> text=${title}`);
      await page.waitForSelector("header >> text=completed");
      await seen("done");
      work.stop();

      await hand.goTo(page, "Search");
      await hand.write(page, "#question", question);
      await hit.locator(`h2:has-text("${title}")`).waitFor();
      await hand.press(page, hit.locator("summary"));
      const parts = await hit.locator(".part .number").allTextContents();
      const score = Number(await hit.locator(".score").textContent());
      expect(parts.map(Number).reduce((sum, part) => sum + part, 0)).toBeCloseTo(score, 2);
      await hit.locator("text=Found by translation").waitFor();
      await seen("why");
      expect(complaints).toEqual([]);
    },
  );
}

/** An agent's own program: it looks up what is known, and goes on when it is told to. */
function worker({
  url,
  apiKey,
  type,
  question,
}: Record<"url" | "apiKey" | "type" | "question", string>) {
  const hub = new WisHub({ url, apiKey });
  const { promise, resolve } = Promise.withResolvers<void>();
  const stopped = new AbortController();
  const work = hub.tasks.work(
    [type],
    async (_, tell) => {
      await tell(0.5, "I look it up.");
      await promise;
      const { hits } = await hub.search({ query: question, limit: 1 });
      return { title: hits[0]?.title, text: hits[0]?.snippet };
    },
    { signal: stopped.signal },
  );
  // Its last question for a task goes unanswered when the product ends.
  work.catch((error: unknown) => {
    if (!stopped.signal.aborted) throw error;
  });
  return { goOn: resolve, stop: () => stopped.abort() };
}
