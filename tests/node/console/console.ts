import { get, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";

/** Coming in and going out, and what another site sends somebody for. */
export function consoleJourneys({ product, url, visit, signedIn }: Place): void {
  it("offers sign-in to anybody, without a failing request or a barrier", async () => {
    const { page, complaints } = await visit("/");
    await page.waitForSelector("#email");
    expect(await page.title()).toBe("WisHub · Sign in");
    expect(await pictured(page, "sign-in")).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("gives its files packed to whoever takes them so, and as they are to others", async () => {
    const [html, read] = [await (await fetch(url())).text(), new Map<string, Buffer>()];
    const [, file = ""] = /src="\.(\/assets\/web\/main-[^"]+)"/.exec(html) ?? [];
    for (const encoding of ["gzip", "identity"]) {
      // Node's fetch would unpack it.
      const answer = await new Promise<IncomingMessage>((done) =>
        get(`${url()}${file}`, { headers: { "Accept-Encoding": encoding } }, done),
      );
      expect(answer.headers["content-encoding"]).toBe(encoding === "gzip" ? "gzip" : undefined);
      expect(answer.headers["content-type"]).toBe("text/javascript; charset=utf-8");
      expect(answer.headers.vary).toContain("Accept-Encoding");
      read.set(encoding, await buffer(answer));
    }
    const [packed = Buffer.alloc(0), plain] = [read.get("gzip"), read.get("identity")];
    expect(gunzipSync(packed).equals(plain ?? packed)).toBe(true);
    expect(packed.byteLength).toBeLessThan((plain?.byteLength ?? 0) / 2);
  });

  it("signs in by the printed link once, and takes the code out of the address", async () => {
    const link = /^console \S+\/(\?code=\S+)$/m.exec(product().output())?.[1] ?? "";
    const { page, complaints } = await visit(`/${link}`);
    await page.waitForSelector("#question");
    expect(page.url()).not.toContain("code=");
    expect(complaints).toEqual([]);
    const second = await visit(`/${link}`);
    await second.page.waitForSelector("#email");
    expect(await second.page.textContent(".problem")).toContain("used already");
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

  describe("the API explorer", () => {
    it("shows the operations, from nothing but the product itself", async () => {
      const { page, complaints } = await visit("/docs");
      await page.waitForSelector("text=Whether the process answers");
      expect(complaints).toEqual([]);
    });
  });

  describe("the page that asks a person to let an application act for them", () => {
    it("takes the answer of a browser that was sent there from elsewhere", async () => {
      const { page } = await signedIn();
      const redirect = "http://127.0.0.1:9/callback";
      const made = await fetch(`${url()}/oauth/register`, {
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
      const link = `${url()}/oauth/authorize?${asked.toString()}`;
      await page.setContent(`<a href="${link.replaceAll("&", "&amp;")}">go</a>`);
      await page.click("a");
      const told = page.waitForRequest((request) => request.url().startsWith(redirect));
      await page.click("text=Allow");
      expect(new URL((await told).url()).searchParams.get("code")).toMatch(/^w/);
    });
  });
}
