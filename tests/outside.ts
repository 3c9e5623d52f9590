import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { TestProject } from "vitest/node";
import { gzipSync } from "node:zlib";
import { modelServer } from "./node/model-server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Somebody else's web server, on loopback: what each of its addresses does is in tests/outside.ts. */
    outside: string;
    /** How many a webhook is sent where many are; `npm run bench -- webhooks` wants more of them. */
    deliveries: number;
  }
}

const DELIVERIES = 300;
const BOMB_BYTES = 32 * 2 ** 20;

/** A web server outside the product, some of it hostile. `/asked` tells how often everything else was asked. */
export default async function outside(project: TestProject): Promise<() => Promise<void>> {
  const bomb = gzipSync(new Uint8Array(BOMB_BYTES));
  const timers = new Set<NodeJS.Timeout>();
  const models = modelServer("/models");
  let asked = 0;
  let broken = 0;
  const answers: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
    "/asked": (_, response) => void response.end(String(asked)),
    "/.well-known/openid-configuration": (request, response) => {
      const issuer = `http://${request.headers.host}`;
      const endpoints = {
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
      };
      response
        .setHeader("content-type", "application/json")
        .end(JSON.stringify({ issuer, ...endpoints, jwks_uri: `${issuer}/jwks` }));
    },
    "/ok": (_, response) => void response.end("hello"),
    "/echo": (request, response) => {
      response.writeHead(201, { "X-Method": request.method ?? "" });
      request.pipe(response);
    },
    "/missing": (_, response) => void response.writeHead(404).end("nothing"),
    "/broken": (_, response) => void (broken++, response.writeHead(500).end()),
    "/broken/embeddings": (_, response) => void (broken++, response.writeHead(500).end()),
    "/broken/asked": (_, response) => void response.end(String(broken)),
    "/redirect": (_, response) => void response.writeHead(302, { Location: "/ok" }).end(),
    "/inside": (_, response) =>
      void response.writeHead(307, { Location: "http://169.254.169.254/latest/meta-data/" }).end(),
    "/bomb": (_, response) => {
      response.writeHead(200, { "Content-Encoding": "gzip", "Content-Length": bomb.byteLength });
      response.end(bomb);
    },
    "/full": (_, response) => void response.end(Buffer.alloc(2 ** 20, "x")),
    "/over": (_, response) => void response.end(Buffer.alloc(2 ** 20 + 1, "x")),
    "/endless": (_, response) => {
      const more = (): void =>
        void (response.write(Buffer.alloc(65_536))
          ? setImmediate(more)
          : response.once("drain", more));
      response.once("close", () => response.removeAllListeners("drain"));
      more();
    },
    "/silent": () => {},
    "/drip": (_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write("."), 20);
      timers.add(timer);
      response.once("close", () => clearInterval(timer));
    },
    "/cut": (_, response) => {
      response.writeHead(200, { "Content-Length": 100 });
      response.write("half", () => response.destroy());
    },
  };
  const server = createServer((request, response) => {
    const path = URL.parse(request.url ?? "/", "http://outside")?.pathname ?? "";
    if (!path.endsWith("/asked")) asked++;
    response.on("error", () => {});
    if (path.startsWith("/models/")) return models(request, response);
    (answers[path] ?? answers["/missing"])?.(request, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  project.provide("deliveries", Number(process.env["WISHUB_TEST_DELIVERIES"] ?? DELIVERIES));
  project.provide("outside", `http://127.0.0.1:${address.port}`);
  return async () => {
    for (const timer of timers) clearInterval(timer);
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
}
