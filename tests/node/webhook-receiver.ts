import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";

/** What came in and was signed by the secret that the receiver holds at the time. */
export type Received = { id: string; type: string; data: Record<string, unknown>; atMs: number };

export type Receiver = {
  url: string;
  received: Received[];
  /** Deliveries whose signature was wrong, and all attempts. */
  forged: number;
  attempts: number;
  secret: string;
  /** What each attempt is answered; a delivery that is not answered 2xx was not taken. */
  answer(webhookId: string): number;
  close(): Promise<void>;
};

/** A program outside that takes webhooks as Standard Webhooks says, with the specification's own library. */
export async function webhookReceiver(): Promise<Receiver> {
  const receiver: Receiver = {
    url: "",
    received: [],
    forged: 0,
    attempts: 0,
    secret: "",
    answer: () => 204,
    close: () => Promise.resolve(),
  };
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    receiver.attempts++;
    const body = await textOf(request);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    try {
      const event = new Webhook(receiver.secret).verify(body, headers) as Received;
      const status = receiver.answer(headers["webhook-id"] ?? "");
      if (status < 300)
        receiver.received.push({ ...event, id: headers["webhook-id"] ?? "", atMs: Date.now() });
      response.writeHead(status).end();
    } catch {
      receiver.forged++;
      response.writeHead(401).end();
    }
  };
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  receiver.url = `http://127.0.0.1:${address.port}`;
  receiver.close = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(() => done()));
  };
  return receiver;
}

async function textOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const piece of request.setEncoding("utf8")) body += piece;
  return body;
}
