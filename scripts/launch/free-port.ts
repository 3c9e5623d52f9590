import { once } from "node:events";
import { createServer } from "node:net";

/** Below those that the system gives to whatever calls out, which could take one between its choice and its use. */
const PORTS = { first: 15_000, count: 15_000 };

/** A TCP port of this machine that nobody listens on: for tests and benchmarks that start servers beside one another. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    const server = createServer();
    const isFree = await new Promise<boolean>((done) => {
      server.once("error", () => done(false));
      server.listen(port, "127.0.0.1", () => done(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
