import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { barriers, type Place } from "#tests/node/in-browser.ts";
import { peopleOf, PASSWORD } from "./person.ts";

const OTHER_PASSWORD = "copper lantern estuary";

async function type(page: Page, id: string, text: string) {
  await page.fill(`#${id}`, text);
}

async function signIn(page: Page, email: string, password = PASSWORD) {
  await type(page, "email", email);
  await type(page, "password", password);
  await page.press("#password", "Enter");
}

const isIn = (page: Page) => page.waitForSelector("nav a", { state: "attached" });
const heading = (page: Page) => page.locator(".place h2");
async function says(page: Page, title: string) {
  await page.waitForSelector(`.place h2:text-is("${title}")`);
  expect(await barriers(page)).toEqual([]);
}

/** The links of their mails, signing in, and coming back to the page that sent them. */
export function peopleJourneys({ url, state, visit }: Place): void {
  const { byOwner, linkTo, person, post, registered, withAuthenticator } = peopleOf(url, state);

  it("signs somebody up and in by nothing but the keyboard, and says who they are", async () => {
    const { page, complaints } = await visit("/");
    const email = "grete@example.org";
    await page.locator("text=Sign up").focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector('.place h2:text-is("Sign up")');
    await page.keyboard.type(email); // the field has the focus
    await page.keyboard.press("Enter");
    await says(page, "Look into your mail");

    await page.goto(url() + (await linkTo(email, "sign-up")));
    await says(page, "Finish signing up");
    expect(page.url().replace(/#.*$/, "")).toBe(`${url()}/`);
    expect(page.url()).not.toContain("wl0_"); // the secret is in no address bar
    await page.locator("#name").focus();
    await page.keyboard.type("Grete");
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await says(page, "You are signed up");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");

    await page.waitForSelector("#email");
    await page.locator("#email").focus();
    await page.keyboard.type(email);
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await isIn(page);
    await page.click("nav a >> text=You");
    await page.waitForSelector(".you dd");
    const facts = (await page.locator(".you dd").allTextContents()).join(", ");
    expect(facts).toBe(`Grete, ${email}, Grete, owner, none yet`);
    expect(await barriers(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("says plainly that a link was used, or is not whole", async () => {
    const email = "twice@example.org";
    await post("/v1/sign-up", { email });
    const link = await linkTo(email, "sign-up");
    const token = /wl0_\w+/.exec(link)?.[0];
    await post("/v1/sign-up/complete", { token, name: "Ada", password: PASSWORD });
    const { page } = await visit(link);
    await type(page, "name", "Ada");
    await type(page, "new-password", PASSWORD);
    await page.press("#new-password", "Enter");
    await says(page, "This link works no more");
    const part = await visit(link.slice(0, link.indexOf("&")));
    await says(part.page, "This link is not whole");
  });

  it("tells a wrong password in a sentence, and nothing of who is here", async () => {
    await person("known@example.org");
    const { page } = await visit("/");
    const told: (string | null)[] = [];
    for (const email of ["known@example.org", "nobody@example.org"]) {
      await signIn(page, email, "not my password at all");
      await page.waitForSelector(".place .problem:not(:empty)");
      told.push(await page.textContent(".place .problem:not(:empty)"));
    }
    expect(told[0]).toContain("do not belong together");
    expect(told[1]).toBe(told[0]);
    expect(await page.evaluate("document.activeElement.id")).toBe("password");
  });

  it("asks for the second factor of whoever has one: a code of their app, or a recovery code", async () => {
    const email = "factor@example.org";
    await person(email);
    const app = await withAuthenticator(email);
    const { page } = await visit("/");
    await signIn(page, email);
    await says(page, "Your second factor");
    await page.keyboard.type("000 000");
    await page.keyboard.press("Enter");
    await page.waitForSelector("text=That code is not right");
    await type(page, "factor-code", app.next());
    await page.press("#factor-code", "Enter");
    await isIn(page);
    await page.click("text=Sign out");
    await signIn(page, email);
    await type(page, "factor-code", app.recoveryCodes[0] ?? "");
    await page.press("#factor-code", "Enter");
    await isIn(page);
  });

  it("sets a new password by a mailed link, and makes a device known by another", async () => {
    const email = "forgot@example.org";
    await person(email);
    const { page, complaints } = await visit("/");
    await type(page, "email", email);
    await page.click("text=Forgot your password?");
    expect(await page.inputValue("#email")).toBe(email);
    await page.press("#email", "Enter");
    await says(page, "Look into your mail");
    await page.goto(url() + (await linkTo(email, "password-reset")));
    await says(page, "Set a new password");
    await type(page, "new-password", OTHER_PASSWORD);
    await page.press("#new-password", "Enter");
    await says(page, "Your new password is set");
    await page.click(".place .primary");

    await page.click("text=Asked to wait?");
    await type(page, "email", email);
    await page.press("#email", "Enter");
    await says(page, "Look into your mail");
    await page.goto(url() + (await linkTo(email, "new-device")));
    await says(page, "Know this device");
    await page.click(".place .primary");
    await says(page, "This device is known");
    const names = (await page.context().cookies(`${url()}/v1/sessions`)).map(({ name }) => name);
    expect(names).toEqual(["wishub_device"]);
    await page.click(".place .primary");
    await signIn(page, email, OTHER_PASSWORD);
    await isIn(page);
    expect(complaints).toEqual([]);
  });

  it("lets in who is invited: somebody new with an account of their own, somebody here as a member", async () => {
    const email = "guest@example.org";
    await byOwner("POST", "/v1/invitations", { email, newAccount: true });
    const { page } = await visit(await linkTo(email, "invitation"));
    await says(page, "You are invited");
    await type(page, "name", "Guest");
    await type(page, "new-password", "password");
    await type(page, "account-name", "Tide tables");
    await page.press("#account-name", "Enter");
    await page.waitForSelector("text=Choose another password");
    await type(page, "new-password", PASSWORD);
    await page.press("#account-name", "Enter");
    await says(page, "You have joined");

    await person("here@example.org");
    await byOwner("POST", "/v1/invitations", { email: "here@example.org", role: "viewer" });
    const second = await visit(await linkTo("here@example.org", "invitation"));
    await second.page.click("text=I have signed up before");
    await type(second.page, "password", PASSWORD);
    await second.page.press("#password", "Enter");
    await says(second.page, "You have joined");
  });

  it("signs in by a passkey alone", async () => {
    const email = "passkey@example.org";
    await person(email);
    const { page, complaints } = await visit("/");
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("WebAuthn.enable");
    await devtools.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
      },
    });
    await signIn(page, email);
    await isIn(page);
    const status = await page.evaluate(async (password) => {
      const post = (path: string, body: object) =>
        fetch(path, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(body),
        });
      const { publicKey } = await (
        await post("/v1/people/me/passkeys/options", { password })
      ).json();
      const asked = PublicKeyCredential.parseCreationOptionsFromJSON(publicKey);
      const made = await navigator.credentials.create({ publicKey: asked });
      const response = (made as PublicKeyCredential).toJSON();
      const { challenge } = publicKey;
      return (await post("/v1/people/me/passkeys", { challenge, name: "Laptop", response })).status;
    }, PASSWORD);
    expect(status).toBe(201);
    await page.click("text=Sign out");
    await page.click("text=Sign in with a passkey");
    await isIn(page);
    await page.click("nav a >> text=You");
    await page.waitForSelector("text=passkeys: 1");
    expect(complaints).toEqual([]);
  });

  it("knows a session that an identity provider opened, and believes no address that says so", async () => {
    const email = "single@example.org";
    await person(email);
    const { page } = await visit("/#signed-in");
    await page.waitForSelector("#email");
    await page.evaluate(
      async (body) => {
        const headers = { "Content-Type": "application/json" };
        await fetch("/v1/sessions", { method: "POST", headers, body });
        location.hash = "signed-in";
        location.reload();
      },
      JSON.stringify({ email, password: PASSWORD }),
    );
    await isIn(page);
    expect(page.url()).not.toContain("signed-in");
  });

  it("comes back to the page that sent somebody to sign in, and then to prove their factor", async () => {
    const email = "consent@example.org";
    await person(email);
    const { page } = await visit(await registered());
    await page.click('a:text-is("Sign in")');
    await signIn(page, email);
    await page.waitForSelector('h1:text-is("Prove your second factor")');
    await page.click("text=Prove it");
    await says(page, "You have no second factor yet");
    const app = await withAuthenticator(email);
    await page.reload();
    await says(page, "Prove your second factor");
    await page.keyboard.type(app.next());
    await page.keyboard.press("Enter");
    const told = page.waitForRequest((request) => request.url().startsWith("http://127.0.0.1:9/"));
    await page.click("text=Allow");
    expect(new URL((await told).url()).searchParams.get("code")).toMatch(/^w/);
    const device = "/oauth/device?user_code=BCDF-GHJK";
    const other = await page.context().newPage(); // signed in by now, so sent on at once
    await other.goto(`${url()}/?next=${encodeURIComponent(device)}`);
    await other.waitForURL(url() + device);
  });

  it("goes on to nobody else's page, whatever its address says", async () => {
    const email = "redirect@example.org";
    await person(email);
    for (const next of ["https://elsewhere.example/oauth/device", "//elsewhere.example", "/docs"]) {
      const { page, complaints } = await visit(`/?next=${encodeURIComponent(next)}`);
      await signIn(page, email);
      await isIn(page);
      expect(new URL(page.url()).pathname).toBe("/");
      expect(complaints).toEqual([]);
    }
  });

  it("speaks Chinese and fits a small dark screen at each step", async () => {
    const look = { colorScheme: "dark", width: 360, locale: "zh-CN" } as const;
    const { page, complaints } = await visit("/", look);
    const fits = async () => {
      await page.waitForSelector("h1");
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
      expect(await barriers(page)).toEqual([]);
    };
    await fits();
    await page.click("text=用 API 密钥登录");
    await fits();
    await page.click("text=忘记密码？");
    expect(await heading(page).textContent()).toBe("设置新密码");
    await fits();
    for (const kind of ["sign-up", "new-account", "password-reset", "new-device"]) {
      await page.goto(`${url()}/#link=wl0_none&for=${kind}`);
      await page.waitForFunction(() => !location.hash.includes("link="));
      await fits();
    }
    expect(complaints).toEqual([]);
  });
}
