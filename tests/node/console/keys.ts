import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import { PASSWORD, peopleOf } from "./person.ts";

type Made = { id: string; apiKey: string };

/** Making, rotating and revoking the keys of an account. */
export function keyJourneys({ signedIn, visit, url, state }: Place): void {
  const { byOwner, person } = peopleOf(url, state);
  const scopesOf = async (apiKey: string): Promise<string[] | number> => {
    const answer = await fetch(`${url()}/v1/sessions/current`, {
      headers: { Authorization: `Bearer ${apiKey}` },
    });
    return answer.ok ? ((await answer.json()) as { scopes: string[] }).scopes : answer.status;
  };

  it("makes a key by the keyboard, shows it once, rotates it, and revokes it with what was made with it", async () => {
    const { page, complaints } = await signedIn("/keys");
    await page.waitForSelector('h1:text-is("API keys")');
    const named = (name: string) => page.locator(`.key:has(> div > span:text-is("${name}"))`);
    await page.waitForSelector(".key >> text=you are signed in with it");
    expect(await pictured(page, "keys")).toEqual([]);

    await page.locator("main button", { hasText: "Make a key" }).press("Enter");
    await page.press("#key-name", "Enter");
    await page.waitForSelector("#key-scopes-error >> text=Choose at least one");
    expect(await page.textContent("#key-name-error")).toBe("Something has to stand here.");
    expect(await page.evaluate("document.activeElement.id")).toBe("key-name");
    expect(await pictured(page, "key-refused")).toEqual([]);
    await page.keyboard.type("Night otter");
    for (const scope of ["search", "keys"]) {
      await page.focus(`#key-scope-${scope}`);
      await page.keyboard.press("Space");
    }
    await page.selectOption("#key-life", "30");
    await page.press("#key-name", "Enter");
    const secret = page.locator(".new-key code");
    const first = (await secret.textContent()) ?? "";
    expect(await scopesOf(first)).toEqual(["search", "keys"]);
    await named("Night otter").waitFor();
    expect(await pictured(page, "key-made")).toEqual([]);

    // What others make is heard of; it ends with its maker at the latest.
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const cub = await fetch(`${url()}/v1/keys`, {
      method: "POST",
      headers: { Authorization: `Bearer ${first}`, "Content-Type": "application/json" },
      body: JSON.stringify({ name: "Otter cub", scopes: ["search"], expiresAt }),
    });
    expect(cub.status).toBe(201);
    await named("Otter cub").locator("text=made with Night otter").waitFor();

    await page.click("[aria-label='Rotate Night otter']");
    await page.selectOption("#key-overlap", "0");
    expect(await pictured(page, "key-rotate")).toEqual([]);
    await page.press("#key-overlap", "Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await named("Night otter").filter({ hasText: "replaced" }).waitFor();
    const second = (await secret.textContent()) ?? "";
    expect(second).not.toBe(first);
    expect(await scopesOf(second)).toEqual(["search", "keys"]);
    await expect.poll(() => scopesOf(first), { timeout: 10_000 }).toBe(401);

    const now = named("Night otter").filter({ hasNotText: "replaced" });
    await now.locator("text=Revoke").click();
    await page.waitForSelector("text=The key made with it ends too: Otter cub.");
    expect(await pictured(page, "key-revoke")).toEqual([]);
    await page.locator("[role=dialog] button", { hasText: "Revoke" }).click();
    await now.waitFor({ state: "detached" });
    await named("Otter cub").waitFor({ state: "detached" });
    await expect.poll(() => scopesOf(second), { timeout: 10_000 }).toBe(401);
    expect(complaints).toEqual([]);
  });

  it("keeps a question in front of the screen while others push its row out of sight", async () => {
    const named = async (name: string) => {
      const made = await byOwner("POST", "/v1/keys", { name, scopes: ["search"] });
      return (made as Made).id;
    };
    const id = await named("Slow otter");
    const { page, complaints } = await signedIn("/keys");
    await page.click("[aria-label='Rotate Slow otter']");
    await page.selectOption("#key-overlap", "604800");
    const others = Array.from({ length: 40 }, (_, n) => `Quick otter ${n}.`);
    for (const name of others) await named(name);
    await page.waitForSelector(".key >> text=Quick otter 39.", { state: "attached" });
    expect(await page.locator(".key >> text=Quick otter 0.").count()).toBe(0);
    expect(await page.inputValue("#key-overlap")).toBe("604800");
    await page.press("#key-overlap", "Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".new-key code");
    const { replacedById, expiresAt } = (await byOwner("GET", `/v1/keys/${id}`)) as {
      replacedById: string | null;
      expiresAt: string;
    };
    expect(replacedById).not.toBeNull();
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(6 * 86_400_000);
    expect(complaints).toEqual([]);
  });

  it("knows who made a key and all that end with it, also what no page of the list has shown yet", async () => {
    const make = async (name: string, by: { apiKey: string }): Promise<Made> => {
      const answer = await fetch(`${url()}/v1/keys`, {
        method: "POST",
        headers: { Authorization: `Bearer ${by.apiKey}`, "Content-Type": "application/json" },
        body: JSON.stringify({ name, scopes: ["search", "keys"] }),
      });
      return (await answer.json()) as Made;
    };
    const mother = (await byOwner("POST", "/v1/keys", {
      name: "Mother otter",
      scopes: ["search", "keys"],
    })) as Made;
    const eldest = await make("Eldest", mother);
    for (let n = 0; n < 100; n++) await make(`Pup ${n}`, mother);
    await make("Grandchild", eldest);
    // Who made the newest stands on the next page, and is told all the same; so is who may turn it into another.
    const own = await visit("/");
    await own.page.click("main summary");
    await own.page.fill("#api-key", mother.apiKey);
    await own.page.press("#api-key", "Enter");
    await own.page.click("nav a >> text=API keys");
    await own.page.waitForSelector(".key >> text=made with Eldest");
    await own.page.waitForSelector("[aria-label='Rotate Grandchild']");
    expect(await pictured(own.page, "keys-own")).toEqual([]);
    expect(own.complaints).toEqual([]);
    // It is the newest then, and those that it takes over reach to the next page.
    await byOwner("POST", `/v1/keys/${mother.id}/rotate`, { overlapSeconds: 0 });
    const { page, complaints } = await signedIn("/keys");
    await page.locator("[aria-label='Revoke Mother otter']").first().click();
    await page.waitForSelector("text=The 102 keys made with it end too: ");
    expect(await pictured(page, "key-revoke-many")).toEqual([]);
    await page.locator("[role=dialog] button", { hasText: "Revoke" }).click();
    await page.locator(".key", { hasText: "Pup 99" }).waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });

  it("says which rule keeps keys and the audit log from whoever may not see them", async () => {
    const scopes = ["search", "units:read"];
    const made = await byOwner("POST", "/v1/keys", { name: "Only reading", scopes });
    const { page, complaints } = await visit("/");
    await page.click("main summary");
    await page.fill("#api-key", (made as Made).apiKey);
    await page.press("#api-key", "Enter");
    await page.waitForSelector("nav a >> text=Search");
    expect(await page.locator("nav a", { hasText: /API keys|Audit log/ }).count()).toBe(0);
    for (const [screen, scope] of [
      ["keys", "keys"],
      ["audit", "audit"],
    ]) {
      await page.evaluate((hash) => location.assign(hash), `#/${screen}`);
      await page.waitForSelector(`text=needs the scope ${scope}`);
    }
    expect(await pictured(page, "keys-forbidden")).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("keeps what was typed while a second factor is asked for", async () => {
    const email = "keyless@example.org";
    await person(email);
    const { page } = await visit("/");
    await page.fill("#email", email);
    await page.fill("#password", PASSWORD);
    await page.press("#password", "Enter");
    await page.click("nav a >> text=API keys");
    await page.waitForSelector("text=No keys");
    expect(await pictured(page, "keys-none")).toEqual([]);
    await page.locator("main button", { hasText: "Make a key" }).click();
    await page.fill("#key-name", "For later");
    await page.click("#key-scope-search");
    await page.press("#key-name", "Enter");
    await page.waitForSelector("text=You have no second factor yet");
    await page.click(".place .primary");
    await page.waitForSelector("#key-name");
    expect(await page.inputValue("#key-name")).toBe("For later");
    expect(await page.isChecked("#key-scope-search")).toBe(true);
  });
}
