import { html } from "hono/html";
import type { Scope } from "#domain/accounts/model.ts";
import { SCOPE_MEANINGS } from "#domain/oauth/scopes.ts";
import { page } from "#workers/http/pages.ts";

/** The same page again, marked as asked for by itself. */
function againAt(url: string): { address: string; isAgain: boolean } {
  const { pathname, searchParams } = new URL(url);
  const isAgain = searchParams.has("again");
  searchParams.set("again", "1");
  return { address: `${pathname}?${searchParams.toString()}`, isAgain };
}

/** The session's cookie is not sent where another site led here, so the page first comes here from itself. */
export async function signInPage(url: string): Promise<Response> {
  const { address, isAgain } = againAt(url);
  if (!isAgain) {
    const body = html`<p><a href="${address}">Go on</a></p>`;
    return await page({ title: "One moment", body, next: address });
  }
  const body = html`<p><a href="${consoleAt(address)}">Sign in</a>, and you come back here.</p>
    <p><a href="${address}">I am signed in: go on</a></p>`;
  return await page({ title: "Sign in first", body });
}

export async function secondFactorPage(url: string): Promise<Response> {
  const { address } = againAt(url);
  const body = html`<p>
      Letting something act for you needs a second factor that was proven a short while ago.
      <a href="${consoleAt(address, "&prove")}">Prove it</a>, and you come back here.
    </p>
    <p><a href="${address}">It is proven: go on</a></p>`;
  return await page({ title: "Prove your second factor", body });
}

/** The console, which goes on to `address` when it is done. */
const consoleAt = (address: string, what = ""): string =>
  `/?next=${encodeURIComponent(address)}${what}`;

/** What is given, in words; each scope by what it lets somebody do. */
export const scopeList = (scopes: readonly Scope[]) =>
  html`<ul>
    ${scopes.map((scope) => html`<li>${SCOPE_MEANINGS[scope]} <code>${scope}</code></li>`)}
  </ul>`;
