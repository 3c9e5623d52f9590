import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { keyOf, type Place } from "#tests/node/in-browser.ts";

const PREFIX = "/tools/hub";

/** A proxy as somebody puts it before the product: it serves it under a path of its own, and is the origin it names. */
async function proxied(target: string): Promise<{ url: string; close(): Promise<unknown> }> {
  const server = createServer((asked, answer) => {
    if (asked.url?.startsWith(`${PREFIX}/`) !== true) return void answer.writeHead(404).end();
    const headers = { ...asked.headers, host: new URL(target).host };
    if (headers.origin !== undefined) headers.origin = target;
    const path = asked.url.slice(PREFIX.length);
    const forwarded = request(target + path, { method: asked.method ?? "GET", headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    forwarded.on("error", () => answer.destroy());
    answer.on("close", () => forwarded.destroy());
    asked.pipe(forwarded);
  });
  await new Promise<void>((listening) => server.listen(0, "localhost", listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}${PREFIX}/`,
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(closed));
    },
  };
}

/** The console where another server gives it a path. */
export function subPathJourneys({ url, state, visit }: Place): void {
  it("works under a sub-path, from signing in to a screen of its own", async () => {
    const proxy = await proxied(url());
    const { page, complaints } = await visit(proxy.url);
    await page.waitForSelector("#email");
    await page.click("main summary");
    await page.fill("#api-key", keyOf(state()));
    await page.press("#api-key", "Enter");
    await page.click("nav a >> text=Agents");
    await page.waitForSelector('h1:text-is("Agents")');
    expect(new URL(page.url()).pathname).toBe(`${PREFIX}/`);
    expect(complaints).toEqual([]);
    await page.close();
    await proxy.close();
  });
}
