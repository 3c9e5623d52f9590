import { z } from "zod";
import { PRIORITY_DEFAULT } from "#domain/mailbox/model.ts";
import type { Allocator } from "#domain/resources/allocator.ts";
import { POOLS, type PoolName } from "#domain/resources/pools.ts";
import type { Reservation } from "#domain/resources/rows.ts";
import { LIMITS } from "#domain/shared/limits.ts";

/** More than any machine has is refused by the pool that is asked. */
const AMOUNT_MAX = 1_000_000_000;
const amount = z.int().min(0).max(AMOUNT_MAX).default(0);
const leaseMs = z.int().min(LIMITS.reservationMsMin).max(LIMITS.reservationMsMax).default(60_000);
const fencingToken = z.int().min(1);

/** Thousandths of a core and of a GPU, and MiB of memory. */
const unitsInput = z
  .strictObject({ cpuMilli: amount, gpuMilli: amount, memoryMiB: amount })
  .refine((units) => Object.values(units).some((one) => one > 0), "must ask for something");

export const reservationInput = z.strictObject({
  pool: z.enum(POOLS).default("account"),
  units: unitsInput,
  /** 9 is refused last while the pool is too full. */
  priority: z.int().min(0).max(9).default(PRIORITY_DEFAULT),
  leaseMs,
});
export const renewInput = z.strictObject({ fencingToken, leaseMs });
export const releaseInput = z.strictObject({ fencingToken });

const unitsView = z.object({ cpuMilli: z.int(), gpuMilli: z.int(), memoryMiB: z.int() });

export const reservationView = z.object({
  id: z.string(),
  pool: z.enum(POOLS),
  units: unitsView,
  /** The machine of the pool that it is on. */
  machine: z.string(),
  priority: z.int(),
  fencingToken: z.int(),
  createdAt: z.string(),
  /** Unless it is renewed before. */
  endsAt: z.string(),
});

export const poolView = z.object({
  name: z.enum(POOLS),
  /** Of all machines that are ready. */
  capacity: unitsView,
  reserved: unitsView,
  /** Of the scarcest, what reservations and tasks that are worked on use; 0 to 1. */
  share: z.number(),
  /** Tasks of its queue. */
  waiting: z.int(),
  working: z.int(),
  reservations: z.int(),
  machines: z.object({
    ready: z.int(),
    starting: z.int(),
    leaving: z.int(),
    max: z.int(),
  }),
  /** While it is too full: what has a lower priority than this is refused. 0: nothing is. */
  refusesBelow: z.int(),
  /** What will be wanted, in machines; null while too little has been seen. */
  forecast: z.object({ inMs: z.int(), machines: z.number() }).nullable(),
});
export const poolsView = z.object({ items: z.array(poolView), nextCursor: z.null() });
export const reservationsView = z.object({
  items: z.array(reservationView),
  nextCursor: z.null(),
});

export function reservationViewOf(pool: PoolName, reservation: Reservation) {
  const { id, units, machineId, priority, lease, createdAtMs } = reservation;
  return {
    id,
    pool,
    units,
    machine: machineId,
    priority,
    fencingToken: lease.token,
    createdAt: new Date(createdAtMs).toISOString(),
    endsAt: new Date(lease.untilMs).toISOString(),
  };
}

export function poolViewOf(name: PoolName, view: ReturnType<Allocator["view"]>) {
  const { floor, share, ...rest } = view;
  return { name, ...rest, share: Math.round(share * 1_000) / 1_000, refusesBelow: floor };
}

/** A reservation's id names its pool, so that finding it is one hop; to clients it is opaque. */
export const reservationIdOf = (pool: PoolName, unique: string): string => `rsv_${pool}_${unique}`;

export function poolOfReservation(id: string): PoolName | null {
  const [, pool] = /^rsv_([a-z]{1,12})_[0-9a-f]{32}$/.exec(id) ?? [];
  return POOLS.find((one) => one === pool) ?? null;
}

/** What the object of a pool is called: each account's own, or the one that all share. */
export const poolObjectOf = (pool: PoolName, accountId: string): string =>
  pool === "account" ? `account/${accountId}` : `shared/${pool}`;

export const poolFrom = (objectName: string): PoolName =>
  POOLS.find((one) => objectName === `shared/${one}`) ?? "account";
