import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import type { Task } from "#sdk/tasks.ts";
import { peopleOf } from "#tests/node/console/person.ts";
import { pictured, type Place, shotOf } from "#tests/node/in-browser.ts";

const PHONE_PX = 390;
const ROWS = 100_000;
const A_PAGE = 1_000;

/** What makes the page wider than the screen: the smallest parts without which it would fit. */
const tooWide = (page: Page) =>
  page.evaluate(() => {
    const root = document.documentElement;
    const isTooWide = () => root.scrollWidth > root.clientWidth;
    const fitsWithout = (each: HTMLElement): boolean => {
      const before = each.style.display;
      each.style.display = "none";
      const fits = !isTooWide();
      each.style.display = before;
      return fits;
    };
    const guilty = (each: HTMLElement): string[] => {
      const within = [...each.children].filter(
        (child): child is HTMLElement => child instanceof HTMLElement && fitsWithout(child),
      );
      if (within.length > 0) return within.flatMap(guilty);
      return [`${each.tagName} ${each.className}: ${(each.textContent ?? "").slice(0, 40)}`];
    };
    return isTooWide() ? guilty(document.body) : [];
  });

/** Whether a screen is no wider than a phone, in both directions of writing; pictures are kept of both. */
async function fits(page: Page, path: string, name: string): Promise<void> {
  const before = await page.evaluate((wanted) => {
    const isThere = location.hash === wanted || (wanted === "#/" && location.hash === "");
    const heading = isThere ? null : document.querySelector("main h1");
    location.assign(wanted);
    return heading?.textContent ?? null;
  }, `#${path}`);
  await page.waitForFunction(
    (left) => (document.querySelector("main h1")?.textContent ?? left) !== left,
    before,
  );
  await page.locator("main .skeleton-line").first().waitFor({ state: "detached" });
  expect(await tooWide(page), path).toEqual([]);
  expect(await pictured(page, name), path).toEqual([]);
  await page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
  expect(await tooWide(page), `${path} from the right`).toEqual([]);
  await page.screenshot({ path: shotOf(`${name}-rtl`), fullPage: true });
  await page.evaluate(() => document.documentElement.removeAttribute("dir"));
}

/** Phones, languages that are written from the right, and lists that never end. */
export function sizeJourneys({ signedIn, url, state }: Place): void {
  it(
    "fits a phone on every screen, from the left and from the right",
    { timeout: 240_000 },
    async () => {
      const { page, complaints } = await signedIn("/", { width: PHONE_PX });
      const offered = await page
        .locator("nav a")
        .evaluateAll((links) => links.map((each) => (each as HTMLAnchorElement).hash.slice(1)));
      expect(offered.length).toBeGreaterThan(8);
      for (const path of [...offered, "/agents/new", "/tasks/new"]) {
        await fits(page, path, `phone-${path.slice(1).replace("/", "-") || "overview"}`);
      }
      expect(complaints).toEqual([]);
    },
  );

  it("keeps what is very long within a phone", { timeout: 120_000 }, async () => {
    const { byOwner } = peopleOf(url, state);
    const made = async (path: string, body: object) =>
      ((await byOwner("POST", path, body)) as { id: string }).id;
    const word = "Donaudampfschifffahrtsgesellschaft".repeat(5);
    const body = `${word}\n\n\`\`\`\n${word} ${word}\n\`\`\`\n\n| a | b |\n| ${word} | ${word} |\n\n[${word}](https://example.org/${word})`;
    const source = { url: `https://example.org/${word}`, quote: word };
    const first = await made("/v1/units", {
      title: word,
      body,
      tags: ["w".repeat(40)],
      sources: [source],
    });
    const links = [{ rel: "extends", unitId: first }];
    const second = await made("/v1/units", { title: `${word} II`, body: `II ${body}`, links });
    const agent = await made("/v1/agents", {
      name: word.slice(0, 100),
      type: "query",
      description: word,
      capabilities: Array.from({ length: 6 }, (_, n) => `${n}${"c".repeat(39)}`),
    });
    const task = await made("/v1/tasks", {
      type: `${"t".repeat(30)}.${"u".repeat(30)}`,
      input: {},
      requires: ["r".repeat(40)],
    });
    const { page, complaints } = await signedIn("/", { width: PHONE_PX });
    await fits(page, `/unit/${first}`, "phone-long-unit");
    await fits(page, `/unit/${second}`, "phone-long-links");
    await fits(page, `/agent/${agent}`, "phone-long-agent");
    await fits(page, `/task/${task}`, "phone-long-task");
    for (const path of ["/", "/search?q=Donaudampfschifffahrtsgesellschaft", "/agents", "/tasks"])
      await fits(page, path, `phone-long-${path.replaceAll(/\W+/g, "").slice(0, 6) || "home"}`);
    await byOwner("POST", `/v1/tasks/${task}/cancel`, {});
    expect(complaints).toEqual([]);
  });

  it(
    "stays quick with 100,000 rows, and says that something changed instead of reading them all again",
    { timeout: 120_000 },
    async () => {
      const { page, complaints } = await signedIn();
      let asked = 0;
      // The console's own part is tried here: so many tasks take the server minutes to make.
      await page.route(/\/v1\/tasks\?/, async (route) => {
        asked += 1;
        const from = Number(new URL(route.request().url()).searchParams.get("cursor") ?? 0);
        const items = Array.from({ length: A_PAGE }, (_, n) => taskNumber(from + n));
        const next = from + A_PAGE;
        await route.fulfill({ json: { items, nextCursor: next < ROWS ? String(next) : null } });
      });
      await page.evaluate(() => location.assign("#/tasks"));
      await page.waitForSelector("main li >> text=row.0");
      const toEnd = () => page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
      while (asked < ROWS / A_PAGE) {
        const before = asked;
        const further = async () => {
          await toEnd();
          return asked;
        };
        await expect.poll(further, { interval: 5, timeout: 20_000 }).toBeGreaterThan(before);
      }
      await expect
        .poll(async () => {
          await toEnd();
          return await page.locator("main li", { hasText: `row.${ROWS - 1}` }).count();
        })
        .toBeGreaterThan(0);
      expect(await page.locator("main li").count()).toBeLessThan(80);
      const drawnMs = (part: number) =>
        page.evaluate(
          (share) =>
            new Promise<number>((drawn) => {
              const beganMs = performance.now();
              scrollTo(0, document.documentElement.scrollHeight * share);
              requestAnimationFrame(() => setTimeout(() => drawn(performance.now() - beganMs)));
            }),
          part,
        );
      // The best of three, since other tests have their part of the machine.
      const tries = [await drawnMs(0.5), await drawnMs(0.25), await drawnMs(0.75)];
      expect(Math.min(...tries)).toBeLessThan(500);
      await page.screenshot({ path: shotOf("tasks-100000") });
      const read = asked;
      await page.evaluate(() =>
        fetch("v1/tasks", {
          method: "POST",
          headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() },
          body: JSON.stringify({ type: "sizes.one", input: {} }),
        }),
      );
      await page.click("text=Something changed. Show it");
      await page.waitForSelector("main li >> text=row.0");
      expect(asked).toBe(read + 1);
      expect(complaints).toEqual([]);
    },
  );
}

const taskNumber = (n: number): Task => ({
  id: `t${n}`,
  type: `row.${n}`,
  pool: "account",
  state: n % 3 === 0 ? "completed" : "submitted",
  priority: 4,
  requires: [],
  createdAt: new Date(Date.UTC(2026, 0, 1) - n * 1_000).toISOString(),
  deadline: null,
  attempts: 0,
  attemptsMax: 3,
  leasedUntil: null,
  progress: null,
  endedAt: null,
  cause: null,
  reason: null,
});
