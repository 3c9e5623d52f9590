import type { z } from "zod";
import { seqOf } from "#domain/mailbox/message.ts";
import {
  ackBatch,
  ackInput,
  extendBatch,
  extendInput,
  nackBatch,
  nackInput,
  type settledView,
} from "#domain/mailbox/model.ts";
import type { Settled, Settlement } from "#domain/mailbox/outcome.ts";
import { PROBLEMS, type Problem } from "#domain/shared/problem.ts";
import { err, type Result } from "#domain/shared/result.ts";

/** What is wanted for one message, but for which message it is. */
type Wanted = { how: "ack" } | Without<"nack"> | Without<"extend">;
type Without<H> = Omit<Extract<Settlement, { how: H }>, "seq" | "token">;

/** How a message that was taken is settled: what is asked for one and for several, and what that means. */
export const SETTLING = {
  ack: { one: ackInput, many: ackBatch, wanted: (): Wanted => ({ how: "ack" }) },
  nack: {
    one: nackInput,
    many: nackBatch,
    wanted: ({ delayMs, final, reason }: z.output<typeof nackInput>): Wanted => ({
      how: "nack",
      delayMs,
      final,
      reason: reason ?? null,
    }),
  },
  extend: {
    one: extendInput,
    many: extendBatch,
    wanted: ({ leaseMs }: z.output<typeof extendInput>): Wanted => ({ how: "extend", leaseMs }),
  },
} as const;
export type How = keyof typeof SETTLING;

/** What every way of settling names. */
type Named = z.output<typeof ackInput> & { id: string };

/** Settles each in its place; what names no message of this mailbox asks nobody. */
export async function settleAll(
  agentId: string,
  how: How,
  named: readonly Named[],
  settle: (settlements: Settlement[]) => Promise<Result<Settled, Problem>[]>,
): Promise<Result<Settled, Problem>[]> {
  const wanted = SETTLING[how].wanted as (input: Named) => Wanted;
  const asked = named.map((input): Settlement | null => {
    const seq = seqOf(agentId, input.id);
    return seq === null ? null : { ...wanted(input), seq, token: input.fencingToken };
  });
  const present = asked.filter((one) => one !== null);
  const outcomes = present.length === 0 ? [] : await settle(present);
  const next = outcomes.values();
  return asked.map((one) => (one === null ? NOT_HERE : (next.next().value ?? NOT_HERE)));
}

export const NOT_HERE = err<Problem>({
  code: "not-found",
  detail: "the message is not here any more",
});

export function settledViewOf(id: string, outcome: Settled): z.infer<typeof settledView> {
  return outcome.state === "leased"
    ? { id, state: "leased", leasedUntil: timeOf(outcome.leasedUntilMs) }
    : { id, state: outcome.state };
}

/** The outcomes of several, in the order they were named. */
export const settledViewsOf = (
  named: readonly { id: string }[],
  outcomes: readonly Result<Settled, Problem>[],
) => ({
  results: named.map(({ id }, i) => {
    const outcome = outcomes[i] ?? NOT_HERE;
    if (outcome.ok) return settledViewOf(id, outcome.value);
    const { code, detail } = outcome.error;
    return { id, code, detail: detail ?? PROBLEMS[code].title };
  }),
});

const timeOf = (ms: number) => new Date(ms).toISOString();
