import { WisHubError } from "./error.ts";
import type { Operations } from "./types.ts";

/** A message as its agent is given it, under a lease that its fencing token names. */
export type Message =
  Operations["POST /v1/agents/{id}/messages/lease"]["answer"]["messages"][number];

export type FrameAnswer = { status: number; headers: Record<string, string>; body?: unknown };

type ServerFrame =
  | { type: "welcome"; sessionId: string }
  | ({ type: "answer"; id: string | null } & FrameAnswer)
  | { type: "messages"; offset: number; messages: Message[] };

type Pending = { resolve(answer: FrameAnswer): void; reject(error: WisHubError): void };

/** What a session may ask for at once (docs/design/sessions.md). */
const FRAMES_MAX = 16;
const CHARACTERS_MAX = 1_000_000;
const REQUESTS_MAX = 60;
const SEEN_EVERY = 16;
const OPEN_MS = 10_000;

/** Why a session ended. Codes below 4000 are WebSocket's own. */
export type Ended = { code: number; reason: string };

/** One WebSocket to an agent's own object: requests multiplexed, messages pushed against credit. */
export class Session {
  readonly ended: Promise<Ended>;
  /** Where the next session goes on: the newest offset that came. */
  offset: number | null;
  readonly #socket: WebSocket;
  readonly #pushed: (messages: Message[]) => void;
  readonly #pending = new Map<string, Pending>();
  #outgoing: string[] = [];
  #waiting: (() => void)[] = [];
  #asked = 0;
  #seen = 0;
  #isOver = false;

  constructor(socket: WebSocket, after: number | null, pushed: (messages: Message[]) => void) {
    this.#socket = socket;
    this.#pushed = pushed;
    this.offset = after;
    const { promise, resolve } = Promise.withResolvers<Ended>();
    this.ended = promise;
    socket.addEventListener("message", ({ data }) => this.#take(String(data)));
    socket.addEventListener("error", () => {}); // `close` says what there is to say
    socket.addEventListener("close", ({ code, reason }) => {
      this.#isOver = true;
      const lost = new WisHubError({ code: "network", status: 0, detail: `${code} ${reason}` });
      for (const { reject } of this.#pending.values()) reject(lost);
      this.#pending.clear();
      for (const go of this.#waiting.splice(0)) go();
      resolve({ code, reason });
    });
  }

  /** Waits for the welcome; null where there is no way to one, which the same question by HTTP explains. */
  static async open(
    url: string,
    headers: Record<string, string>,
    after: number | null,
    pushed: (messages: Message[]) => void,
  ): Promise<Session | null> {
    const query = after === null ? "" : `?after=${after}`;
    const address = `${url.replace(/^http/, "ws")}${query}`;
    let socket: WebSocket;
    try {
      socket = socketTo(address, headers);
    } catch {
      return null; // no WebSocket here, or none that carries a key
    }
    const session = new Session(socket, after, pushed);
    const opened = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => opened.resolve(false), OPEN_MS);
    socket.addEventListener("message", () => opened.resolve(true), { once: true });
    void session.ended.then(() => opened.resolve(false));
    const isOpen = await opened.promise;
    clearTimeout(timer);
    if (isOpen) return session;
    socket.close();
    return null;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The answer as HTTP gives it. A lost connection is a WisHubError `network`: whether it was done is not known. */
  async request(
    method: string,
    path: string,
    { body, headers }: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<FrameAnswer> {
    while (this.#pending.size >= REQUESTS_MAX && !this.#isOver)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#isOver)
      throw new WisHubError({ code: "network", status: 0, detail: "the session is over" });
    const id = (++this.#asked).toString(36);
    const { promise, resolve, reject } = Promise.withResolvers<FrameAnswer>();
    this.#pending.set(id, { resolve, reject });
    this.#send({ type: "request", id, method, path, headers, body });
    return await promise;
  }

  /** So many more messages, each for `leaseMs`. */
  receive(credit: number, leaseMs: number): void {
    this.#send({ type: "receive", credit, leaseMs });
  }

  close(): void {
    this.#socket.close(1000, "done");
  }

  /** What is said in one turn goes together. */
  #send(frame: object): void {
    if (this.#outgoing.length === 0) queueMicrotask(() => this.#flush());
    this.#outgoing.push(JSON.stringify(frame));
  }

  #flush(): void {
    const frames = this.#outgoing;
    this.#outgoing = [];
    if (this.#isOver) return;
    let group: string[] = [];
    let characters = 0;
    const send = () =>
      this.#socket.send(group.length === 1 ? (group[0] ?? "") : `[${group.join()}]`);
    for (const frame of frames) {
      const isFull = group.length >= FRAMES_MAX || characters + frame.length > CHARACTERS_MAX;
      if (group.length > 0 && isFull) {
        send();
        [group, characters] = [[], 0];
      }
      group.push(frame);
      characters += frame.length;
    }
    if (group.length > 0) send();
  }

  #take(text: string): void {
    if (++this.#seen % SEEN_EVERY === 0) this.#send({ type: "seen", frames: this.#seen });
    const read = JSON.parse(text) as ServerFrame | ServerFrame[];
    for (const frame of Array.isArray(read) ? read : [read]) {
      if (frame.type === "messages") {
        this.offset = Math.max(this.offset ?? 0, frame.offset);
        this.#pushed(frame.messages);
      } else if (frame.type === "answer" && frame.id !== null) {
        this.#pending.get(frame.id)?.resolve(frame);
        this.#pending.delete(frame.id);
        this.#waiting.shift()?.();
      }
    }
  }
}

/** Outside a browser a WebSocket carries headers (undici's, which Node and others have); in one it carries the cookie. */
function socketTo(address: string, headers: Record<string, string>): WebSocket {
  const Socket = WebSocket as unknown as new (
    url: string,
    init?: { headers: Record<string, string> },
  ) => WebSocket;
  return Object.keys(headers).length === 0 ? new Socket(address) : new Socket(address, { headers });
}
