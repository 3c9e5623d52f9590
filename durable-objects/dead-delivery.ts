import type { DeadDelivery } from "#domain/delivery/model.ts";

type Row = {
  seq: number;
  id: string;
  body: string;
  created_at_ms: number;
  dead_at_ms: number | null;
  reason: string | null;
};

/** A row of what was given up, after so many attempts. */
export const deadDeliveryOf = (row: Row, attempts: number): DeadDelivery => ({
  seq: row.seq,
  id: row.id,
  reason: row.reason ?? "",
  attempts,
  createdAtMs: row.created_at_ms,
  deadAtMs: row.dead_at_ms ?? 0,
  body: row.body,
});
