import { expect, it, vi } from "vitest";
import { killable } from "./killable.ts";

const ROUNDS = 2;
const CONVERSATIONS = 6;
const ANSWERED_BEFORE_KILL = 40;
const ROUND_MS_MAX = 60_000;

type Message = { id: string; fencingToken: number; conversationId: string; body: number };

const product = killable();
const { post } = product;

/** What was promised, and what came. */
class Ledger {
  /** By conversation, what was answered as sent, in order. */
  readonly sent = new Map<string, number[]>();
  /** By conversation, what was given out for the first time, in that order. */
  readonly got = new Map<string, number[]>();
  readonly done = new Set<string>();
  answered = 0;

  add(to: Map<string, number[]>, conversation: string, n: number): void {
    to.set(conversation, [...(to.get(conversation) ?? []), n]);
  }
}

/** Sends in one conversation, each message once the one before it is answered. What nobody answered may have come or not. */
async function send(path: string, conversationId: string, ledger: Ledger, isOver: () => boolean) {
  for (let n = ledger.sent.get(conversationId)?.at(-1) ?? 0; !isOver();) {
    n++;
    const deduplicationId = `${conversationId} ${n}`;
    const message = { body: n, conversationId, deduplicationId };
    const sent = await post(path, message).catch(() => null);
    if (sent === null) return;
    ledger.answered++;
    ledger.add(ledger.sent, conversationId, n);
  }
}

/** Takes messages and acknowledges them, until the product is gone or, with `untilEmpty`, until none is left. */
async function work(path: string, ledger: Ledger, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const leased = await post<{ messages: Message[] }>(`${path}/lease`, {
      limit: 3,
      leaseMs: 2_000,
      waitMs: 200,
    }).catch(() => null);
    if (leased === null) return;
    for (const { id, fencingToken, conversationId, body } of leased.messages) {
      expect(ledger.done.has(id), "what was answered as done comes again").toBe(false);
      const got = ledger.got.get(conversationId) ?? [];
      if (!got.includes(body)) ledger.add(ledger.got, conversationId, body);
      const ack = await post(`${path}/${id}/ack`, { fencingToken }).catch(() => null);
      if (ack !== null) ledger.done.add(id);
    }
  }
}

it.skipIf(process.platform !== "linux")(
  `kill -9 of everything while messages come and go, ${ROUNDS} times: none is lost, none comes out of order, none that is done comes again`,
  { timeout: ROUNDS * ROUND_MS_MAX },
  async () => {
    const ledger = new Ledger();
    await product.start();
    const agent = { name: "Killed", type: "query", description: "Reads.", capabilities: [] };
    const { id } = await post<{ id: string }>("/v1/agents", agent);
    const path = `/v1/agents/${id}/messages`;
    for (let round = 0; round < ROUNDS; round++) {
      let killed = false;
      const before = ledger.answered;
      const isOver = () => killed;
      const loops = [work(path, ledger, isOver)];
      for (let c = 0; c < CONVERSATIONS; c++) loops.push(send(path, `c${c}`, ledger, isOver));
      await vi.waitFor(
        () => expect(ledger.answered - before).toBeGreaterThan(ANSWERED_BEFORE_KILL),
        {
          timeout: ROUND_MS_MAX,
          interval: 5,
        },
      );
      await product.kill();
      killed = true;
      await Promise.all(loops);
      await product.start();
    }
    const missing = () =>
      [...ledger.sent].filter(([c, sent]) => (ledger.got.get(c)?.length ?? 0) < sent.length);
    const draining = work(path, ledger, () => missing().length === 0);
    await vi.waitFor(() => expect(missing()).toEqual([]), { timeout: ROUND_MS_MAX, interval: 100 });
    await draining;
    for (const [conversation, sent] of ledger.sent) {
      const got = ledger.got.get(conversation) ?? [];
      // A message whose sending nobody answered may have come too, behind the last that was answered.
      expect(got.slice(0, sent.length)).toEqual(sent);
      expect(got).toEqual(got.toSorted((a, b) => a - b));
    }
  },
);
