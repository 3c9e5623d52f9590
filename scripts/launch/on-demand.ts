import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export type OnDemand = { port: number; stop(): Promise<void> };

/**
 * A loopback port in place of a server that nobody may need: the first connection starts it, and all are passed on.
 * `target` answers its port, started if it does not run; where that fails, the connection is closed.
 */
export async function onDemand(target: () => Promise<number>): Promise<OnDemand> {
  const open = new Set<Socket>();
  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.setNoDelay(true).once("close", () => open.delete(socket));
  };
  const pass = async (from: Socket): Promise<void> => {
    try {
      const to = connect({ host: "127.0.0.1", port: await target() });
      keep(to);
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        one.on("error", () => other.destroy()).once("close", () => other.destroy());
        one.pipe(other);
      }
    } catch {
      from.destroy();
    }
  };
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    keep(socket);
    socket.on("error", () => {}); // it may go before there is anything to pass it to
    void pass(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    async stop() {
      server.close();
      for (const socket of open) socket.destroy();
      if (server.listening) await once(server, "close");
    },
  };
}
