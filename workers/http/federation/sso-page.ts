import { html } from "hono/html";
import type { ProviderRecord } from "#domain/federation/provider.ts";
import { page } from "#workers/http/pages.ts";

/** Names whom one would sign in by; going on from here is the visitor's own doing. */
export const askFirst = async ({ id, name }: ProviderRecord, returnTo: string): Promise<Response> =>
  await page({
    title: "Sign in",
    body: html`<p>Another site sent you here to sign in by <strong>${name}</strong>.</p>
      <p><a href="/sso/${id}?returnTo=${encodeURIComponent(returnTo)}">Go on</a></p>`,
  });

/** Posts a form to the address it is served at, by itself or by its button. Nothing else may run or be sent from it. */
export function postAgainPage(fields: Record<string, string>): Response {
  const nonce = crypto.randomUUID();
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value)}">`,
  );
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>WisHub: signing in</title>
<form method="post">${inputs.join("")}<button>Sign in</button></form>
<script nonce="${nonce}">document.forms[0].submit()</script></html>`;
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
  return new Response(page, {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": policy,
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-store",
    },
  });
}

const escaped = (text: string) => text.replaceAll(/[<>&"']/g, (one) => `&#${one.charCodeAt(0)};`);
