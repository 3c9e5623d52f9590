import { createServer } from "node:http";

export type Served = { url: string; close(): Promise<void> };

/** Whatever answers requests, on a port of its own. */
export async function served(answer: (request: Request) => Promise<Response>): Promise<Served> {
  const server = createServer((request, response) => {
    const answered = async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [
        name,
        String(value),
      ]);
      const { method = "GET" } = request;
      const body = method === "GET" ? {} : { body: Buffer.concat(chunks) };
      const url = `http://${request.headers.host}${request.url}`;
      const told = await answer(new Request(url, { method, headers, ...body }));
      response.writeHead(told.status, Object.fromEntries(told.headers));
      response.end(Buffer.from(await told.arrayBuffer()));
    };
    void answered().catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((done) => server.close(() => done()));
    },
  };
}
