import { leasedText } from "#domain/mailbox/leased-text.ts";
import { type How, settleAll, settledViewsOf, SETTLING } from "#domain/mailbox/settling.ts";
import type { LeaseInput } from "#domain/mailbox/model.ts";
import type { Leased, Settled, Settlement } from "#domain/mailbox/outcome.ts";
import { seqOf } from "#domain/mailbox/message.ts";
import { pushable, withPushed } from "#domain/sessions/flow.ts";
import { answerText, messagesText, type RequestFrame } from "#domain/sessions/frames.ts";
import { type Holding, resumed, stillHeld } from "#domain/sessions/holding.ts";
import { meterUse } from "#domain/usage/metering.ts";
import type { Problem } from "#domain/shared/problem.ts";
import type { Result } from "#domain/shared/result.ts";
import { invalidOf } from "#domain/shared/input.ts";
import { problemText } from "#objects/agent-operations.ts";
import type { Session } from "#objects/agent-session.ts";

/** Where an object keeps what its agent's last session held, from its end until the next one. */
const LEFT = "session-left";

/** What a session needs of its agent's mailbox. */
export type SessionMailbox = {
  lease(input: LeaseInput): Promise<Result<Leased[], Problem>>;
  settle(settlements: Settlement[]): Promise<Result<Settled, Problem>[]>;
  /** When a lease, a delay or a deadline ends that may bring something. */
  dueMs(): number;
  /** Is told whenever there may be something that was not there before. */
  onReady(listener: () => void): void;
};

/** Each push of messages and each batch that is settled is a call, as it is over HTTP. */
function meterSession({ principal }: Session): void {
  if (principal !== null) meterUse(principal, "message.receive", true, Date.now());
}

/** The mailbox as a session sees it: messages are pushed, and settled without leaving the object. */
export class SessionMessages {
  readonly #ctx: DurableObjectState;
  readonly #mailbox: SessionMailbox;

  constructor(ctx: DurableObjectState, mailbox: SessionMailbox) {
    this.#ctx = ctx;
    this.#mailbox = mailbox;
  }

  /** Gives a session what it may be given, until there is nothing, or it has enough. */
  async push(session: Session): Promise<void> {
    // What comes while a lease is under way may lie behind it in the same transaction.
    session.mayPush = true;
    if (session.isPushing) return;
    session.isPushing = true;
    try {
      while (session.mayPush) {
        session.mayPush = false;
        if (await this.#pushed(session)) session.mayPush = true;
      }
    } finally {
      session.isPushing = false;
    }
  }

  async #pushed(session: Session): Promise<boolean> {
    const { state } = session;
    state.held = stillHeld(state.held, Date.now());
    const limit =
      session.isOver || session.takes !== true ? 0 : pushable(state.flow, state.held.length);
    if (limit === 0) return false;
    const leased = await this.#mailbox.lease({ limit, leaseMs: state.leaseMs, waitMs: 0 });
    if (!leased.ok || leased.value.length === 0) return false;
    const given = leased.value.map(({ seq, lease: { token, untilMs } }) => ({
      seq,
      token,
      untilMs,
    }));
    if (session.isOver) {
      await this.#settle("return", given);
      return false;
    }
    state.held.push(...given);
    state.flow = withPushed(state.flow, given.length);
    const offset = Math.max(...given.map(({ token }) => token));
    const texts = leased.value.map((one) => leasedText(state.agentId, one));
    session.send(messagesText(offset, texts));
    meterSession(session);
    session.keep();
    return true;
  }

  /** When a session that waits for messages may be given one though none is sent: a lease ends, or a delay. */
  dueMs({ state, takes, isOver }: Session): number {
    const waits = !isOver && takes !== false && pushable(state.flow, state.held.length) > 0;
    return waits ? this.#mailbox.dueMs() : Infinity;
  }

  /** What a request asks of the session's own messages, if it asks that; its answer, without the way through the API. */
  settled(session: Session, frame: RequestFrame): Promise<string> | null {
    const { agentId } = session.state;
    const prefix = `/v1/agents/${agentId}/messages/`;
    if (frame.method !== "POST" || frame.headers !== undefined || !frame.path.startsWith(prefix))
      return null;
    const how = frame.path.slice(prefix.length);
    if (how !== "ack" && how !== "nack" && how !== "extend") return null;
    return this.#settled(session, frame, how);
  }

  async #settled(session: Session, { id, body }: RequestFrame, how: How): Promise<string> {
    const { state } = session;
    const read = SETTLING[how].many.safeParse(body);
    if (!read.success)
      return problemText(id, { code: "invalid-request", errors: invalidOf(read.error) });
    const { messages } = read.data as { messages: { id: string; fencingToken: number }[] };
    const outcomes = await settleAll(state.agentId, how, messages, (all) =>
      this.#mailbox.settle(all),
    );
    for (const [i, outcome] of outcomes.entries()) {
      const seq = seqOf(state.agentId, messages[i]?.id ?? "");
      if (!outcome.ok && outcome.error.code === "overloaded") continue;
      if (outcome.ok && outcome.value.state === "leased") {
        const { leasedUntilMs: untilMs } = outcome.value;
        state.held = state.held.map((one) => (one.seq === seq ? { ...one, untilMs } : one));
      } else state.held = state.held.filter((one) => one.seq !== seq);
    }
    meterSession(session);
    const view = JSON.stringify(settledViewsOf(messages, outcomes));
    return answerText({ id, status: 200, headers: {}, body: view });
  }

  /** What the next session goes on with. */
  resume(older: readonly Holding[], after: number | null, nowMs: number): Holding[] {
    const { kv } = this.#ctx.storage;
    const left = kv.get<Holding[]>(LEFT);
    if (left !== undefined) kv.delete(LEFT);
    const { kept, unread, lost } = resumed([...(left ?? []), ...older], after, nowMs);
    this.#settleLater("return", unread);
    this.#settleLater("nack", lost);
    return kept;
  }

  /** The session is over: what it holds waits for the next one, or, where the client is done, for anybody. */
  leave(held: readonly Holding[], isDone: boolean, nowMs: number): void {
    const all = stillHeld(held, nowMs);
    if (all.length === 0) return;
    if (isDone) this.#settleLater("nack", all);
    else this.#ctx.storage.kv.put(LEFT, all);
  }

  #settleLater(how: "return" | "nack", held: readonly Holding[]): void {
    this.#ctx.waitUntil(this.#settle(how, held));
  }

  async #settle(how: "return" | "nack", held: readonly Holding[]): Promise<void> {
    if (held.length === 0) return;
    const all = held.map(({ seq, token }): Settlement =>
      how === "return"
        ? { how, seq, token }
        : { how, seq, token, delayMs: 0, final: false, reason: null },
    );
    await this.#mailbox.settle(all);
  }
}
