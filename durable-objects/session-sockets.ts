import { log } from "#domain/observability/log.ts";
import type { CloseReason } from "#domain/sessions/close.ts";
import { withTaken } from "#domain/sessions/flow.ts";
import { type Parsed, parseFrames } from "#domain/sessions/frames.ts";
import type { Holding } from "#domain/sessions/holding.ts";
import { type Place, sessionRoom, sessionsMax } from "#domain/sessions/room.ts";
import { standingAt, type Stands } from "#domain/sessions/standing.ts";
import {
  type Opening,
  OPENING_HEADER,
  openedSession,
  type SessionState,
  welcomeText,
} from "#domain/sessions/state.ts";
import type { Result } from "#domain/shared/result.ts";
import { Session } from "#objects/agent-session.ts";

type Begun = { opening: Opening; id: string };
type Needs = {
  /** What is logged of it. */
  name: "session" | "stream";
  /** What takes a place in the process's room for it (domain/sessions/room.ts). */
  placeOf(opening: Opening, id: string): Place;
  /** What the edge says of whoever opened it. */
  standing(state: SessionState): Promise<Result<Stands, CloseReason>>;
  /** Told what it still holds when we end it. */
  left(held: Holding[]): void;
};

/** The hibernating sockets of one object: who has opened them, whether they still may, and what they say. */
export class SessionSockets {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #needs: Needs;
  readonly #live = new WeakMap<WebSocket, Session>();

  constructor(ctx: DurableObjectState, env: Env, needs: Needs) {
    this.#ctx = ctx;
    this.#env = env;
    this.#needs = needs;
  }

  /** Who opens one, with its place in the room taken; or the refusal. */
  begin(request: Request): Begun | Response {
    const opening = JSON.parse(request.headers.get(OPENING_HEADER) ?? "null") as Opening | null;
    if (opening === null) return new Response(null, { status: 404 });
    const id = crypto.randomUUID();
    if (!sessionRoom.take(this.#needs.placeOf(opening, id), id, sessionsMax(this.#env)))
      return new Response(null, { status: 503 });
    return { opening, id };
  }

  /** Takes the socket over and says who is at home. */
  accept({ opening, id }: Begun, held: Holding[], nowMs: number, tags: string[] = []): Response {
    const { 0: theirs, 1: ours } = new WebSocketPair();
    this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    this.#ctx.acceptWebSocket(ours, tags);
    const session = this.#added(ours, openedSession(opening, id, held), nowMs);
    session.send(welcomeText(session.state));
    session.keep();
    return new Response(null, { status: 101, webSocket: theirs });
  }

  /** What a message says, where whoever sent it may still say something; a session that says nonsense ends. */
  async heard(
    socket: WebSocket,
    message: string | ArrayBuffer,
  ): Promise<{ session: Session; frames: Parsed[] } | null> {
    const nowMs = Date.now();
    const session = this.#sessionOf(socket, nowMs);
    if (session === null) return null;
    const frames = typeof message === "string" ? parseFrames(message) : null;
    if (frames?.ok !== true) {
      session.end("bad-frame", frames?.error.errors?.[0]?.detail ?? "is no text");
      return null;
    }
    const rate = withTaken(session.rate, frames.value.length, nowMs);
    if (rate === null) {
      session.end("too-many-requests");
      return null;
    }
    session.rate = rate;
    return (await this.stands(session, nowMs)) ? { session, frames: frames.value } : null;
  }

  /** A session has ended, by whichever side; what it held. */
  closed(socket: WebSocket, code: number): Holding[] {
    try {
      socket.close(code === 1000 || code >= 3000 ? code : 1000); // a client waits for its answer
    } catch {
      // It has gone.
    }
    const state = socket.deserializeAttachment() as SessionState | null;
    if (state !== null) sessionRoom.leave(this.#needs.placeOf(state, state.id), state.id);
    const live = this.#live.get(socket);
    if (live !== undefined) live.isOver = true;
    this.#live.delete(socket);
    return live?.state.held ?? state?.held ?? [];
  }

  open(): Session[] {
    const nowMs = Date.now();
    return this.#ctx.getWebSockets().flatMap((socket) => this.#sessionOf(socket, nowMs) ?? []);
  }

  /** Whether who opened the session may still do so. Waits for the answer only where the last one is too old. */
  async stands(session: Session, nowMs: number): Promise<boolean> {
    if (session.isOver) return false;
    const standing = standingAt(session.state.standing, nowMs);
    if (standing === "ended") return ended(session, "unauthenticated");
    if (standing === "ask" || session.principal === null) return await this.ask(session, nowMs);
    if (standing === "renew") this.#ctx.waitUntil(this.ask(session, nowMs));
    return true;
  }

  /** Asks anew, once for all that want to know. */
  ask(session: Session, nowMs: number): Promise<boolean> {
    session.asking ??= this.#asked(session, nowMs).finally(() => {
      session.asking = null;
    });
    return session.asking;
  }

  async #asked(session: Session, nowMs: number): Promise<boolean> {
    if (standingAt(session.state.standing, nowMs) === "ended")
      return ended(session, "unauthenticated");
    const { name, standing } = this.#needs;
    const asked = await standing(session.state).catch((error: unknown) => {
      log("error", "standing-unknown", { of: name, error: String(error) });
      return { ok: false, error: "overloaded" } as const;
    });
    if (!asked.ok) return ended(session, asked.error);
    const { principal, checkedAtMs, endsAtMs } = asked.value;
    session.principal = principal;
    session.state.standing = { checkedAtMs, endsAtMs };
    session.keep();
    return !session.isOver;
  }

  #sessionOf(socket: WebSocket, nowMs: number): Session | null {
    if (socket.readyState !== WebSocket.OPEN) return null;
    const live = this.#live.get(socket);
    if (live !== undefined) return live.isOver ? null : live;
    const state = socket.deserializeAttachment() as SessionState | null;
    return state === null ? null : this.#added(socket, state, nowMs);
  }

  #added(socket: WebSocket, state: SessionState, nowMs: number): Session {
    const session = new Session(socket, state, (held) => this.#needs.left(held), nowMs);
    this.#live.set(socket, session);
    return session;
  }
}

function ended(session: Session, reason: CloseReason): false {
  session.end(reason);
  return false;
}
