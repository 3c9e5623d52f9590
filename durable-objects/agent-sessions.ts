import { log } from "#domain/observability/log.ts";
import type { CloseReason } from "#domain/sessions/close.ts";
import { answerText, type ClientFrame, type Parsed, together } from "#domain/sessions/frames.ts";
import { withCredit, withSeen } from "#domain/sessions/flow.ts";
import { agentPlace } from "#domain/sessions/room.ts";
import { dueAtMs } from "#domain/sessions/standing.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { performed, problemText } from "#objects/agent-operations.ts";
import type { Session } from "#objects/agent-session.ts";
import { type SessionMailbox, SessionMessages } from "#objects/agent-session-messages.ts";
import { SessionSends } from "#objects/agent-session-sends.ts";
import { SessionSockets } from "#objects/session-sockets.ts";

/** A paused agent is given nothing after this; one in quarantine has no session any more. */
const TAKES_LIFE_MS = 5_000;

/**
 * The sessions of one agent: one at a time, the newest. A hibernated one costs its socket and what is written on it; the
 * platform answers its pings.
 */
export class AgentSessions {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #messages: SessionMessages;
  readonly #sockets: SessionSockets;
  readonly #sends = new WeakMap<Session, SessionSends>();

  constructor(ctx: DurableObjectState, env: Env, mailbox: SessionMailbox) {
    this.#ctx = ctx;
    this.#env = env;
    this.#messages = new SessionMessages(ctx, mailbox);
    this.#sockets = new SessionSockets(ctx, env, {
      name: "session",
      placeOf: ({ agentId }) => agentPlace(agentId),
      standing: ({ agentId, holder, address }) =>
        env.OPERATIONS.standing({ agentId, holder, address }),
      left: (held) => this.#messages.leave(held, false, Date.now()),
    });
    mailbox.onReady(() => {
      for (const session of this.#sockets.open()) this.#pushLater(session);
    });
  }

  /** Takes the socket over. An older session of the agent ends: whoever lost its connection comes back before we notice. */
  open(request: Request): Response {
    const begun = this.#sockets.begin(request);
    if (begun instanceof Response) return begun;
    const nowMs = Date.now();
    const older = this.#sockets.open().flatMap((old) => {
      const { held } = old.state;
      old.state.held = [];
      old.end("replaced");
      return held;
    });
    const held = this.#messages.resume(older, begun.opening.after, nowMs);
    return this.#sockets.accept(begun, held, nowMs);
  }

  dueMs(): number | null {
    const due = this.#sockets
      .open()
      .flatMap((session) => [dueAtMs(session.state.standing), this.#messages.dueMs(session)]);
    const dueMs = Math.min(Infinity, ...due);
    return dueMs === Infinity ? null : dueMs;
  }

  /** Asks about whoever has not said anything for long, ends what has run out, and gives what can be given again. */
  async work(nowMs: number): Promise<void> {
    for (const session of this.#sockets.open()) {
      if (dueAtMs(session.state.standing) <= nowMs && !(await this.#sockets.ask(session, nowMs)))
        continue;
      await this.#push(session);
    }
  }

  async message(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const heard = await this.#sockets.heard(socket, message);
    if (heard === null) return;
    const { session, frames } = heard;
    const before = session.state.flow;
    this.#take(session, frames);
    const { credit, seen } = session.state.flow;
    if (credit > before.credit || (seen > before.seen && credit > 0)) await this.#push(session);
  }

  /** A session has ended, by whichever side. */
  closed(socket: WebSocket, code: number): void {
    this.#messages.leave(this.#sockets.closed(socket, code), code === 1000, Date.now());
  }

  #take(session: Session, frames: readonly Parsed[]): void {
    const now: string[] = [];
    for (const frame of frames) {
      const text = frame.ok
        ? this.#answer(session, frame.value)
        : problemText(frame.error.id, frame.error.problem);
      if (text !== null) now.push(text);
    }
    if (now.length > 0) session.send(together(now));
    session.keep();
    const sends = this.#sends.get(session);
    if (sends !== undefined) this.#ctx.waitUntil(sends.flush());
  }

  /** What is answered at once; null where there is nothing to answer, or not yet. */
  #answer(session: Session, frame: ClientFrame): string | null {
    const { state } = session;
    switch (frame.type) {
      case "seen": {
        const flow = withSeen(state.flow, frame.frames);
        if (flow === null) session.end("bad-frame", "saw more frames than there were");
        else state.flow = flow;
        return null;
      }
      case "receive":
        state.flow = withCredit(state.flow, frame.credit);
        state.leaseMs = frame.leaseMs ?? state.leaseMs;
        return null;
      case "echo": {
        const body = JSON.stringify(frame.body ?? null);
        return answerText({ id: frame.id, status: 200, headers: {}, body });
      }
      case "request":
        return this.#begin(session, frame);
      case "subscribe":
      case "unsubscribe": {
        const detail = "an agent's session is given its messages: subscribe over /v1/stream";
        return problemText(frame.id, { code: "invalid-request", detail });
      }
    }
  }

  #begin(session: Session, frame: ClientFrame & { type: "request" }): string | null {
    if (session.requests >= LIMITS.sessionRequestsMax) {
      const detail = `a session has at most ${LIMITS.sessionRequestsMax} requests under way`;
      return problemText(frame.id, { code: "too-many-requests", detail, retryAfterS: 1 });
    }
    session.requests++;
    const settled = this.#messages.settled(session, frame);
    if (settled !== null) this.#ctx.waitUntil(this.#answerLater(session, frame.id, settled));
    else if (!this.#sendsOf(session).take(frame))
      this.#ctx.waitUntil(
        this.#answerLater(session, frame.id, performed(this.#asked(session), frame)),
      );
    return null;
  }

  async #answerLater(session: Session, id: string, text: Promise<string>): Promise<void> {
    const answer = await text.catch((error: unknown) => {
      log("error", "session-request-failed", { error: String(error) });
      return problemText(id, { code: "internal" });
    });
    session.requests--;
    session.send(answer);
    session.keep();
    if (session.state.flow.credit > 0) await this.#push(session);
  }

  #sendsOf(session: Session): SessionSends {
    let sends = this.#sends.get(session);
    if (sends === undefined) {
      const { env, principal, address } = this.#asked(session);
      sends = new SessionSends(session, async (to, messages) =>
        env.OPERATIONS.perform(session.principal ?? principal, {
          method: "POST",
          path: `/v1/agents/${to}/messages/batch`,
          body: JSON.stringify({ messages }),
          address,
        }),
      );
      this.#sends.set(session, sends);
    }
    return sends;
  }

  /** As whom a session's requests are performed: nothing is taken before it is known. */
  #asked({ principal, state: { address } }: Session) {
    if (principal === null) throw new Error("a session asks who it is before anything else");
    return { env: this.#env, principal, address };
  }

  #pushLater(session: Session): void {
    if (session.state.flow.credit > 0) this.#ctx.waitUntil(this.#push(session));
  }

  async #push(session: Session): Promise<void> {
    const nowMs = Date.now();
    if (!(await this.#sockets.stands(session, nowMs))) return;
    if (session.takes === null || nowMs - session.takesAtMs >= TAKES_LIFE_MS) {
      const { agentId } = session.state;
      session.takes = await this.#env.OPERATIONS.takes(agentId).catch(() => session.takes);
      session.takesAtMs = nowMs;
    }
    await this.#messages.push(session);
    await this.#wake();
  }

  /** The alarm rings for whatever is due first; one that rings too early finds nothing to do. */
  async #wake(): Promise<void> {
    const dueMs = this.dueMs();
    if (dueMs === null) return;
    const set = await this.#ctx.storage.getAlarm();
    if (set === null || set > dueMs) await this.#ctx.storage.setAlarm(dueMs);
  }

  /** Ends all of them, because their agent may not go on. */
  endAll(reason: CloseReason): void {
    for (const session of this.#sockets.open()) session.end(reason);
  }
}
