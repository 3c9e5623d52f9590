import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import { ownerOf } from "#tests/node/owner.ts";
import { peopleOf } from "./person.ts";

/** The audit log as it is written, and the proofs that it was not written anew. */
export function auditJourneys({ signedIn, url, state }: Place): void {
  const { byOwner } = peopleOf(url, state);
  /** A key that was made and revoked, which the log tells of by its id. */
  async function revokedKey(name: string): Promise<string> {
    const made = (await byOwner("POST", "/v1/keys", { name, scopes: ["search"] })) as {
      id: string;
    };
    const { status } = await fetch(`${url()}/v1/keys/${made.id}`, {
      method: "DELETE",
      headers: { Authorization: `Bearer ${ownerOf(state()).apiKey}` },
    });
    expect(status).toBe(204);
    return made.id;
  }

  it("shows what is recorded as it happens, unfolds an entry, and proves it", async () => {
    const { page, complaints } = await signedIn("/audit");
    await page.waitForSelector('h1:text-is("Audit log")');
    await page.locator(".entry").first().waitFor();
    const id = await revokedKey("Watched otter");
    const entry = page.locator(".entry", { hasText: id }).filter({ hasText: "ended 204" });
    await entry.waitFor();
    expect(await pictured(page, "audit")).toEqual([]);
    await entry.locator("summary").focus();
    await page.keyboard.press("Enter");
    await entry.locator("text=Hash of the one before").waitFor();
    await entry.locator("text=Prove this entry").click();
    await entry.locator(".proof >> text=The installation signed that root").waitFor();
    const proof = await entry.locator(".proof").textContent();
    expect(proof).toContain("What is hashed is this text");
    expect(proof).toMatch(/leads to the root of \d+ entries by a proof of \d+ hash/);
    expect(await pictured(page, "audit-entry")).toEqual([]);

    await entry.locator(`[aria-label="only these: ${id}"]`).click();
    await page.waitForFunction((key) => location.hash.includes(`resource=${key}`), id);
    await expect.poll(() => page.locator(".entry").count()).toBe(3);
    expect(await page.inputValue("#audit-resource")).toBe(id);
    await page.selectOption("#audit-phase", "refused");
    await page.press("#audit-action", "Enter");
    await page.waitForSelector("text=No entry is like that");
    expect(await page.getAttribute("a[download]", "href")).toBe(`${url()}/v1/audit/export`);
    expect(complaints).toEqual([]);
  });

  it("verifies the log, and keeps a head by which this browser finds out one that was rewritten", async () => {
    const { page, complaints } = await signedIn("/audit");
    await page.locator(".entry").first().waitFor();
    const found = page.locator(".found");
    await page.click("text=Verify the log");
    await found.locator("text=The log is whole").waitFor();
    expect(await found.textContent()).toMatch(/\d+ entries were hashed anew/);
    expect(await found.textContent()).toContain("This browser keeps this head now");
    // A head is published within a second of the last entry; what is read may be what was found the time before.
    await expect
      .poll(
        async () => {
          await page.click("text=Verify the log");
          return await found.textContent();
        },
        { timeout: 20_000, interval: 1_000 },
      )
      .toMatch(
        /published heads? (is|are) signed.*newest published head, of \d+ entries, leads.*The head that this browser kept, of \d+ entries/s,
      );
    expect(await found.locator("code").textContent()).toMatch(/^[0-9a-f]{64}$/);
    expect(await pictured(page, "audit-verified")).toEqual([]);

    await page.evaluate(() => {
      for (const [name, kept] of Object.entries(localStorage)) {
        if (!name.startsWith("wishub-audit-head:")) continue;
        const { size } = JSON.parse(String(kept)) as { size: number };
        localStorage.setItem(name, JSON.stringify({ size, root: "ab".repeat(32) }));
      }
    });
    await page.click("text=Verify the log");
    await found.locator("text=The log is not what it was").waitFor();
    expect(await found.textContent()).toContain("the log was rewritten or cut");
    expect(await pictured(page, "audit-rewritten")).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("tells which entry the server found changed", async () => {
    const { page } = await signedIn("/audit");
    await page.locator(".entry").first().waitFor();
    const head = { size: 9, root: "cd".repeat(32) };
    const wrong = { seq: 3, reason: "changed" };
    await page.route("**/v1/audit/verify", (route) =>
      route.fulfill({ json: { valid: false, entries: 9, head, wrong } }),
    );
    await page.click("text=Verify the log");
    await page.waitForSelector(".found >> text=Entry 3 was changed");
    expect(await page.textContent(".found")).toContain("The log is not what it was");
    expect(await page.evaluate("Object.keys(localStorage).join()")).not.toContain("audit-head");
  });

  it("leaves whoever reads where they are, though more comes than one page holds", async () => {
    const { page } = await signedIn("/audit");
    const first = page.locator(".entry").first();
    await first.waitFor();
    const read = await first.textContent();
    await page.route(/\/v1\/audit\?/, async (route) => {
      const { items } = (await (await route.fetch()).json()) as { items: { seq: number }[] };
      const newest = (items[0]?.seq ?? 0) + 1_000;
      const come = items.map((each, at) => ({ ...each, seq: newest - at }));
      await route.fulfill({ json: { items: come, nextCursor: "more" } });
    });
    await byOwner("POST", "/v1/keys", { name: "Much comes", scopes: ["search"] });
    await page.waitForSelector("[role=status] >> text=Something changed");
    expect(await first.textContent()).toBe(read);
    // What is being answered would find its page gone.
    await page.unrouteAll({ behavior: "wait" });
  });
}
