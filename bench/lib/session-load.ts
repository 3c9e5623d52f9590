import { BareSocket } from "./socket.ts";
import type { Product } from "./product.ts";

type Frame = {
  type: string;
  id?: string;
  status?: number;
  messages?: { id: string; fencingToken: number }[];
};

/** As many agents as are wanted, which nobody else sees. */
export async function madeAgents(served: Product, count: number): Promise<string[]> {
  const ids: string[] = [];
  let made = 0;
  const run = crypto.randomUUID().slice(0, 8);
  const make = async () => {
    while (made < count) {
      const name = `Session ${run} ${made++}`;
      const body = { name, type: "analysis", description: "Echoes.", capabilities: [] };
      const answer = await served.fetch("/v1/agents", {
        method: "POST",
        body: JSON.stringify(body),
      });
      if (answer.status !== 201) throw new Error(await answer.text());
      ids.push(((await answer.json()) as { id: string }).id);
    }
  };
  await Promise.all(Array.from({ length: 16 }, make));
  return ids;
}

export type OpenSession = {
  send(frames: object): void;
  onFrame: (frame: Frame) => void;
  close(): void;
};

/** A session that says what it has seen, as any client must. */
export async function openSession(served: Product, agentId: string): Promise<OpenSession> {
  let seen = 0;
  const session: OpenSession = {
    send: (frames) => socket.send(JSON.stringify(frames)),
    onFrame: () => {},
    close: () => socket.close(),
  };
  const socket = await BareSocket.open(
    `${served.url}/v1/agents/${agentId}/session`,
    { authorization: served.headers["authorization"] ?? "" },
    (text) => {
      seen += 1;
      if (seen % 16 === 0) session.send({ type: "seen", frames: seen });
      const read = JSON.parse(text) as Frame | Frame[];
      for (const frame of Array.isArray(read) ? read : [read]) session.onFrame(frame);
    },
  );
  return session;
}

/** Messages that one session sends and another is given and acknowledges, `batch` to a frame: how many, in how many seconds. */
export async function mailboxOverSessions(
  served: Product,
  { pairs, batch, seconds }: { pairs: number; batch: number; seconds: number },
): Promise<{ messages: number; seconds: number }> {
  const agents = await madeAgents(served, 2 * pairs);
  let done = 0;
  let isOver = false;
  const ended: Promise<void>[] = [];
  const open: OpenSession[] = [];
  for (let i = 0; i < pairs; i++) {
    const [from = "", to = ""] = [agents[2 * i], agents[2 * i + 1]];
    const [sender, receiver] = [await openSession(served, from), await openSession(served, to)];
    open.push(sender, receiver);
    const end = Promise.withResolvers<void>();
    ended.push(end.promise);
    let waiting = 0;
    const path = `/v1/agents/${to}/messages`;
    const send = () => {
      waiting += batch;
      sender.send(
        Array.from({ length: batch }, (_, j) => ({
          type: "request",
          id: `${j}`,
          method: "POST",
          path,
          body: { body: { question: "how does water boil at sea level?", n: j } },
        })),
      );
    };
    sender.onFrame = ({ type, status }) => {
      if (type !== "answer") return;
      if (status !== 201) throw new Error(`a message was answered ${status}`);
    };
    receiver.onFrame = ({ type, messages = [], status }) => {
      if (type === "answer" && status !== 200) throw new Error(`acknowledged with ${status}`);
      if (type !== "messages") return;
      receiver.send([
        {
          type: "request",
          id: "ack",
          method: "POST",
          path: `${path}/ack`,
          body: { messages: messages.map(({ id, fencingToken }) => ({ id, fencingToken })) },
        },
        { type: "receive", credit: messages.length },
      ]);
      done += messages.length;
      waiting -= messages.length;
      if (isOver) end.resolve();
      else while (waiting <= batch) send();
    };
    receiver.send({ type: "receive", credit: 8 * batch });
    send();
    send();
  }
  const startedAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  isOver = true;
  const took = (performance.now() - startedAt) / 1_000;
  const messages = done;
  await Promise.all(ended);
  for (const session of open) session.close();
  return { messages, seconds: took };
}
