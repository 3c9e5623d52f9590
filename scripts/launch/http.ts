import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { Refusal } from "./say.ts";

/** Says now, in a sentence, what workerd would say later in a stack. */
export async function portIsFree(host: string, port: number, variable: string): Promise<void> {
  const code = await listenOnce(host, port);
  if (code === undefined) return;
  if (code === "EADDRINUSE")
    throw new Refusal(
      `port ${port} on ${host} is in use, stop what listens there or set ${variable}.`,
    );
  if (code === "EACCES")
    throw new Refusal(
      `port ${port} needs more rights than this user has, set ${variable} to one above 1023.`,
    );
  throw new Refusal(
    `cannot listen on ${host}:${port} (${code}), set WISHUB_HOST to an address of this machine.`,
  );
}

function listenOnce(host: string, port: number): Promise<string | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", (error) => done("code" in error ? String(error.code) : error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => done(undefined)));
  });
}

/** Resolves when the address answers at all, or throws when the time is up. */
export async function answers(url: string, timeoutMs: number): Promise<void> {
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      await exchange(url, { method: "GET", timeoutMs: 2_000 });
      return;
    } catch (error) {
      if (performance.now() > untilMs)
        throw new Refusal(`${url} does not answer (${String(error)}).`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}

type Asked = {
  method: "GET" | "POST";
  headers?: Record<string, string>;
  body?: string;
  timeoutMs?: number;
};

/** One exchange with a local server. `fetch` would do, and stay in the launcher's memory with 17 MB. */
export async function exchange(
  url: string,
  { method, headers, body, timeoutMs }: Asked,
): Promise<{ status: number; text: string }> {
  const asking = request(url, {
    method,
    ...(headers !== undefined && { headers }),
    agent: false,
    ...(timeoutMs !== undefined && { signal: AbortSignal.timeout(timeoutMs) }),
  });
  asking.end(body);
  const [answer] = (await once(asking, "response")) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, text: await text(answer) };
}
