import type { Principal } from "#domain/accounts/model.ts";
import { CLOSES, type CloseReason } from "#domain/sessions/close.ts";
import {
  isTooFarBehind,
  newRate,
  type Rate,
  withSeen,
  withSent,
  withTaken,
} from "#domain/sessions/flow.ts";
import {
  answerText,
  type ClientFrame,
  type Parsed,
  parseFrames,
  together,
} from "#domain/sessions/frames.ts";
import { dueAtMs, type Standing, standingAt } from "#domain/sessions/standing.ts";
import {
  type Opening,
  OPENING_HEADER,
  openedSession,
  type SessionState,
  welcomeText,
} from "#domain/sessions/state.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { performed, problemText } from "#objects/agent-operations.ts";

/** A session while its object is awake: what hibernation may forget stands beside what it may not. */
type Session = {
  readonly socket: WebSocket;
  state: SessionState;
  /** Who asks, with everything they may do; asked for when the first request comes. */
  principal: Principal | null;
  asking: Promise<boolean> | null;
  rate: Rate;
  requests: number;
};

/**
 * The sessions of one agent: one at a time, the newest. A hibernated one costs its socket and what is written on it; the
 * platform answers its pings.
 */
export class AgentSessions {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #live = new WeakMap<WebSocket, Session>();

  constructor(ctx: DurableObjectState, env: Env) {
    this.#ctx = ctx;
    this.#env = env;
  }

  /** Takes the socket over. An older session of the agent ends: whoever lost its connection comes back before we notice. */
  open(request: Request): Response {
    const opening = JSON.parse(request.headers.get(OPENING_HEADER) ?? "null") as Opening | null;
    if (opening === null) return new Response(null, { status: 404 });
    for (const old of this.#open()) this.end(old, "replaced");
    const { 0: theirs, 1: ours } = new WebSocketPair();
    this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    this.#ctx.acceptWebSocket(ours);
    const session = this.#added(ours, openedSession(opening, crypto.randomUUID()), Date.now());
    this.#send(session, welcomeText(session.state));
    this.#keep(session);
    return new Response(null, { status: 101, webSocket: theirs });
  }

  dueMs(): number | null {
    const due = this.#open().map(({ state }) => dueAtMs(state.standing));
    return due.length === 0 ? null : Math.min(...due);
  }

  /** Asks about whoever has not said anything for long, and ends what has run out. */
  async work(nowMs: number): Promise<void> {
    for (const session of this.#open())
      if (dueAtMs(session.state.standing) <= nowMs) await this.#ask(session, nowMs);
  }

  async message(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const nowMs = Date.now();
    const session = this.#sessionOf(socket, nowMs);
    if (session === null) return;
    const frames = typeof message === "string" ? parseFrames(message) : null;
    if (frames?.ok !== true)
      return this.end(session, "bad-frame", frames?.error.errors?.[0]?.detail);
    const rate = withTaken(session.rate, frames.value.length, nowMs);
    if (rate === null) return this.end(session, "too-many-requests");
    session.rate = rate;
    if (await this.#stands(session, nowMs)) this.#take(session, frames.value);
  }

  #take(session: Session, frames: readonly Parsed[]): void {
    const now: string[] = [];
    for (const frame of frames) {
      const text = frame.ok
        ? this.#answer(session, frame.value)
        : problemText(frame.error.id, frame.error.problem);
      if (text !== null) now.push(text);
    }
    if (now.length > 0) this.#send(session, together(now));
    this.#keep(session);
  }

  /** What is answered at once; null where there is nothing to answer, or not yet. */
  #answer(session: Session, frame: ClientFrame): string | null {
    if (frame.type === "seen") {
      const flow = withSeen(session.state.flow, frame.frames);
      if (flow === null) this.end(session, "bad-frame", "saw more frames than there were");
      else session.state.flow = flow;
      return null;
    }
    if (frame.type === "echo")
      return answerText({
        id: frame.id,
        status: 200,
        headers: {},
        body: JSON.stringify(frame.body ?? null),
      });
    if (session.requests >= LIMITS.sessionRequestsMax) {
      const detail = `a session has at most ${LIMITS.sessionRequestsMax} requests under way`;
      return problemText(frame.id, { code: "too-many-requests", detail, retryAfterS: 1 });
    }
    session.requests++;
    this.#ctx.waitUntil(this.#perform(session, frame));
    return null;
  }

  async #perform(session: Session, frame: ClientFrame & { type: "request" }): Promise<void> {
    const { principal, state } = session;
    if (principal === null) return;
    const text = await performed(this.#env, principal, state.address, frame).catch(
      (error: unknown) => {
        console.error({ event: "session-request-failed", error: String(error) });
        return problemText(frame.id, { code: "internal" });
      },
    );
    session.requests--;
    this.#send(session, text);
    this.#keep(session);
  }

  /** Whether who opened the session may still do so. Waits for the answer only where the last one is too old. */
  async #stands(session: Session, nowMs: number): Promise<boolean> {
    const standing = standingAt(session.state.standing, nowMs);
    if (standing === "ended") {
      this.end(session, "unauthenticated");
      return false;
    }
    if (standing === "ask" || session.principal === null) return await this.#ask(session, nowMs);
    if (standing === "renew") this.#ctx.waitUntil(this.#ask(session, nowMs));
    return true;
  }

  #ask(session: Session, nowMs: number): Promise<boolean> {
    session.asking ??= this.#asked(session, nowMs).finally(() => {
      session.asking = null;
    });
    return session.asking;
  }

  async #asked(session: Session, nowMs: number): Promise<boolean> {
    const { agentId, holder, address, standing } = session.state;
    if (standingAt(standing, nowMs) === "ended") {
      this.end(session, "unauthenticated");
      return false;
    }
    const asked = await this.#env.OPERATIONS.standing({ agentId, holder, address }).catch(
      (error: unknown) => {
        console.error({ event: "session-standing-unknown", error: String(error) });
        return { ok: false, error: "overloaded" } as const;
      },
    );
    if (!asked.ok) {
      this.end(session, asked.error);
      return false;
    }
    const { principal, checkedAtMs, endsAtMs } = asked.value;
    session.principal = principal;
    session.state.standing = { checkedAtMs, endsAtMs } satisfies Standing;
    this.#keep(session);
    return true;
  }

  /** Ends all of them, because their agent may not go on. */
  endAll(reason: CloseReason): void {
    for (const session of this.#open()) this.end(session, reason);
  }

  /** Ends a session, and says why. */
  end({ socket }: Session, reason: CloseReason, detail?: string): void {
    this.#live.delete(socket);
    try {
      socket.close(CLOSES[reason], detail === undefined ? reason : `${reason}: ${detail}`);
    } catch {
      // It is closed already.
    }
  }

  #send(session: Session, text: string): void {
    try {
      session.socket.send(text);
    } catch {
      return; // It has gone; what was not acknowledged is kept.
    }
    session.state.flow = withSent(session.state.flow, text.length);
    if (isTooFarBehind(session.state.flow)) this.end(session, "slow-consumer");
  }

  /** Writes on the socket what must outlive hibernation. */
  #keep({ socket, state }: Session): void {
    if (this.#live.has(socket)) socket.serializeAttachment(state);
  }

  #open(): Session[] {
    const nowMs = Date.now();
    return this.#ctx.getWebSockets().flatMap((socket) => this.#sessionOf(socket, nowMs) ?? []);
  }

  #sessionOf(socket: WebSocket, nowMs: number): Session | null {
    if (socket.readyState !== WebSocket.OPEN) return null;
    const live = this.#live.get(socket);
    if (live !== undefined) return live;
    const state = socket.deserializeAttachment() as SessionState | null;
    return state === null ? null : this.#added(socket, state, nowMs);
  }

  #added(socket: WebSocket, state: SessionState, nowMs: number): Session {
    const session: Session = {
      socket,
      state,
      principal: null,
      asking: null,
      rate: newRate(nowMs),
      requests: 0,
    };
    this.#live.set(socket, session);
    return session;
  }
}
