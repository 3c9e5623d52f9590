import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import {
  connect,
  createServer as createTcpServer,
  type Server as TcpServer,
  type Socket,
} from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { coordinatingAgent } from "#examples/coordinating-agent.ts";
import { generationAgent } from "#examples/generation-agent.ts";
import { queryAgent } from "#examples/query-agent.ts";
import { WisHub } from "#sdk/client.ts";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { ownerOf } from "./owner.ts";

// The examples as somebody would run them: programs of their own against the served product, by the SDK alone.

const START_MS = 120_000;
const state = temporaryState();
const stopped = new AbortController();
let product: Launched;
let apiKey: string;

beforeAll(async () => {
  product = launch({ state: state.path, port: await freePort() });
  await product.ready();
  ({ apiKey } = ownerOf(state.path));
}, START_MS);
afterAll(async () => {
  stopped.abort();
  product.process.kill("SIGTERM");
  await product.ended;
  state.remove();
});

const hubAt = (url: string) => new WisHub({ url, apiKey });

async function together(hub: WisHub, title: string, text: string, question: string) {
  const [librarian, scribe] = [
    await queryAgent(hub, stopped.signal),
    await generationAgent(hub, stopped.signal),
  ];
  const editor = await coordinatingAgent(hub, stopped.signal);
  const { unitId } = (await editor.learn(title, text)) as { unitId: string };
  for (let status = ""; status !== "searchable";) ({ status } = await hub.getUnit(unitId));
  return { answer: await editor.answer(question), unitId, agents: [librarian, scribe, editor] };
}

describe("the examples", () => {
  it("are under 40 lines each", () => {
    for (const name of ["query", "generation", "coordinating"]) {
      const source = readFileSync(join("examples", `${name}-agent.ts`), "utf8");
      expect(source.split("\n").length, name).toBeLessThan(40);
    }
  });

  it("work together: one writes, one answers, one has both done", async () => {
    const text = "Sea otters hold hands while they sleep, so as not to drift apart.";
    const asked = "What do sea otters do while they sleep?";
    const { answer, unitId } = await together(hubAt(product.url), "Otters", text, asked);
    expect(answer).toMatchObject({ unitId, answer: expect.stringContaining("hold hands") });
  });

  it("work where nothing lets a WebSocket through", async () => {
    const proxy = withoutUpgrades(product.url);
    const url = await listening(proxy);
    try {
      const text = "The axolotl regrows a lost leg within some forty days.";
      const { answer } = await together(
        hubAt(url),
        "Axolotls",
        text,
        "How fast do axolotls regrow?",
      );
      expect(answer).toMatchObject({ answer: expect.stringContaining("forty days") });
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it("lose nothing and do nothing twice when the connection is cut", async () => {
    const cable = cuttable(Number(new URL(product.url).port));
    const url = await listening(cable.server);
    const [hub, near] = [hubAt(url), hubAt(product.url)];
    const made = async (name: string) =>
      await near.operation("POST /v1/agents", {
        body: { name, type: "analysis", description: "Takes its time.", capabilities: [] },
      });
    const [{ id }, other] = [await made("Slow"), await made("Quick")];
    const done: unknown[] = [];
    const begun = Promise.withResolvers<void>();
    const cut = Promise.withResolvers<void>();
    const ends = new AbortController();
    const agent = hub.agent(id);
    const work = agent.serve(
      async (message) => {
        begun.resolve();
        await cut.promise;
        done.push(message.body);
        if (done.length === 20) ends.abort();
      },
      { signal: ends.signal, credit: 4 },
    );
    const sender = near.agent(other.id);
    await sender.send(id, { body: 0 });
    await begun.promise;
    cable.cut();
    cut.resolve();
    for (let i = 1; i < 20; i++) await sender.send(id, { body: i });
    await work;
    sender.close();
    expect(done.toSorted((a, b) => Number(a) - Number(b))).toEqual([...Array(20).keys()]);
    cable.server.close();
    cable.cut();
  });
});

/** A proxy as some networks have it: it passes requests on, and knows no WebSocket. */
function withoutUpgrades(target: string): Server {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const {
        authorization = "",
        "content-type": type = "",
        "idempotency-key": key,
      } = request.headers;
      const headers: Record<string, string> = { authorization, "content-type": type };
      if (key !== undefined) headers["idempotency-key"] = String(key);
      const hasBody = request.method !== "GET";
      const answer = await fetch(`${target}${request.url ?? ""}`, {
        method: request.method ?? "GET",
        headers,
        ...(hasBody && { body: Buffer.concat(chunks) }),
      });
      response.writeHead(answer.status, {
        "content-type": answer.headers.get("content-type") ?? "",
      });
      response.end(Buffer.from(await answer.arrayBuffer()));
    })().catch(() => response.destroy());
  });
  server.on("upgrade", (_, socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  return server;
}

/** A cable to the product: cutting it ends every connection, and new ones go through. */
function cuttable(port: number): { server: TcpServer; cut(): void } {
  const sockets = new Set<Socket>();
  const server = createTcpServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket
        .on("error", () => {})
        .on("close", () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
    }
    near.pipe(far).pipe(near);
  });
  return { server, cut: () => sockets.forEach((socket) => socket.destroy()) };
}

async function listening(server: TcpServer): Promise<string> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}
