import { DurableObject } from "cloudflare:workers";
import { migrate } from "#objects/migrate.ts";

/** Append-only, whichever part a step belongs to. */
const STEPS: readonly string[] = [];

/** What an agent's object is made of: each part has its own tables, and its own work that falls due. */
export type AgentPart = {
  /** When its next work is due; null while it waits for nothing. */
  dueMs(): number | null;
  work(nowMs: number): void | Promise<void>;
};

/**
 * One agent: its mailbox, its tasks, its sessions. Named by agent id, and not there before the first message. An idle
 * one has no alarm and no timer; one alarm serves all its parts.
 */
export class Agent extends DurableObject<Env> {
  readonly #parts: readonly AgentPart[] = [];

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, STEPS);
  }

  override async alarm(): Promise<void> {
    const nowMs = Date.now();
    for (const part of this.#parts) {
      const dueMs = part.dueMs();
      if (dueMs !== null && dueMs <= nowMs) await part.work(nowMs);
    }
    await this.#wake();
  }

  /** Sets the alarm for whatever is due first; an alarm that nothing needs any more is taken back. */
  async #wake(): Promise<void> {
    const due = this.#parts.flatMap((part) => part.dueMs() ?? []);
    if (due.length > 0) await this.ctx.storage.setAlarm(Math.min(...due));
    else if ((await this.ctx.storage.getAlarm()) !== null) await this.ctx.storage.deleteAlarm();
  }
}
