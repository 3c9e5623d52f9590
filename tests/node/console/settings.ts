import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import { accountClient, application, person, REDIRECT } from "#tests/node/oauth-person.ts";
import { ownerOf } from "#tests/node/owner.ts";
import { PASSWORD, peopleOf } from "./person.ts";

/** The example of RFC 7636, appendix B. */
const VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/** What an account is, may ask for and used. */
export function settingJourneys({ signedIn, visit, url, state }: Place): void {
  it("tells of the account, and changes its region and its bound on models", async () => {
    const { page, complaints } = await signedIn("/settings");
    await page.waitForSelector('h1:text-is("Settings")');
    await page.locator(".usage li").first().waitFor();
    await page.locator(".collections > li").nth(1).waitFor();
    await page.waitForSelector("text=This plan bounds no requests");
    await page.waitForSelector("text=Tokens today");
    expect(await pictured(page, "settings")).toEqual([]);

    const region = page.locator("main dd", { hasText: "western Europe" });
    await page.selectOption("#account-region", "weur");
    await page.click("form:has(#account-region) button[type=submit]");
    await region.waitFor();
    await page.waitForSelector("text=Saved.");
    await page.selectOption("#account-region", "none");
    await page.click("form:has(#account-region) button[type=submit]");
    await region.waitFor({ state: "detached" });

    await page.fill("#models-bound", "a lot");
    await page.press("#models-bound", "Enter");
    await page.waitForSelector("#models-bound-error >> text=A whole number is needed.");
    expect(await pictured(page, "settings-refused")).toEqual([]);
    await page.fill("#models-bound", "5000");
    await page.press("#models-bound", "Enter");
    await page.waitForSelector(".models >> text=of 5,000");
    await page.fill("#models-bound", "");
    await page.press("#models-bound", "Enter");
    await page.waitForSelector(".models >> text=of 5,000", { state: "detached" });

    await page.selectOption("#usage-over", "month");
    await expect.poll(() => page.locator("ol[aria-label='What was used'] > li").count()).toBe(30);
    const href = await page.getAttribute("a[download]", "href");
    expect(href).toBe(`${url()}/v1/account/export`);
    expect(complaints).toEqual([]);
  });

  it("says beside the region why it cannot be chosen", async () => {
    const { page } = await signedIn("/settings");
    await page.selectOption("#account-region", "eu");
    await page.click("form:has(#account-region) button[type=submit]");
    await page.waitForSelector("#account-region-error >> text=nothing inside a jurisdiction");
  });

  it("shows how much of a plan's limits is used, and asks for a second factor before an export", async () => {
    const email = "limited@example.org";
    await peopleOf(url, state).person(email);
    const { page, complaints } = await visit("/", { colorScheme: "dark", width: 360 });
    await page.fill("#email", email);
    await page.fill("#password", PASSWORD);
    await page.press("#password", "Enter");
    await page.waitForSelector("nav a", { state: "attached" });
    await page.evaluate(() => location.assign("#/settings"));
    await page.locator(".limits progress").nth(2).waitFor();
    expect(await page.textContent(".limits")).toMatch(/standard.*\d+ of 12,000.*of 2,000,000/s);
    await page.waitForSelector("text=Prove your second factor to export");
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    expect(await pictured(page, "settings-limited")).toEqual([]);
    expect(complaints).toEqual([]);
    await page.click("text=Prove your second factor to export");
    await page.waitForSelector("text=You have no second factor yet");
  });

  it("lists who may act here, by consent or because the account registered it, and ends both", async () => {
    const { page, complaints } = await signedIn("/settings");
    await page.waitForSelector("text=No application acts for anybody here.");
    const owner = { ...ownerOf(state()), url: url() };
    const { client_id } = await application(owner, ["authorization_code", "refresh_token"]);
    const asked = new URLSearchParams({
      response_type: "code",
      client_id,
      redirect_uri: REDIRECT,
      scope: "search",
      code_challenge: CHALLENGE,
      code_challenge_method: "S256",
    });
    const consent = `${url()}/oauth/authorize?${asked.toString()}`;
    const code = (await (await person(owner)).answers(consent)).searchParams.get("code") ?? "";
    const taken = await fetch(`${url()}/oauth/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        client_id,
        redirect_uri: REDIRECT,
        code,
        code_verifier: VERIFIER,
      }),
    });
    expect(taken.status).toBe(200);
    await accountClient(owner, { client_name: "Night import" });

    const grant = page.locator(".grants > li", { hasText: "Application" });
    await grant.locator("text=search").waitFor();
    const client = page.locator(".clients > li", { hasText: "Night import" });
    await client.waitFor();
    expect(await pictured(page, "settings-applications")).toEqual([]);
    await page.click('[aria-label="End Application"]');
    await page.locator("[role=dialog] button", { hasText: "End" }).click();
    await page.waitForSelector("text=No application acts for anybody here.");
    await page.click('[aria-label="Revoke Night import"]');
    await page.locator("[role=dialog] button", { hasText: "Revoke" }).click();
    await client.waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });

  it("registers an application by the keyboard, shows its secret once, and it signs in with it", async () => {
    const { page, complaints } = await signedIn("/settings");
    await page.locator("main button", { hasText: "Register an application" }).press("Enter");
    await page.press("#client-name", "Enter");
    await page.waitForSelector("#client-name-error");
    await page.waitForSelector("#client-redirects-error");
    await page.waitForSelector("#client-scopes-error >> text=Choose at least one");
    expect(await page.evaluate("document.activeElement.id")).toBe("client-name");
    expect(await pictured(page, "settings-register-refused")).toEqual([]);
    await page.keyboard.type("Tide table");
    await page.reload();
    await page.waitForSelector("#client-name");
    expect(await page.inputValue("#client-name")).toBe("Tide table");
    await page.fill("#client-redirects", "javascript:alert(1)");
    await page.focus("#client-scope-search");
    await page.keyboard.press("Space");
    await page.press("#client-name", "Enter");
    await page.waitForSelector("#client-name-error", { state: "detached" });
    await page.waitForSelector("#client-redirects-error >> text=At least one is needed");
    await page.selectOption("#client-kind", "itself");
    await page.press("#client-name", "Enter");
    const secret = (await page.textContent(".registered .new-key code")) ?? "";
    const id = (await page.textContent(".registered code")) ?? "";
    const client = page.locator(".clients > li", { hasText: "Tide table" });
    await client.locator("text=search").waitFor();
    expect(await pictured(page, "settings-registered")).toEqual([]);
    const asks = () =>
      fetch(`${url()}/oauth/token`, {
        method: "POST",
        headers: { Authorization: `Basic ${btoa(`${id}:${secret}`)}` },
        body: new URLSearchParams({ grant_type: "client_credentials" }),
      });
    const taken = await asks();
    expect(await taken.json()).toMatchObject({ token_type: "Bearer", scope: "search" });

    await page.locator("main button", { hasText: "Register an application" }).press("Enter");
    await page.fill("#client-name", "Tide app");
    await page.selectOption("#client-kind", "app");
    await page.fill("#client-redirects", "com.example.tide:/back");
    await page.check("#client-scope-search");
    await page.press("#client-name", "Enter");
    await page.waitForSelector(".registered >> text=It has no secret");
    await page.locator(".clients > li", { hasText: "Tide app" }).waitFor();
    await page.click('[aria-label="Revoke Tide table"]');
    await page.locator("[role=dialog] button", { hasText: "Revoke" }).click();
    await client.waitFor({ state: "detached" });
    expect((await asks()).status).toBe(401);
    expect(complaints).toEqual([]);
  });

  it("speaks Chinese and fits a small dark screen on each screen of the account", async () => {
    const look = { colorScheme: "dark", width: 360, locale: "zh-CN" } as const;
    const { page, complaints } = await signedIn("/keys?make=true", look);
    for (const [screen, shown] of [
      ["keys?make=true", ".key"],
      ["audit", ".entry"],
      ["settings", ".usage li"],
      ["review", "main h2"],
    ] as const) {
      await page.evaluate((hash) => location.assign(hash), `#/${screen}`);
      await page.locator(shown).first().waitFor();
      if (screen === "audit") {
        await page.click("text=验证日志");
        await page.waitForSelector(".found >> text=日志完整");
        await page.locator(".entry summary").first().click();
        await page.locator(".entry >> text=证明此记录").first().click();
        await page.waitForSelector(".proof");
      }
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
      expect(await pictured(page, `small-${screen.split("?", 1).join()}`)).toEqual([]);
    }
    expect(complaints).toEqual([]);
  });
}
