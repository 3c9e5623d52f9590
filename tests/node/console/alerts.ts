import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import type { Receiver } from "#tests/node/webhook-receiver.ts";
import { PASSWORD, peopleOf, POLLED } from "./person.ts";

/** Host samples come every 15 seconds, and the screen reads again every 10. */
const FIRES_MS = 60_000;

/** Setting a rule, silencing what it says, and what the objectives draw. */
export function alertJourneys({ signedIn, visit, url, state }: Place, receiver: Receiver): void {
  it(
    "sets a rule, sees it fire by itself, silences it, and puts both back",
    { timeout: 120_000 },
    async () => {
      const { page, complaints } = await signedIn("/alerts");
      await page.waitForSelector('h1:text-is("Alerts and objectives")');
      await page.locator(".objectives > li").first().waitFor();
      expect(await page.locator(".objectives > li").count()).toBe(6);
      expect(await page.textContent(".objectives > li:has-text('Inference')")).toContain("99.95 %");
      const rule = page.locator(".rules > li", { hasText: "memory-high" });
      expect(await rule.textContent()).toContain("system.memory above 85 % for 60 s");
      expect(await pictured(page, "alerts")).toEqual([]);

      await page.click("[aria-label='Edit memory-high']");
      expect(await page.inputValue("#rule-above")).toBe("85");
      await page.fill("#rule-above", "");
      await page.press("#rule-above", "Enter");
      await page.waitForSelector("#rule-above-error >> text=A number is needed.");
      expect(await pictured(page, "alert-rule")).toEqual([]);
      await page.fill("#rule-above", "0.5");
      await page.fill("#rule-seconds", "0");
      await page.press("#rule-above", "Enter");
      await rule.locator("text=changed").waitFor();
      expect(await rule.textContent()).toContain("above 0.5 % for 0 s");

      const firing = page.locator(".standing > li", { hasText: "memory-high" });
      await firing.waitFor({ timeout: FIRES_MS });
      expect(await firing.textContent()).toMatch(/critical · firing.*the bound is 0.5 %/);
      expect(await pictured(page, "alert-firing")).toEqual([]);
      await firing.locator("text=Silence").click();
      await page.fill("#silence-reason", "Moving to a larger host.");
      expect(await pictured(page, "alert-silence")).toEqual([]);
      await page.press("#silence-reason", "Enter");
      await firing.locator("text=silenced").waitFor();
      const silence = page.locator(".silences > li", { hasText: "Moving to a larger host." });
      await silence.locator("text=End it").click();
      await page.waitForSelector("text=Nothing is silenced.");

      await page.click("[aria-label='Reset memory-high']");
      await firing.waitFor({ state: "detached" });
      await page.click("summary >> text=Recently over");
      await page.waitForSelector(".over > li >> text=memory-high");
      expect(await rule.textContent()).toContain("above 85 % for 60 s");
      expect(complaints).toEqual([]);
    },
  );

  it("makes a rule of one's own, and tells a program of alerts, which one can try", async () => {
    const { page, complaints } = await signedIn("/alerts");
    await page.click("main >> text=Make a rule");
    await page.fill("#rule-id", "memory-high");
    await page.press("#rule-id", "Enter");
    await page.waitForSelector("#rule-id-error >> text=Another rule is called so.");
    await page.waitForSelector("#rule-above-error >> text=A number is needed.");
    await page.fill("#rule-id", "gpu-backlog");
    await page.selectOption("#rule-signal", "queue.backlog");
    await page.fill("#rule-above", "500");
    await page.fill("#rule-labels", "queue=gpu");
    await page.fill("#rule-description", "The GPU is behind.");
    expect(await pictured(page, "alert-own-rule")).toEqual([]);
    await page.press("#rule-id", "Enter");
    const rule = page.locator(".rules > li", { hasText: "gpu-backlog" });
    await rule.locator("text=your own").waitFor();
    expect(await rule.textContent()).toContain("queue.backlog above 500 for 60 s");
    await page.click("[aria-label='Edit gpu-backlog']");
    await page.fill("#rule-above", "750");
    await page.press("#rule-above", "Enter");
    await rule.locator("text=above 750").waitFor();
    await rule.locator("text=queue gpu").waitFor();

    await page.click("main >> text=Add a route");
    await page.press("#route-place", "Enter");
    await page.waitForSelector("#route-place-error");
    await page.selectOption("#route-kind", "webhook");
    await page.fill("#route-place", receiver.url);
    await page.uncheck("#route-info");
    await page.fill("#route-rules", "gpu-backlog");
    expect(await pictured(page, "alert-route")).toEqual([]);
    await page.press("#route-place", "Enter");
    await page.waitForSelector("[role=dialog] .new-key code");
    receiver.secret = (await page.textContent("[role=dialog] .new-key code")) ?? "";
    expect(await pictured(page, "alert-route-added")).toEqual([]);
    await page.click("[role=dialog] >> text=Done");
    const heard = receiver.received.length;
    await page.click(`[aria-label='Try it: Webhook ${receiver.url}']`);
    await page.waitForSelector("text=A test is on its way.");
    await expect.poll(() => receiver.received.length, POLLED).toBe(heard + 1);
    await page.locator(".routes").scrollIntoViewIfNeeded();
    expect(await pictured(page, "alert-routes")).toEqual([]);
    await page.click(`[aria-label='Remove Webhook ${receiver.url}']`);
    await page.click("[role=dialog] button >> text=Remove");
    await page.waitForSelector("text=Nobody is told yet");
    await page.click("[aria-label='Remove gpu-backlog']");
    await rule.waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });

  it("notifies a browser that was asked, also of what it is told while no page is open", async () => {
    const { page, complaints } = await signedIn("/alerts");
    await page.context().grantPermissions(["notifications"]);
    const devtools = await page.context().newCDPSession(page);
    const registered = new Promise<string>((done) =>
      devtools.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
        const [one] = registrations;
        if (one !== undefined) done(one.registrationId);
      }),
    );
    await devtools.send("ServiceWorker.enable");
    // The push service of the browser's maker is elsewhere, and nothing here asks it.
    await page.evaluate(() => {
      PushManager.prototype.subscribe = () => {
        const keys = { p256dh: "B".repeat(87), auth: "a".repeat(22) };
        const subscription = { endpoint: "https://push.example/one", keys };
        return Promise.resolve({ toJSON: () => subscription } as unknown as PushSubscription);
      };
    });
    await page.click("main >> text=Notify this browser");
    await page.waitForSelector("text=This browser is notified.");
    await page.waitForSelector(".browsers >> text=https://push.example");
    const push = {
      origin: url(),
      registrationId: await registered,
      data: JSON.stringify({ title: "memory-high", body: "97 %", tag: "alert-1" }),
    };
    // A push service delivers at least once; Chromium drops what reaches a worker within its first tenth of a second.
    const shown = async () => {
      await devtools.send("ServiceWorker.deliverPushMessage", push);
      return page.evaluate(async () => {
        const [registration] = await navigator.serviceWorker.getRegistrations();
        const all = (await registration?.getNotifications()) ?? [];
        return all.map(({ title, body }) => `${title}: ${body}`);
      });
    };
    await expect.poll(shown, POLLED).toEqual(["memory-high: 97 %"]);
    await page.click("[aria-label='Remove https://push.example']");
    await page.waitForSelector(".browsers >> text=None yet.");
    expect(complaints).toEqual([]);
  });

  it("asks for no objectives where they are another account's", async () => {
    const email = "watcher@example.org";
    await peopleOf(url, state).person(email);
    const { page, complaints } = await visit("/");
    await page.fill("#email", email);
    await page.fill("#password", PASSWORD);
    await page.press("#password", "Enter");
    await page.click("nav a >> text=Alerts");
    const rules = page.locator(".rules > li");
    await rules.first().waitFor();
    expect((await rules.allTextContents()).join()).not.toContain("system.memory");
    expect(await page.locator("text=Service level objectives").count()).toBe(0);
    await page.waitForSelector("text=Nothing is wrong");
    expect(await pictured(page, "alerts-calm")).toEqual([]);
    expect(complaints).toEqual([]);
  });
}
