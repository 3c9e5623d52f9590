import fc from "fast-check";
import { expect, it } from "vitest";
import { AGEING_STEP_MS, rankOf } from "#domain/mailbox/message.ts";
import { ATTEMPTS_MAX, type Leased, type Settlement } from "#domain/mailbox/outcome.ts";
import { type Box, box, draft, Model } from "./mailbox-model.ts";

// The rows of a mailbox against a plain model of what they promise, over years that pass in no time.

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant("send" as const),
      sender: fc.nat(1),
      conversation: fc.option(fc.nat(1)),
      priority: fc.nat(9),
      deadlineInMs: fc.option(fc.integer({ min: 1, max: 400_000 }), { freq: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant("lease" as const),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constantFrom("ack" as const, "nack" as const, "extend" as const),
      which: fc.nat(30),
      delayMs: fc.constantFrom(0, 0, 50_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constant("pass" as const), ms: fc.nat(200_000) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("evict" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const LEASE_MS = 60_000;

function play(one: Step, mailbox: Box, model: Model, leases: Leased[]): void {
  model.pass(mailbox.at.nowMs);
  const { nowMs } = mailbox.at;
  if (one.does === "evict") mailbox.evict();
  else if (one.does === "pass") mailbox.at.nowMs += one.ms;
  else if (one.does === "send") {
    const conversationId = one.conversation === null ? null : `c${one.conversation}`;
    const deadlineMs = one.deadlineInMs === null ? null : nowMs + one.deadlineInMs;
    const sent = draft(model.all.length, {
      sender: one.sender,
      conversationId,
      priority: one.priority,
      deadlineMs,
    });
    const placed = mailbox.do((rows) => rows.put({ ...sent }, nowMs));
    if (!placed.ok) throw new Error(placed.error.code);
    expect(placed.value.seq).toBeGreaterThan(model.newest);
    model.newest = placed.value.seq;
    model.add({
      body: model.all.length,
      lane: conversationId === null ? null : `${one.sender} ${conversationId}`,
      rank: rankOf(nowMs, one.priority),
      deadlineMs,
      seq: placed.value.seq,
      state: "waiting",
      token: 0,
      untilMs: 0,
      attempts: 0,
    });
  } else if (one.does === "lease") {
    const expected = model
      .ready()
      .toSorted((a, b) => a.rank - b.rank || a.seq - b.seq)
      .slice(0, one.limit);
    const leased = mailbox.do((rows) => rows.lease(one.limit, LEASE_MS, nowMs));
    expect(leased.map(({ body }) => Number(body))).toEqual(expected.map(({ body }) => body));
    for (const [i, known] of expected.entries()) {
      const token = leased[i]?.lease.token ?? 0;
      expect(token).toBeGreaterThan(model.newest);
      model.newest = token;
      Object.assign(known, { state: "leased", token, untilMs: nowMs + LEASE_MS });
      known.attempts++;
    }
    leases.push(...leased);
  } else settle(one, mailbox, model, leases);
}

function settle(
  { does, which, delayMs }: Extract<Step, { which: number }>,
  mailbox: Box,
  model: Model,
  leases: Leased[],
): void {
  const lease = leases[which % Math.max(1, leases.length)];
  if (lease === undefined) return;
  const { nowMs } = mailbox.at;
  const { seq, lease: held } = lease;
  const named = { seq, token: held.token };
  const settlement: Settlement =
    does === "ack"
      ? { how: "ack", ...named }
      : does === "extend"
        ? { how: "extend", ...named, leaseMs: 90_000 }
        : { how: "nack", ...named, delayMs, final: false, reason: null };
  const outcome = mailbox.do((rows) => rows.settle(settlement, nowMs));
  const known = model.all.find((one) => one.seq === seq);
  if (known === undefined) throw new Error("leased, and never sent");
  if (known.state === "done") expect(outcome).toMatchObject({ error: { code: "not-found" } });
  else if (known.state === "dead" || known.token !== held.token)
    expect(outcome).toMatchObject({ error: { code: "lease-lost" } });
  else {
    expect(outcome.ok).toBe(true);
    if (does === "ack") known.state = "done";
    else if (does === "extend") Object.assign(known, { state: "leased", untilMs: nowMs + 90_000 });
    else if (known.attempts >= ATTEMPTS_MAX) known.state = "dead";
    else if (delayMs === 0) Object.assign(known, { state: "waiting", token: 0 });
    else Object.assign(known, { state: "leased", token: 0, untilMs: nowMs + delayMs });
  }
}

it("gives out, in its order, exactly what may be given out, to nobody whose lease is over, whatever happens", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      await box((mailbox) => {
        const model = new Model();
        const leases: Leased[] = [];
        for (const one of steps) play(one, mailbox, model, leases);
        // Whoever comes at the end gets all that is neither done nor dead.
        for (let turn = 0; turn < 100; turn++) {
          play({ does: "pass", ms: 200_000 }, mailbox, model, leases);
          const before = leases.length;
          play({ does: "lease", limit: 4 }, mailbox, model, leases);
          if (leases.length === before) break;
          for (let which = before; which < leases.length; which++)
            play({ does: "ack", which, delayMs: 0 }, mailbox, model, leases);
        }
        const open = model.all.filter(({ state }) => state === "waiting" || state === "leased");
        expect(open).toEqual([]);
      });
    }),
    { numRuns: 100 },
  );
});

it("keeps everything of a week for an agent that was away, and gives it out in the order it was sent", async () => {
  const message = fc.record({
    sender: fc.nat(3),
    conversation: fc.nat(4),
    priority: fc.nat(9),
    afterMs: fc.nat(4 * 3_600_000),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 40, maxLength: 80 }), async (messages) => {
      await box((mailbox) => {
        const sent = new Map<string, number[]>();
        for (const [i, one] of messages.entries()) {
          mailbox.at.nowMs += one.afterMs;
          if (i % 10 === 0) mailbox.evict();
          const lane = `${one.sender} c${one.conversation}`;
          sent.set(lane, [...(sent.get(lane) ?? []), i]);
          const { sender, priority } = one;
          const conversationId = `c${one.conversation}`;
          mailbox.do((rows) =>
            rows.put(draft(i, { sender, priority, conversationId }), mailbox.at.nowMs),
          );
        }
        mailbox.at.nowMs += 7 * 86_400_000;
        mailbox.evict();
        const got = new Map<string, number[]>();
        for (;;) {
          const { nowMs } = mailbox.at;
          const leased = mailbox.do((rows) => rows.lease(7, LEASE_MS, nowMs));
          if (leased.length === 0) break;
          for (const one of leased) {
            const lane = `${one.from.accountId.slice(3)} ${one.conversationId}`;
            got.set(lane, [...(got.get(lane) ?? []), Number(one.body)]);
            const { seq, lease } = one;
            mailbox.do((rows) => rows.settle({ how: "ack", seq, token: lease.token }, nowMs));
          }
        }
        expect(got).toEqual(sent);
      });
    }),
    { numRuns: 20 },
  );
});

it("goes on with a conversation whose first two messages die together", async () => {
  await box((mailbox) => {
    const { nowMs } = mailbox.at;
    for (const deadlineMs of [nowMs + 1, nowMs + 1, null])
      mailbox.do((rows) => rows.put(draft(0, { conversationId: "c", deadlineMs }), nowMs));
    mailbox.at.nowMs += 1;
    expect(mailbox.do((rows) => rows.lease(3, LEASE_MS, mailbox.at.nowMs))).toHaveLength(1);
  });
});

it("lets nothing be overtaken by what came more than its steps of priority later", async () => {
  await box((mailbox) => {
    mailbox.do((rows) => rows.put(draft(0, { priority: 0 }), mailbox.at.nowMs));
    mailbox.at.nowMs += 9 * AGEING_STEP_MS - 1;
    mailbox.do((rows) => rows.put(draft(1, { priority: 9 }), mailbox.at.nowMs));
    mailbox.at.nowMs += 1;
    mailbox.do((rows) => rows.put(draft(2, { priority: 9 }), mailbox.at.nowMs));
    const leased = mailbox.do((rows) => rows.lease(3, LEASE_MS, mailbox.at.nowMs));
    expect(leased.map(({ body }) => Number(body))).toEqual([1, 0, 2]);
  });
});

it("keeps what nobody takes for thirty days, shows it as dead for thirty more, and then keeps nothing", async () => {
  await box((mailbox) => {
    const day = 86_400_000;
    const looked = (): number | null => {
      const { nowMs } = mailbox.at;
      const nextMs = mailbox.do((rows) => rows.upkeep(nowMs));
      return nextMs === nowMs ? looked() : nextMs;
    };
    const once = [{ key: "a0_0 d  x", bodyHash: "" }];
    mailbox.do((rows) => rows.put(draft(0, { once }), mailbox.at.nowMs));
    mailbox.at.nowMs += 29 * day;
    expect(looked()).toBe(mailbox.at.nowMs + day);
    mailbox.at.nowMs += 2 * day;
    looked();
    expect(mailbox.do((rows) => rows.lease(1, LEASE_MS, mailbox.at.nowMs))).toEqual([]);
    expect(mailbox.do((rows) => rows.redrive(null, mailbox.at.nowMs))).toBe(1);
    expect(mailbox.do((rows) => rows.lease(1, LEASE_MS, mailbox.at.nowMs))).toHaveLength(1);
    mailbox.at.nowMs += day;
    looked();
    mailbox.at.nowMs += 31 * day;
    expect(looked()).toBeNull();
  });
});
