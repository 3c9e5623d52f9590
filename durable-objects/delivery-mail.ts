import { isAtWork } from "#domain/agents/life.ts";
import { leasedText } from "#domain/mailbox/leased-text.ts";
import { messageIdOf } from "#domain/mailbox/message.ts";
import { ATTEMPTS_MAX, type Leased, type Settlement } from "#domain/mailbox/outcome.ts";
import { nextAttemptMs, type Outcome } from "#domain/delivery/pace.ts";
import { log } from "#domain/observability/log.ts";
import { agentStore } from "#db/catalog/agents.ts";

/** Longer than an attempt takes: egress ends it after 10 s. */
const LEASE_MS = 30_000;
/** Whoever answers 202, and whoever is given a task, has this long to settle or extend it. */
const WORK_LEASE_MS = 300_000;
/** Long ago; an alarm takes no zero. */
const NOW_MS = 1;
const BUSY_MS = 1_000;
/** What is known of the agent's state is believed for so long. */
const STATE_LIFE_MS = 5_000;

/** Looked at again soon: an alarm that throws is forgotten after six tries, and the mailbox with it. */
function unread(error: unknown): null {
  log("error", "delivery-mail-unread", { error: String(error) });
  return null;
}

/** One message's attempt. */
export type Letter = { id: string; lane: string; body: string; agentId: string; leased: Leased };

type Needs = { env: Pick<Env, "AGENT" | "CATALOG_0">; kv: SyncKvStorage };

/** The mailbox that an agent's webhook empties: messages stay in it, under leases, until the webhook has taken them. */
export class Mail {
  readonly #needs: Needs;
  /** When to look into the mailbox again; null: when told. */
  #dueMs: number | null;
  #wakes = 0;
  #isActive = { value: true, readAtMs: -Infinity };

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#dueMs = needs.kv.get<number>("mailDueMs") ?? null;
  }

  dueMs(): number | null {
    return this.#dueMs;
  }

  /** There may be something now. */
  wake(): void {
    this.#wakes++;
    this.#isActive.readAtMs = -Infinity;
    this.#set(NOW_MS);
  }

  /** There may be something by then, though nobody says so any more. */
  expect(byMs: number): void {
    this.#set(Math.min(this.#dueMs ?? Infinity, byMs));
  }

  forget(): void {
    this.#set(null);
  }

  async take(agentId: string, nowMs: number, max: number): Promise<Letter[]> {
    if (max <= 0 || this.#dueMs === null || this.#dueMs > nowMs) return [];
    const wakes = this.#wakes;
    const isAtWork = await this.#isAtWork(agentId, nowMs).catch(unread);
    if (isAtWork === null) {
      this.#set(nowMs + BUSY_MS);
      return [];
    }
    if (!isAtWork) {
      // Whoever lets it go on says so before and after (`expect`): nobody has to look meanwhile.
      this.#set(wakes === this.#wakes ? null : NOW_MS);
      return [];
    }
    const answer = await this.#needs.env.AGENT.getByName(agentId)
      .leaseForDelivery(max, LEASE_MS)
      .catch(unread);
    const leased = answer?.ok === true ? answer.value.leased : [];
    if (wakes !== this.#wakes || leased.length === max) this.#set(NOW_MS);
    else this.#set(answer?.ok === true ? answer.value.nextMs : nowMs + BUSY_MS);
    return leased.map((one) => ({
      id: messageIdOf(agentId, one.seq),
      lane: "",
      body: `{"type":"agent.message","timestamp":"${new Date(one.sentAtMs).toISOString()}","data":${leasedText(agentId, one)}}`,
      agentId,
      leased: one,
    }));
  }

  async settle({ agentId, leased }: Letter, outcome: Outcome, nowMs: number, random: number) {
    const { seq, kind, lease, attempts } = leased;
    const of = { seq, token: lease.token };
    const one = settlementOf(outcome, kind, attempts, nowMs, random);
    await this.#needs.env.AGENT.getByName(agentId).settle([{ ...of, ...one }]);
    if (one.how === "ack") return;
    this.#set(Math.min(this.#dueMs ?? Infinity, nowMs + waitOf(one)));
  }

  async #isAtWork(agentId: string, nowMs: number): Promise<boolean> {
    if (nowMs - this.#isActive.readAtMs < STATE_LIFE_MS) return this.#isActive.value;
    const agent = await agentStore([this.#needs.env.CATALOG_0]).agent(agentId);
    const value = agent !== null && isAtWork(agent.state);
    this.#isActive = { value, readAtMs: nowMs };
    return value;
  }

  #set(dueMs: number | null): void {
    if (dueMs === this.#dueMs) return;
    this.#dueMs = dueMs;
    if (dueMs === null) this.#needs.kv.delete("mailDueMs");
    else this.#needs.kv.put("mailDueMs", dueMs);
  }
}

type Wanted =
  | { how: "ack" | "return" }
  | Omit<Extract<Settlement, { how: "nack" }>, "seq" | "token">
  | Omit<Extract<Settlement, { how: "extend" }>, "seq" | "token">;

/** When there may be something for the webhook again, in ms. */
function waitOf(one: Wanted): number {
  if (one.how === "extend") return one.leaseMs;
  return one.how === "nack" ? one.delayMs : 0;
}

/** What becomes of a message: 202 takes it to work on it, and any other 2xx is done with it unless it is a task. */
function settlementOf(
  outcome: Outcome,
  kind: string,
  attempts: number,
  nowMs: number,
  random: number,
): Wanted {
  switch (outcome.kind) {
    case "delivered":
      return outcome.status === 202 || kind === "task"
        ? { how: "extend", leaseMs: WORK_LEASE_MS }
        : { how: "ack" };
    case "refused": {
      const reason = `the webhook answered ${outcome.status}`;
      // The mailbox gives a message fewer attempts than an endpoint has here, so they lie further apart.
      const dueMs =
        attempts >= ATTEMPTS_MAX ? null : nextAttemptMs(2 * attempts - 1, nowMs, random);
      return { how: "nack", delayMs: Math.max(0, (dueMs ?? nowMs) - nowMs), final: false, reason };
    }
    case "unreachable":
    case "gone":
      return { how: "return" };
  }
}
