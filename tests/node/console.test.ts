import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { barriers, inBrowser, type Look } from "./in-browser.ts";

// The console and the API explorer in a real browser, against the product as `npm start` serves it.

const { product, state, visit } = inBrowser();

const apiKey = () =>
  (JSON.parse(readFileSync(`${state()}/credentials.json`, "utf8")) as { apiKey: string }).apiKey;

async function signedIn(look: Look = {}) {
  const visited = await visit("/", look);
  await visited.page.click("main summary");
  await visited.page.fill("#api-key", apiKey());
  await visited.page.press("#api-key", "Enter");
  await visited.page.waitForSelector("#question");
  return visited;
}

describe("the console", { timeout: 60_000 }, () => {
  it("offers sign-in to anybody, without a failing request or a barrier", async () => {
    const { page, complaints } = await visit("/");
    await page.waitForSelector("#email");
    expect(await page.title()).toBe("WisHub · Sign in");
    expect(await barriers(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("signs in by the printed link once, and takes the code out of the address", async () => {
    const link = /^console (\S+)$/m.exec(product().output())?.[1] ?? "";
    const { page, complaints } = await visit(link.slice(product().url.length));
    await page.waitForSelector("#question");
    expect(page.url()).toBe(`${product().url}/`);
    expect(complaints).toEqual([]);
    const second = await visit(link.slice(product().url.length));
    await second.page.waitForSelector("#email");
    expect(await second.page.textContent(".problem")).toContain("used already");
  });

  it("publishes a unit, shows its way until it is searchable, finds it and explains the score", async () => {
    const { page, complaints } = await signedIn();
    await page.click(".top > .primary");
    await page.fill("#new-title", "How a lighthouse is recognised");
    await page.fill(
      "#new-body",
      "Each lighthouse has **its own rhythm** of flashes, so that a sailor can tell which one it is at night.",
    );
    expect(await barriers(page)).toEqual([]);
    await page.click("#publish-dialog .fields .primary");
    await page.waitForSelector("text=It is searchable now.");
    await page.keyboard.press("Escape");
    await page.keyboard.press("/");
    await page.keyboard.type("how does a sailor know which lighthouse it is");
    const hit = page.locator(".hit", { hasText: "How a lighthouse is recognised" }).first();
    await hit.locator("summary").click();
    const parts = await hit.locator(".part .number").allTextContents();
    const score = Number(await hit.locator(".score").textContent());
    expect(parts.map(Number).reduce((sum, part) => sum + part, 0)).toBeCloseTo(score, 2);
    expect(await barriers(page)).toEqual([]);
    await hit.locator("h2 a").click();
    await page.waitForSelector(".checks li");
    expect(await page.textContent("dialog[open] strong")).toBe("its own rhythm");
    expect(await barriers(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("shows what a unit says as text, whatever it says", async () => {
    const { page, complaints } = await signedIn();
    await page.click(".top > .primary");
    const title = "Angle brackets <img src=/x onerror=alert(1)> in a title";
    await page.fill("#new-title", title);
    await page.fill(
      "#new-body",
      "A page must show <script>alert(1)</script> and [a link](javascript:alert(1)) as the words they are.",
    );
    await page.click("#publish-dialog .fields .primary");
    await page.waitForSelector("#publish-dialog [role=status] a");
    await page.click("#publish-dialog [role=status] a");
    await page.waitForSelector("dialog[open] .prose");
    expect(await page.textContent("#unit-title")).toBe(title);
    expect(await page.locator("dialog[open] :is(img, script, a[href^=javascript])").count()).toBe(
      0,
    );
    expect(complaints).toEqual([]);
  });

  it("speaks Chinese and fits a small dark screen without a barrier", async () => {
    const { page, complaints } = await signedIn({
      colorScheme: "dark",
      width: 360,
      locale: "zh-CN",
    });
    await page.waitForSelector(".numbers strong");
    expect(await page.getAttribute("html", "lang")).toBe("zh");
    expect(await page.textContent("h1")).toBe("搜索已知的知识");
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    expect(await barriers(page)).toEqual([]);
    await page.click("text=English");
    expect(await page.textContent("h1")).toBe("Search what is known");
    expect(complaints).toEqual([]);
  });

  it("signs out", async () => {
    const { page, complaints } = await signedIn();
    await page.click("text=Sign out");
    await page.waitForSelector("#email");
    const status = await page.evaluate<number>(
      "fetch('/v1/sessions/current').then((response) => response.status)",
    );
    expect(status).toBe(401);
    expect(complaints.filter((complaint) => !complaint.includes("401"))).toEqual([]);
  });
});

describe("the API explorer", { timeout: 60_000 }, () => {
  it("shows the operations, from nothing but the product itself", async () => {
    const { page, complaints } = await visit("/docs");
    await page.waitForSelector("text=Whether the process answers");
    expect(complaints).toEqual([]);
  });
});

describe("the page that asks a person to let an application act for them", () => {
  it(
    "takes the answer of a browser that was sent there from elsewhere",
    { timeout: 60_000 },
    async () => {
      const { page } = await signedIn();
      const redirect = "http://127.0.0.1:9/callback";
      const made = await fetch(`${product().url}/oauth/register`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({
          client_name: "Otter's notebook",
          redirect_uris: [redirect],
          token_endpoint_auth_method: "none",
        }),
      });
      const { client_id } = (await made.json()) as { client_id: string };
      const asked = new URLSearchParams({
        response_type: "code",
        client_id,
        redirect_uri: redirect,
        scope: "search",
        code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        code_challenge_method: "S256",
      });
      await page.goto("about:blank");
      const link = `${product().url}/oauth/authorize?${asked.toString()}`;
      await page.setContent(`<a href="${link.replaceAll("&", "&amp;")}">go</a>`);
      await page.click("a");
      const told = page.waitForRequest((request) => request.url().startsWith(redirect));
      await page.click("text=Allow");
      expect(new URL((await told).url()).searchParams.get("code")).toMatch(/^w/);
    },
  );
});
