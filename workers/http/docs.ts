import { z } from "zod";
import { sha256Hex } from "#domain/shared/hash.ts";
import { PROBLEMS } from "#domain/shared/problem.ts";
import { type Feature, fails, feature, refuse, type Route, route } from "#workers/http/kit.ts";
import { openApiDocument } from "#workers/http/openapi.ts";

const html = { content: { "text/html": {} } };
const contentSecurity = (style: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self'${style}`,
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");

/** An HTML page of ours, which nothing from elsewhere may run in or frame. */
const pageHeaders = (style = "") => ({
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": contentSecurity(style),
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cache-Control": "no-cache",
});

const asset = async (env: Env, path: string): Promise<Response> => {
  const found = await env.ASSETS.fetch(new URL(path, "https://assets.invalid"));
  return found.ok ? found : refuse({ code: "not-found" });
};

const home = route(
  {
    method: "get",
    path: "/",
    summary: "The console",
    access: "public",
    // A sign-in link carries its code here; the page reads it and takes it out of the address.
    responses: { 200: { description: "A page", ...html }, ...fails("not-found") },
  },
  async (c) => new Response((await asset(c.env, "/web/")).body, { headers: pageHeaders() }),
);

const explorer = route(
  {
    method: "get",
    path: "/docs",
    summary: "The API explorer",
    access: "public",
    responses: { 200: { description: "A page", ...html }, ...fails("not-found") },
  },
  // The explorer writes its styles into the page.
  async (c) =>
    new Response((await asset(c.env, "/docs/")).body, { headers: pageHeaders(" 'unsafe-inline'") }),
);

const problems = route(
  {
    method: "get",
    path: "/docs/problems",
    summary: "Every failure there is, by code",
    access: "public",
    responses: { 200: { description: "A page", ...html } },
  },
  () => new Response(PROBLEMS_PAGE, { headers: pageHeaders() }),
);

const file = route(
  {
    method: "get",
    path: "/assets/{page}/{file}",
    summary: "A file of a page",
    access: "public",
    request: {
      params: z.object({
        page: z.enum(["web", "docs"]),
        file: z.string().regex(/^[\w-]{1,100}\.(js|css|svg|png|woff2)$/),
      }),
    },
    responses: {
      200: { description: "The file", content: { "application/octet-stream": {} } },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const { page, file: name } = c.req.valid("param");
    const extension = name.slice(name.lastIndexOf(".") + 1);
    // The build lays a packed copy beside it (scripts/build-web.ts).
    const isPacked =
      PACKED.has(extension) && /\bgzip\b/.test(c.req.header("accept-encoding") ?? "");
    const { body } = await asset(c.env, `/${page}/${name}${isPacked ? ".gz" : ""}`);
    const headers = new Headers({
      "Content-Type": MEDIA_TYPES[extension] ?? "application/octet-stream",
      // The name holds a hash of the content.
      "Cache-Control": "public, max-age=31536000, immutable",
      Vary: "Accept-Encoding",
    });
    if (isPacked) headers.set("Content-Encoding", "gzip");
    return new Response(body, { headers, encodeBody: isPacked ? "manual" : "automatic" });
  },
);

const PACKED: ReadonlySet<string> = new Set(["js", "css", "svg"]);
const MEDIA_TYPES: Record<string, string> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  woff2: "font/woff2",
};

/** What describes the API. `routes` is a function because the list it gives holds these routes, too. */
export function docs(routes: () => readonly Route[]): Feature {
  let written: { body: string; etag: string } | undefined;
  const write = async (publicUrl: string) => {
    const body = JSON.stringify(openApiDocument(routes(), publicUrl));
    return { body, etag: `"${(await sha256Hex(body)).slice(0, 32)}"` };
  };
  const document = route(
    {
      method: "get",
      path: "/openapi.json",
      summary: "This document",
      access: "public",
      responses: {
        200: { description: "OpenAPI 3.1", content: { "application/json": {} } },
        304: { description: "You have this version already" },
      },
    },
    async (c) => {
      const { body, etag } = (written ??= await write(c.env.WISHUB_PUBLIC_URL));
      const headers = { ETag: etag, "Cache-Control": "no-cache" };
      if (c.req.header("If-None-Match") === etag)
        return new Response(null, { status: 304, headers });
      return new Response(body, { headers: { ...headers, "Content-Type": "application/json" } });
    },
  );
  return feature(home, explorer, problems, file, document);
}

const PROBLEMS_PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>WisHub: problems</title><h1>Problems</h1><dl>${Object.entries(
  PROBLEMS,
)
  .map(
    ([code, { status, title }]) =>
      `<dt id="${code}">${status} <code>${code}</code></dt><dd>${title}.</dd>`,
  )
  .join("")}</dl></html>`;
