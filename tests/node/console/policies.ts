import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import { ownerOf } from "#tests/node/owner.ts";
import { peopleOf } from "./person.ts";

const RULE = {
  id: "ask-first",
  effect: "forbid",
  actions: ["unit.retract"],
  when: "principal.kind == 'key' && resource.visibility == 'public'",
  reason: "Ask the harbour master.",
};
const textOf = (...rules: object[]): string =>
  JSON.stringify({ otherwise: "allow", rules }, null, 2);

/** Reading and writing the policy, and why something is allowed or refused. */
export function policyJourneys({ signedIn, url, state }: Place): void {
  const { byOwner } = peopleOf(url, state);

  it("offers each key to ask about, however many there are", async () => {
    const made = async (name: string) =>
      ((await byOwner("POST", "/v1/keys", { name, scopes: ["search"] })) as { id: string }).id;
    const first = await made("Old tug");
    for (let n = 0; n < 100; n++) await made(`Tug ${n}`);
    const { page, complaints } = await signedIn("/policies");
    await page.locator(`#explain-who option[value="key ${first}"]`).waitFor({ state: "attached" });
    await page.selectOption("#explain-who", `key ${first}`);
    await page.fill("#explain-action", "unit.retract");
    await page.press("#explain-action", "Enter");
    await page.waitForSelector(".decision >> text=scope:units:write");
    expect(complaints).toEqual([]);
  });

  it(
    "explains decisions, writes the policy with what is wrong beside its line, and puts a version back",
    { timeout: 90_000 },
    async () => {
      await byOwner("POST", "/v1/keys", { name: "Courier", scopes: ["search"] });
      const { page, complaints } = await signedIn("/policies");
      await page.waitForSelector('h1:text-is("Roles and policy")');
      await page.fill("#explain-action", "unit.nothing");
      await page.press("#explain-action", "Enter");
      await page.waitForSelector("#explain-action-error >> text=There is no such action.");
      await page.fill("#explain-action", "unit.retract");
      await page.press("#explain-action", "Enter");
      await page.waitForSelector(".decision >> text=allowed");
      expect(await page.textContent(".decision")).toContain("role:member");
      const courier = await page
        .locator("#explain-who option", { hasText: "Courier" })
        .getAttribute("value");
      await page.selectOption("#explain-who", courier);
      await page.press("#explain-action", "Enter");
      await page.waitForSelector(".decision >> text=scope:units:write");
      expect(await pictured(page, "policies")).toEqual([]);

      await page.click("main >> text=Edit the policy");
      await page.fill("#policy-text", '{\n  "otherwise": "allow",\n  "rules": [{]\n}');
      await page.waitForSelector(".marks >> text=Line 3");
      await page.fill("#policy-text", textOf({ ...RULE, effect: "shun" }));
      await page.click("main >> text=Put in force");
      await page.waitForSelector('.marks >> text="/rules/0/effect"');
      await page.fill("#policy-text", textOf({ ...RULE, when: "resource.tide == 'low'" }));
      await page.click("main >> text=Put in force");
      await page.waitForSelector('.marks >> text="/rules/0/when"');
      await page.click(".marks >> text=Line 10");
      expect(
        await page.$eval("#policy-text", (area) => {
          const { value, selectionStart, selectionEnd } = area as HTMLTextAreaElement;
          return value.slice(selectionStart, selectionEnd);
        }),
      ).toContain("resource.tide");
      expect(await pictured(page, "policy-edit")).toEqual([]);
      await page.reload();
      await page.click("main >> text=Edit the policy");
      expect(await page.inputValue("#policy-text")).toContain("resource.tide");
      // Somebody else is faster.
      const headers = { "If-Match": "*" };
      await fetch(`${url()}/v1/policies`, {
        method: "PUT",
        headers: {
          ...headers,
          "Content-Type": "application/json",
          Authorization: `Bearer ${ownerOf(state()).apiKey}`,
        },
        body: textOf(),
      });
      await page.waitForSelector("text=You began with version");
      await page.fill("#policy-text", textOf(RULE));
      await page.click("main >> text=Put mine in its place");
      await page.click("main >> text=Put in force");
      await page.waitForSelector(".rules >> text=Ask the harbour master.");

      await page.selectOption("#explain-who", "me");
      await page.fill("#explain-action", "unit.retract");
      await page.press("#explain-action", "Enter");
      await page.waitForSelector(".decision >> text=it depends");
      await page.focus(".decision >> text=Go to the rule");
      await page.keyboard.press("Enter");
      expect(await page.evaluate("document.activeElement.id")).toBe("rule-ask-first");
      await page.click(".versions summary >> text=no rules");
      await page.waitForSelector(".versions >> text=Put back");
      expect(await pictured(page, "policy")).toEqual([]);
      await page.click(".versions details[open] >> text=Put back");
      await page.click("[role=dialog] button >> text=Put back");
      await page.waitForSelector(".rules >> text=Ask the harbour master.", { state: "detached" });
      // What was refused by its fields is the server's word, not a broken page.
      expect(complaints.filter((complaint) => !complaint.includes("400"))).toEqual([]);
    },
  );
}
