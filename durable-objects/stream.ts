import { DurableObject } from "cloudflare:workers";
import { log } from "#domain/observability/log.ts";
import type { CloseReason } from "#domain/sessions/close.ts";
import { withSeen } from "#domain/sessions/flow.ts";
import { answerText, type ClientFrame, together } from "#domain/sessions/frames.ts";
import { FILES, type Place, sessionRoom, sessionsMax } from "#domain/sessions/room.ts";
import { dueAtMs, standingAt, type Stands } from "#domain/sessions/standing.ts";
import { Lately } from "#domain/shared/lately.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { err, type Result } from "#domain/shared/result.ts";
import type { Asker, TopicNews } from "#domain/topics/news.ts";
import { partitionNameOf } from "#domain/topics/topics.ts";
import { performed, problemText } from "#objects/agent-operations.ts";
import type { Session } from "#objects/agent-session.ts";
import { SessionSockets } from "#objects/session-sockets.ts";
import { StreamEvents } from "#objects/stream-events.ts";

/** An object has its files once, however many streams it has. */
const OBJECT = "object";

/**
 * The streams of one principal: WebSockets that speak the frames of an agent's session and carry the API's operations.
 * Nothing is stored: what must outlive hibernation is written on the sockets. Named by account and principal.
 */
export class Stream extends DurableObject<Env> {
  /** Streams of one credential that ask at once share an answer, which says itself how long it may be believed. */
  readonly #standings = new Lately<Result<Stands, CloseReason>>({ lifeMs: 1_000, max: 64 });
  readonly #sockets = new SessionSockets(this.ctx, this.env, {
    name: "stream",
    placeOf: (_, id) => ({ name: id, files: FILES.socket }),
    standing: ({ holder, address }) =>
      this.#standings.of(JSON.stringify([holder, address]), Date.now(), () =>
        this.env.OPERATIONS.streamStanding({ holder, address }),
      ),
    left: () => {},
  });

  readonly #events = new StreamEvents(
    {
      mayHear: async (asker) =>
        await this.env.OPERATIONS.mayHear(asker).catch(failed("stream-hearing")),
      partitions: async (topic) => await this.env.OPERATIONS.partitionsOf(this.#accountId, topic),
      read: async (lane, asked) =>
        await this.env.OPERATIONS.readTopic(this.#accountId, lane, asked).catch(
          failed("stream-read"),
        ),
      listen: async (lane) => {
        const name = partitionNameOf({ accountId: this.#accountId, ...lane });
        return await this.env.TOPIC.getByName(name)
          .listen(this.ctx.id.name ?? "")
          .catch(failed("stream-listen"));
      },
    },
    (work) => this.ctx.waitUntil(work),
  );

  /** Takes a socket over. Where there are too many, the one that was opened first ends: lost ones are not noticed. */
  override async fetch(request: Request): Promise<Response> {
    // What its streams share; each takes its own beside it.
    if (!sessionRoom.take(this.#place, OBJECT, sessionsMax(this.env)))
      return new Response(null, { status: 503 });
    const begun = this.#sockets.begin(request);
    if (begun instanceof Response) {
      this.#leave();
      return begun;
    }
    const nowMs = Date.now();
    const open = this.#sockets.open().sort((a, b) => this.#openedAtMs(a) - this.#openedAtMs(b));
    for (const old of open.slice(0, Math.max(0, open.length + 1 - LIMITS.streamsPerPrincipalMax)))
      old.end("replaced");
    const answer = this.#sockets.accept(begun, [], nowMs, [String(nowMs)]);
    await this.#wake();
    return answer;
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const heard = await this.#sockets.heard(socket, message);
    if (heard === null) return;
    const { session, frames } = heard;
    const answers = frames.flatMap((frame) => {
      const text = frame.ok
        ? this.#answer(session, frame.value)
        : problemText(frame.error.id, frame.error.problem);
      return text ?? [];
    });
    if (answers.length > 0) session.send(together(answers));
    session.keep();
  }

  /** A partition of a topic has more. Who wants to hear of it; null where nobody here does any more. */
  async ring(news: TopicNews): Promise<Asker[] | null> {
    return await this.#events.ring(this.#sockets.open(), news);
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#sockets.closed(socket, code);
    this.#leave();
  }

  override webSocketError(socket: WebSocket): void {
    this.webSocketClose(socket, 1011);
  }

  /** Ends what has run out, though nobody says anything. */
  override async alarm(): Promise<void> {
    const nowMs = Date.now();
    for (const session of this.#sockets.open())
      if (standingAt(session.state.standing, nowMs) === "ended") session.end("unauthenticated");
    await this.#wake();
  }

  /** What is answered at once; null where there is nothing to answer, or not yet. */
  #answer(session: Session, frame: ClientFrame): string | null {
    switch (frame.type) {
      case "seen": {
        const flow = withSeen(session.state.flow, frame.frames);
        if (flow === null) session.end("bad-frame", "saw more frames than there were");
        else {
          session.state.flow = flow;
          this.#events.seen(session);
        }
        return null;
      }
      case "subscribe":
        return this.#begin(session, frame, () => this.#events.subscribe(session, frame));
      case "unsubscribe":
        return this.#events.unsubscribe(session, frame.id);
      case "receive":
        session.end("bad-frame", "a stream is given no messages");
        return null;
      case "echo": {
        const body = JSON.stringify(frame.body ?? null);
        return answerText({ id: frame.id, status: 200, headers: {}, body });
      }
      case "request":
        return this.#begin(session, frame, () => {
          const { principal, state } = session;
          if (principal === null) throw new Error("a stream asks who it is before anything else");
          return performed({ env: this.env, principal, address: state.address }, frame);
        });
    }
  }

  #begin(session: Session, { id }: { id: string }, answer: () => Promise<string>): string | null {
    if (session.requests >= LIMITS.sessionRequestsMax) {
      const detail = `a stream has at most ${LIMITS.sessionRequestsMax} requests under way`;
      return problemText(id, { code: "too-many-requests", detail, retryAfterS: 1 });
    }
    session.requests++;
    this.ctx.waitUntil(this.#answerLater(session, id, answer));
    return null;
  }

  async #answerLater(session: Session, id: string, answer: () => Promise<string>): Promise<void> {
    const text = await answer().catch((error: unknown) => {
      log("error", "stream-request-failed", { error: String(error) });
      return problemText(id, { code: "internal" });
    });
    session.requests--;
    session.send(text);
    session.keep();
  }

  async #wake(): Promise<void> {
    const dueMs = Math.min(
      ...this.#sockets.open().map(({ state }) => dueAtMs(state.standing)),
      Infinity,
    );
    if (dueMs !== Infinity) await this.ctx.storage.setAlarm(Math.max(1, dueMs));
  }

  get #place(): Place {
    return { name: this.ctx.id.toString(), files: FILES.object };
  }

  /** Without a stream, the object sleeps. */
  #leave(): void {
    if (this.#sockets.open().length === 0) sessionRoom.leave(this.#place, OBJECT);
  }

  get #accountId(): string {
    return (this.ctx.id.name ?? "").split(" ")[0] ?? "";
  }

  #openedAtMs = ({ socket }: Session): number => Number(this.ctx.getTags(socket)[0] ?? 0);
}

/** What did not answer is busy to whoever asked. */
const failed = (event: string) => (error: unknown) => {
  log("error", "stream-unanswered", { to: event, error: String(error) });
  return err({ code: "overloaded" as const, retryAfterS: 1 });
};
