import { html, raw } from "hono/html";

type Page = {
  title: string;
  body: ReturnType<typeof html>;
  /** Where a form of the page may lead, beside ourselves: a browser follows a form's redirect nowhere else. */
  leadsTo?: string;
  /** An address of ours that the page goes on to by itself. */
  next?: string;
  status?: 200 | 400;
};

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{margin:0 auto;max-width:32rem;padding:2rem 1rem}
h1{font-size:1.5rem}
code{overflow-wrap:anywhere}
button{font:inherit;padding:.5rem 1.25rem;margin:1rem .5rem 0 0;cursor:pointer}
input{font:inherit;padding:.5rem;max-width:100%}
.note{opacity:.8}`;

/** A page of ours without a script: nothing from elsewhere runs in it, frames it, or learns its address. */
export async function page({ title, body, leadsTo, next, status = 200 }: Page): Promise<Response> {
  const nonce = crypto.randomUUID();
  const refresh =
    next === undefined ? "" : html`<meta http-equiv="refresh" content="0; url=${next}" />`;
  const text = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        ${refresh}
        <title>${title} · WisHub</title>
        <style nonce="${nonce}">
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`;
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    "base-uri 'none'",
    `form-action 'self'${leadsTo === undefined ? "" : ` ${sourceOf(leadsTo)}`}`,
    "frame-ancestors 'none'",
  ].join("; ");
  return new Response(String(text), {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": policy,
      // Nobody else learns its address; without any referrer a browser would also hide from us where its form comes from.
      "Referrer-Policy": "same-origin",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cache-Control": "no-store",
    },
  });
}

/** An address as a source of a content security policy: its origin, or the scheme of an app. */
function sourceOf(address: string): string {
  const url = new URL(address);
  return /^https?:$/.test(url.protocol) ? url.origin : url.protocol;
}
