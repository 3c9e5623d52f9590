import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import { samlKeys } from "#tests/node/saml-provider.ts";
import { PASSWORD, peopleOf } from "./person.ts";

/** Who belongs to the account: inviting, roles, erasing with a certificate, and signing in by a provider of their own. */
export function memberJourneys({ signedIn, visit, url, state }: Place): void {
  const { linkTo, post } = peopleOf(url, state);

  it(
    "invites somebody, sees them join, gives them a role, and erases them with a certificate",
    { timeout: 120_000 },
    async () => {
      const email = "tess@example.org";
      const { page, complaints } = await signedIn("/people");
      await page.waitForSelector('h1:text-is("People")');
      await page.waitForSelector("text=No invitation is open.");
      await page.click("main >> text=Invite somebody");
      await page.fill("#invite-email", "tess at example");
      await page.press("#invite-email", "Enter");
      await page.waitForSelector("#invite-email-error");
      expect(await pictured(page, "invite")).toEqual([]);
      await page.fill("#invite-email", email);
      await page.selectOption("#invite-role", "viewer");
      await page.press("#invite-email", "Enter");
      await page.waitForSelector(`.invitations >> text=${email}`);
      expect(await pictured(page, "people-invited")).toEqual([]);

      const token = /wl0_\w+/.exec(await linkTo(email, "invitation"))?.[0];
      const body = { token, name: "Tess Tide", password: PASSWORD };
      expect((await post("/v1/invitations/accept", body)).status).toBe(201);
      const member = page.locator(".member", { hasText: "Tess Tide" });
      await member.waitFor();
      await page.waitForSelector("text=No invitation is open.");
      await page.focus("[aria-label='Role of Tess Tide']");
      await page.keyboard.press("Enter");
      await page.selectOption("#member-role", "auditor");
      await page.waitForSelector("text=Reads, and the audit log and the policy too.");
      expect(await pictured(page, "member-role")).toEqual([]);
      await page.click("[role=dialog] >> text=Save");
      await member.locator("text=auditor").waitFor();

      const hers = await visit("/");
      await hers.page.fill("#email", email);
      await hers.page.fill("#password", PASSWORD);
      await hers.page.press("#password", "Enter");
      await hers.page.click("nav a >> text=People");
      await hers.page.waitForSelector(".member >> text=you");
      expect(await hers.page.locator("main button").count()).toBe(0);
      expect(hers.complaints).toEqual([]);

      await page.click("[aria-label='Erase Tess Tide']");
      await page.selectOption("#erase-units", "erase");
      expect(await pictured(page, "member-erase")).toEqual([]);
      await page.click("[role=dialog] button >> text=Erase");
      await page.click(".erasures summary >> text=done");
      await page.waitForSelector(".certificate >> text=Ed25519");
      await member.waitFor({ state: "detached" });
      expect(await pictured(page, "people")).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );

  it("withdraws an invitation only once it was asked whether it should", async () => {
    const email = "nobody@example.org";
    const { page, complaints } = await signedIn("/people");
    await page.click("main >> text=Invite somebody");
    await page.fill("#invite-email", email);
    await page.press("#invite-email", "Enter");
    await page.click(`[aria-label='Withdraw the invitation of ${email}']`);
    await page.click("[role=dialog] >> text=Cancel");
    await page.waitForSelector(`.invitations >> text=${email}`);
    await page.click(`[aria-label='Withdraw the invitation of ${email}']`);
    await page.click("[role=dialog] button >> text=Withdraw");
    await page.waitForSelector(`.invitations >> text=${email}`, { state: "detached" });
    expect(complaints).toEqual([]);
  });

  it("connects an identity provider, turns it off, and disconnects it", async () => {
    const { page, complaints } = await signedIn("/people");
    await page.click("main >> text=Connect an identity provider");
    await page.fill("#provider-issuer", "not an address");
    await page.press("#provider-issuer", "Enter");
    await page.waitForSelector("#provider-issuer-error");
    await page.waitForSelector("#provider-name-error");
    expect(await pictured(page, "provider")).toEqual([]);
    await page.selectOption("#provider-protocol", "saml");
    await page.fill("#provider-name", "Harbour school");
    await page.fill("#provider-entityId", "https://idp.example/entity");
    await page.fill("#provider-ssoUrl", "https://idp.example/sso");
    await page.fill("#provider-certificate", samlKeys().certificate);
    await page.fill("#provider-rules", "groups = harbour = captain");
    await page.press("#provider-name", "Enter");
    await page.waitForSelector("#provider-rules-error");
    await page.fill("#provider-rules", "groups = harbour = member");
    await page.press("#provider-name", "Enter");
    const provider = page.locator(".providers > li", { hasText: "Harbour school" });
    await provider.locator("text=/sso/f0_.*/metadata$/").waitFor();
    await provider.locator("text=/^on$/").waitFor();
    await provider.locator("li >> text=groups = harbour").waitFor();
    expect(await pictured(page, "providers")).toEqual([]);
    await provider.locator("text=Turn off").click();
    await provider.locator("text=/^off$/").waitFor();
    await page.click("[aria-label='Disconnect Harbour school']");
    await page.click("[role=dialog] button >> text=Disconnect");
    await provider.waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });
}
