import { problemIn, WisHubError } from "./error.ts";
import { type Waiting, withRetries } from "./retry.ts";
import { type Message, Session } from "./session.ts";
import type { Operations } from "./types.ts";

export type MessageInput = Operations["POST /v1/agents/{id}/messages"]["body"];
export type SentMessage = Operations["POST /v1/agents/{id}/messages"]["answer"];
type Leased = Operations["POST /v1/agents/{id}/messages/lease"]["answer"];

/**
 * What an agent does with a message. What it returns, if anything, is sent back, on a channel as a text or its `text`; a
 * throw gives the message back.
 */
export type Handler = (message: Message) => unknown;

export type ServeOptions = {
  /** Messages at work at once. */
  credit?: number;
  /** How long a message is kept without a sign of life; while its handler runs it is kept longer by itself. */
  leaseMs?: number;
  signal?: AbortSignal;
};

/** What the client gives its agents: HTTP, and who they are. */
export type Http = {
  url: string;
  waiting: Waiting;
  authorization(): Promise<Record<string, string>>;
  send(method: string, path: string, body: unknown, key?: string): Promise<unknown>;
};

/** The kind of what somebody says on a channel, and what the body of it is (docs/design/channels.md). */
const CHANNEL = "channel";
type Heard = { channelId: string; conversationId: string; text: string };

const CREDIT = 16;
const LEASE_MS = 30_000;
const POLL_MS = 20_000;
/** How long HTTP is enough where there was no way to a session. */
const WITHOUT_MS = 30_000;
const BACKOFF_MS = 200;
const BACKOFF_MS_MAX = 30_000;
/** Ends that coming back would not change (docs/design/sessions.md). */
const FINAL: Record<number, string> = {
  4401: "unauthenticated",
  4403: "forbidden",
  4404: "not-found",
  4409: "replaced",
};

/** One agent of yours, over its session where there is a way to one, else over HTTP: it loses nothing by either. */
export class AgentClient {
  readonly id: string;
  readonly #http: Http;
  readonly #asked = new Map<string, (reply: Message) => void>();
  #session: Session | null = null;
  #opening: Promise<Session | null> | null = null;
  #withoutUntilMs = 0;
  #offset: number | null = null;
  #take: ((messages: Message[]) => void) | null = null;

  constructor(id: string, http: Http) {
    this.id = id;
    this.#http = http;
  }

  /** Sends a message as this agent. Repeated under one key, it is sent once. */
  async send(to: string, message: MessageInput): Promise<SentMessage> {
    const path = `/v1/agents/${encodeURIComponent(to)}/messages`;
    return (await this.request("POST", path, { fromAgentId: this.id, ...message })) as SentMessage;
  }

  /** Sends a message and waits for its reply, which `serve` takes in: begin that first. */
  async ask(to: string, body: unknown, timeoutMs = 30_000): Promise<unknown> {
    const question = `q-${crypto.randomUUID()}`;
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    this.#asked.set(question, resolve);
    const timer = setTimeout(
      () => reject(new WisHubError({ code: "no-reply", status: 0, detail: `${to} is silent` })),
      timeoutMs,
    );
    try {
      await this.send(to, { body, conversationId: question });
      return (await promise).body;
    } finally {
      clearTimeout(timer);
      this.#asked.delete(question);
    }
  }

  /** Any operation, over the session if there is one; what was lost on the way is asked again under the same key. */
  async request(
    method: string,
    path: string,
    body?: unknown,
    repeatedUnder: string = crypto.randomUUID(),
  ): Promise<unknown> {
    const key = method === "GET" ? undefined : repeatedUnder;
    return await withRetries(this.#http.waiting, true, async () => {
      const session = await this.#connected();
      if (session === null) return await this.#http.send(method, path, body, key);
      const headers: Record<string, string> = key === undefined ? {} : { "idempotency-key": key };
      const answer = await session.request(method, path, { body, headers });
      if (answer.status < 400) return answer.body;
      throw problemIn(answer);
    });
  }

  /** Works on the agent's messages until `signal`, or until it may not any more, which is thrown. */
  async serve(handler: Handler, options: ServeOptions = {}): Promise<void> {
    const { credit = CREDIT, leaseMs = LEASE_MS, signal } = options;
    const settle = (message: Message) => this.#work(handler, message, leaseMs);
    let failures = 0;
    while (signal?.aborted !== true) {
      try {
        const session = await this.#connected();
        if (session === null) await this.#polled(credit, leaseMs, settle);
        else await this.#served(session, { credit, leaseMs }, settle, signal);
        failures = 0;
      } catch (error) {
        if (!isPassing(error)) throw error;
        const backoffMs = Math.min(BACKOFF_MS * 2 ** failures++, BACKOFF_MS_MAX);
        await this.#http.waiting.sleep(backoffMs * (0.5 + this.#http.waiting.random()));
      }
    }
    this.close();
  }

  /** Ends the session; what the agent holds is given back. */
  close(): void {
    this.#session?.close();
    this.#session = null;
    this.#offset = null;
  }

  async #served(
    session: Session,
    { credit, leaseMs }: { credit: number; leaseMs: number },
    settle: (message: Message) => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const stop = () => this.close();
    signal?.addEventListener("abort", stop, { once: true });
    this.#take = (messages) => {
      for (const message of messages)
        void settle(message).finally(() => {
          if (!session.isOver) session.receive(1, leaseMs);
        });
    };
    session.receive(credit, leaseMs);
    const { code, reason } = await session.ended;
    signal?.removeEventListener("abort", stop);
    this.#offset = session.offset;
    if (signal?.aborted === true) return;
    const refused = FINAL[code];
    if (refused !== undefined)
      throw new WisHubError({ code: refused, status: code - 4_000, detail: reason });
    throw new WisHubError({ code: "network", status: 0, detail: `${code} ${reason}` });
  }

  async #polled(
    limit: number,
    leaseMs: number,
    settle: (message: Message) => Promise<void>,
  ): Promise<void> {
    const path = `/v1/agents/${this.id}/messages/lease`;
    const body = { limit, leaseMs, waitMs: POLL_MS };
    const { messages } = (await this.#http.send("POST", path, body)) as Leased;
    await Promise.all(messages.map(settle));
  }

  async #work(handler: Handler, message: Message, leaseMs: number): Promise<void> {
    const settle = async (how: "ack" | "nack" | "extend", more: object = {}) => {
      const { id, fencingToken } = message;
      const path = `/v1/agents/${this.id}/messages/${how}`;
      const session = await this.#connected();
      const body = { messages: [{ id, fencingToken, ...more }] };
      // What cannot be settled comes again: at least once is what a mailbox promises.
      if (session === null) await this.#http.send("POST", path, body).catch(() => {});
      else await session.request("POST", path, { body }).catch(() => {});
    };
    const living = setInterval(() => void settle("extend", { leaseMs }), leaseMs / 2);
    try {
      const waits =
        message.inReplyTo === null ? undefined : this.#asked.get(message.conversationId ?? "");
      if (waits !== undefined) waits(message);
      else await this.#reply(message, await handler(message));
      clearInterval(living);
      await settle("ack");
    } catch (error) {
      clearInterval(living);
      await settle("nack", { reason: String(error).slice(0, 200) });
    }
  }

  async #reply(message: Message, body: unknown): Promise<void> {
    if (message.kind === CHANNEL) return await this.#sayOn(message, body);
    const { agentId } = message.from;
    if (body === undefined || agentId === undefined) return;
    const { conversationId } = message;
    await this.send(agentId, {
      body,
      inReplyTo: message.id,
      // A message that is worked on twice is answered once.
      deduplicationId: `reply-${message.id}`,
      ...(conversationId !== null && { conversationId }),
    });
  }

  /** On the channel that it came by; once, though the message is worked on twice. */
  async #sayOn({ id, body: heard }: Message, answer: unknown): Promise<void> {
    const { channelId = "", conversationId } = heard as Partial<Heard>;
    const text = typeof answer === "string" ? answer : (answer as Partial<Heard> | null)?.text;
    if (text === undefined || text === "") return;
    const path = `/v1/channels/${encodeURIComponent(channelId)}/messages`;
    await this.request("POST", path, { conversationId, body: { text } }, `reply-${id}`);
  }

  /** The session, opened if there may be a way to one. */
  async #connected(): Promise<Session | null> {
    if (this.#session?.isOver === false) return this.#session;
    if (Date.now() < this.#withoutUntilMs) return null;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return await this.#opening;
  }

  async #open(): Promise<Session | null> {
    const { url, authorization } = this.#http;
    this.#offset = this.#session?.offset ?? this.#offset;
    this.#session = await Session.open(
      `${url}/v1/agents/${this.id}/session`,
      await authorization(),
      this.#offset,
      (messages) => this.#take?.(messages),
    );
    if (this.#session === null) this.#withoutUntilMs = Date.now() + WITHOUT_MS;
    return this.#session;
  }
}

const isPassing = (error: unknown): boolean =>
  error instanceof WisHubError &&
  (error.code === "network" || error.status === 429 || error.status === 503);
