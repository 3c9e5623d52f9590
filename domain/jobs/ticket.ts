import { z } from "zod";

/** Long enough for a backend that is silent for a while; each heartbeat brings a fresh one. */
export const TICKET_MS = 3_600_000;

const ticket = z.strictObject({
  /** The shard, the place in it, and the lease. */
  queue: z.string(),
  seq: z.int(),
  token: z.int(),
  untilMs: z.int(),
});
/** The right to say what becomes of one job under one lease. It goes out sealed, so nobody can make one. */
export type Ticket = z.output<typeof ticket>;

export const ticketText = (held: Omit<Ticket, "untilMs">, nowMs: number): string =>
  JSON.stringify({ ...held, untilMs: nowMs + TICKET_MS } satisfies Ticket);

/** What was in a seal that opened; null where it has ended. */
export function ticketFrom(opened: string | null, nowMs: number): Ticket | null {
  if (opened === null) return null;
  const parsed = ticket.safeParse(JSON.parse(opened));
  return parsed.success && parsed.data.untilMs > nowMs ? parsed.data : null;
}
