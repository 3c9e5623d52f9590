import type { Principal } from "#domain/accounts/model.ts";
import { CLOSES, type CloseReason } from "#domain/sessions/close.ts";
import { isTooFarBehind, newRate, type Rate, withSent } from "#domain/sessions/flow.ts";
import type { Holding } from "#domain/sessions/holding.ts";
import type { SessionState } from "#domain/sessions/state.ts";

/** A session while its object is awake: what hibernation may forget stands beside `state`, which it may not. */
export class Session {
  readonly socket: WebSocket;
  state: SessionState;
  /** Who asks, with everything they may do; asked for when the first request comes. */
  principal: Principal | null = null;
  /** Whether the agent is at work, so that it is given messages; null where nobody has asked yet. */
  takes: boolean | null = null;
  takesAtMs = 0;
  asking: Promise<boolean> | null = null;
  rate: Rate;
  requests = 0;
  isPushing = false;
  mayPush = false;
  isOver = false;

  readonly #left: (held: Holding[]) => void;

  /** `left` is told what it still holds when we end it. */
  constructor(
    socket: WebSocket,
    state: SessionState,
    left: (held: Holding[]) => void,
    nowMs: number,
  ) {
    this.socket = socket;
    this.#left = left;
    this.state = state;
    this.rate = newRate(nowMs);
  }

  send(text: string): void {
    if (this.isOver) return;
    try {
      this.socket.send(text);
    } catch {
      return; // It has gone; what it has not settled is kept.
    }
    this.state.flow = withSent(this.state.flow, text.length);
    if (isTooFarBehind(this.state.flow)) this.end("slow-consumer");
  }

  /** Writes on the socket what must outlive hibernation. */
  keep(): void {
    if (!this.isOver) this.socket.serializeAttachment(this.state);
  }

  /** Ends it, and says why. */
  end(reason: CloseReason, detail?: string): void {
    if (this.isOver) return;
    const { held } = this.state;
    this.state.held = [];
    this.#left(held);
    this.keep();
    this.isOver = true;
    try {
      this.socket.close(CLOSES[reason], detail === undefined ? reason : `${reason}: ${detail}`);
    } catch {
      // It is closed already.
    }
  }
}
