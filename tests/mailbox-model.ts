import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Draft } from "#domain/mailbox/message.ts";
import { ATTEMPTS_MAX } from "#domain/mailbox/outcome.ts";
import { MailboxRows } from "#objects/mailbox-rows.ts";

export const draft = (body: number, more: Partial<Draft> & { sender?: number }): Draft => ({
  from: { accountId: `a0_${more.sender ?? 0}`, agentId: null },
  isOwn: true,
  kind: "message",
  conversationId: null,
  inReplyTo: null,
  priority: 4,
  deadlineMs: null,
  once: [],
  body: String(body),
  bytes: 8,
  ...more,
});

export type Box = {
  do<T>(work: (rows: MailboxRows) => T): T;
  /** What an eviction leaves: the rows. */
  evict(): void;
  at: { nowMs: number };
};

let objects = 0;
export async function box(use: (box: Box) => void): Promise<void> {
  const stub = env.AGENT.getByName(`n0_order${objects++}`);
  await stub.contents(); // it has no table before somebody asks for what lies in one
  await runInDurableObject(stub, (_, { storage }) => {
    let rows = new MailboxRows(storage.sql);
    const at = { nowMs: 1_000_000 };
    use({
      at,
      do: (work) =>
        storage.transactionSync(() => {
          rows.begin(at.nowMs);
          const done = work(rows);
          rows.end();
          return done;
        }),
      evict: () => void (rows = new MailboxRows(storage.sql)),
    });
  });
}

type Known = {
  body: number;
  lane: string | null;
  rank: number;
  deadlineMs: number | null;
  seq: number;
  state: "waiting" | "leased" | "done" | "dead";
  token: number;
  untilMs: number;
  attempts: number;
};

export class Model {
  readonly all: Known[] = [];
  newest = 0;
  nowMs = 0;

  /** What has happened by itself by now: leases that ran out, then deadlines. */
  pass(nowMs: number): void {
    this.nowMs = nowMs;
    for (const one of this.all) {
      if (one.state === "leased" && one.untilMs <= nowMs)
        one.state = one.attempts >= ATTEMPTS_MAX ? "dead" : "waiting";
      if (one.state === "waiting" && one.deadlineMs !== null && one.deadlineMs <= nowMs)
        one.state = "dead";
    }
  }

  /** Of each lane the first that is not over, unless it is taken; and what is in no lane. */
  ready(): Known[] {
    const open = this.all.filter(({ state }) => state === "waiting" || state === "leased");
    return open.filter(
      (one) =>
        one.state === "waiting" &&
        (one.lane === null || open.find(({ lane }) => lane === one.lane) === one),
    );
  }

  /** A conversation is as urgent as what is most urgent in it. */
  add(sent: Known): void {
    for (const one of this.all) {
      const isOpen = one.state === "waiting" || one.state === "leased";
      if (sent.lane !== null && one.lane === sent.lane && isOpen)
        one.rank = Math.min(one.rank, sent.rank);
    }
    this.all.push(sent);
  }
}
