import type { Leased } from "#domain/mailbox/outcome.ts";
import { log } from "#domain/observability/log.ts";
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
  /** When its delivery looks by itself at the latest, by what it was told last. */
  #looksAtMs = Infinity;

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
    this.#looksAtMs = readyMs;
    return ok({ leased: leased.value, nextMs: Number.isFinite(readyMs) ? readyMs : null });
  }

  /** Now where there is something; else when a lease or a delay ends that began after the delivery had looked. */
  dueMs(): number | null {
    if (!this.#isOn || this.#isTold) return null;
    const { hasReady, readyMs } = this.#needs.mailbox;
    if (hasReady) return this.#dueMs;
    return readyMs < this.#looksAtMs ? Math.max(readyMs, this.#dueMs) : null;
  }

  async work(nowMs: number): Promise<void> {
    this.#isTold = true;
    try {
      await this.#needs.tell();
      this.#dueMs = NOW_MS;
    } catch (error) {
      log("error", "delivery-untold", { error: String(error) });
      this.#isTold = false;
      this.#dueMs = nowMs + RETRY_MS;
    }
  }
}
