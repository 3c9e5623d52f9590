import type { Leased } from "#domain/mailbox/outcome.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { ok, type Result } from "#domain/shared/result.ts";
import type { AgentMailbox } from "#objects/agent-mailbox.ts";
import type { AgentPart } from "#objects/agent-parts.ts";

/** Long ago; an alarm takes no zero. */
const NOW_MS = 1;
const RETRY_MS = 5_000;

/** What a delivery is given: messages under leases, and when others may follow. */
export type ForDelivery = { leased: Leased[]; nextMs: number | null };

type Needs = {
  storage: DurableObjectStorage;
  mailbox: AgentMailbox;
  /** Has the alarm set for what is due: in the write of the message that made it due. */
  wake(): void;
  /** Tells the agent's Delivery object that there is something. */
  tell(): Promise<void>;
};

/** Tells whoever delivers the agent's messages that there are some: by an alarm, so that a crash forgets nobody. */
export class AgentDelivery implements AgentPart {
  readonly #needs: Needs;
  #isOn: boolean;
  /** Until it has found the mailbox empty, it need not be told again. */
  #isTold = false;
  #dueMs = NOW_MS;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#isOn = needs.storage.kv.get<boolean>("isDelivered") ?? false;
    needs.mailbox.onReady(() => {
      if (this.dueMs() !== null) needs.wake();
    });
  }

  set(isOn: boolean): void {
    this.#isOn = isOn;
    this.#isTold = false;
    if (isOn) this.#needs.storage.kv.put("isDelivered", true);
    else this.#needs.storage.kv.delete("isDelivered");
    if (isOn) this.#needs.wake();
  }

  async lease(limit: number, leaseMs: number): Promise<Result<ForDelivery, Problem>> {
    const { mailbox } = this.#needs;
    const leased = await mailbox.lease({ limit, leaseMs, waitMs: 0 });
    if (!leased.ok) return leased;
    if (leased.value.length < limit) this.#isTold = false;
    const { readyMs } = mailbox;
    return ok({ leased: leased.value, nextMs: Number.isFinite(readyMs) ? readyMs : null });
  }

  dueMs(): number | null {
    return this.#isOn && !this.#isTold && this.#needs.mailbox.hasReady ? this.#dueMs : null;
  }

  async work(nowMs: number): Promise<void> {
    this.#isTold = true;
    try {
      await this.#needs.tell();
      this.#dueMs = NOW_MS;
    } catch (error) {
      console.error({ event: "delivery-untold", error: String(error) });
      this.#isTold = false;
      this.#dueMs = nowMs + RETRY_MS;
    }
  }
}
