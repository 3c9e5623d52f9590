import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import type { Task } from "#sdk/tasks.ts";
import { pictured, type Place, shotOf } from "#tests/node/in-browser.ts";

const PHONE_PX = 390;
const ROWS = 100_000;
const A_PAGE = 1_000;

/** What is wider than the screen, but for what scrolls by itself. */
const tooWide = (page: Page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const sticksOut = (each: Element) => {
      const { left, right } = each.getBoundingClientRect();
      return right > clientWidth + 1 || left < -1;
    };
    return [...document.querySelectorAll("main *, header *, aside *")]
      .filter(sticksOut)
      .slice(0, 5)
      .map((each) => `${each.tagName} ${each.className.toString().slice(0, 60)}`)
      .concat(`${scrollWidth} px`);
  });

/** Phones, languages that are written from the right, and lists that never end. */
export function sizeJourneys({ signedIn }: Place): void {
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
        await page.evaluate((hash) => location.assign(hash), `#${path}`);
        await page.waitForFunction(
          (wanted) => location.hash === `#${wanted}` && document.querySelector("main h1") !== null,
          path,
        );
        await page.locator("main .skeleton-line").first().waitFor({ state: "detached" });
        const name = `phone-${path.slice(1).replace("/", "-") || "overview"}`;
        expect(await tooWide(page), path).toEqual([]);
        expect(await pictured(page, name), path).toEqual([]);
        await page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
        expect(await tooWide(page), `${path} from the right`).toEqual([]);
        await page.screenshot({ path: shotOf(`${name}-rtl`), fullPage: true });
        await page.evaluate(() => document.documentElement.removeAttribute("dir"));
      }
      expect(complaints).toEqual([]);
    },
  );

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
      const drawnMs = await page.evaluate(
        () =>
          new Promise<number>((drawn) => {
            const beganMs = performance.now();
            scrollTo(0, document.documentElement.scrollHeight / 2);
            requestAnimationFrame(() => setTimeout(() => drawn(performance.now() - beganMs)));
          }),
      );
      expect(drawnMs).toBeLessThan(500);
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
