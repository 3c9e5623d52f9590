import { env, exports } from "cloudflare:workers";
import { ORIGIN, type TestAccount } from "./helpers.ts";

export type Frame = {
  type: string;
  id?: string | null;
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  [more: string]: unknown;
};

/** The client's end of a session: what it was sent, in order, and how it ended. */
export type Client = {
  sessionId: string;
  send(frames: object | object[]): void;
  raw(message: string | ArrayBuffer): void;
  /** The next frame that nobody has taken yet. */
  next(): Promise<Frame>;
  /** The answer to one request, whatever else comes before it. */
  ask(frame: object): Promise<Frame>;
  ended: Promise<{ code: number; reason: string }>;
  close(): void;
  /** Ends it without having done with what it was given. */
  drop(): void;
};

let asked = 0;

export const agentOf = async (account: TestAccount, name = "Otter"): Promise<string> => {
  const body = { name, type: "coordination", description: "Counts.", capabilities: [] };
  const made = await account.call("POST", "/v1/agents", { body });
  return (await made.json<{ id: string }>()).id;
};

export const objectOf = (agentId: string) => env.AGENT.getByName(agentId);

export const upgrade = (path: string, headers: Record<string, string>): Promise<Response> =>
  exports.default.fetch(
    new Request(`${ORIGIN}${path}`, { headers: { Upgrade: "websocket", ...headers } }),
  );

/** Opens a session, and waits for its welcome. */
export async function connect(
  path: string,
  credential: string,
  { saysSeen = true } = {},
): Promise<Client> {
  const answer = await upgrade(path, { Authorization: `Bearer ${credential}` });
  const socket = answer.webSocket;
  if (socket === null) throw new Error(`${answer.status} ${await answer.text()}`);
  const frames: Frame[] = [];
  const waiting: (() => void)[] = [];
  const ended = Promise.withResolvers<{ code: number; reason: string }>();
  let isOver = false;
  let seen = 0;
  socket.addEventListener("message", ({ data }) => {
    seen += 1;
    if (saysSeen && seen % 16 === 0) socket.send(JSON.stringify({ type: "seen", frames: seen }));
    const read = JSON.parse(data as string) as Frame | Frame[];
    frames.push(...(Array.isArray(read) ? read : [read]));
    for (const one of waiting.splice(0)) one();
  });
  socket.addEventListener("close", ({ code, reason }) => {
    isOver = true;
    ended.resolve({ code, reason });
    for (const one of waiting.splice(0)) one();
  });
  socket.accept();
  const take = async (wanted: (frame: Frame) => boolean): Promise<Frame> => {
    for (;;) {
      const at = frames.findIndex(wanted);
      const [found] = at === -1 ? [] : frames.splice(at, 1);
      if (found !== undefined) return found;
      if (isOver) throw new Error(`the session ended: ${JSON.stringify(await ended.promise)}`);
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  const welcome = await take(({ type }) => type === "welcome");
  const send = (frame: object) => socket.send(JSON.stringify(frame));
  return {
    sessionId: String(welcome["sessionId"]),
    send,
    raw: (message) => socket.send(message),
    next: () => take(() => true),
    async ask(frame) {
      const id = String(++asked);
      send({ id, ...frame });
      return await take((one) => one.type === "answer" && one.id === id);
    },
    ended: ended.promise,
    close: () => socket.close(1000, "done"),
    drop: () => socket.close(4000, "lost"),
  };
}
