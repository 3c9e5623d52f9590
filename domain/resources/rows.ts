import type { BrownOut } from "#domain/resources/brown-out.ts";
import type { Forecast } from "#domain/resources/forecast.ts";
import type { Scaling } from "#domain/resources/scaling.ts";
import type { Units } from "#domain/resources/units.ts";
import type { Lease } from "#domain/shared/lease.ts";

/** `isLeaving`: nothing more is put on it, and it goes when nothing is left there. */
export type Machine = { id: string; sinceMs: number; isReady: boolean; isLeaving: boolean };
export type Reservation = {
  id: string;
  accountId: string;
  machineId: string;
  units: Units;
  priority: number;
  lease: Lease;
  createdAtMs: number;
};
/** What belongs to the pool as a whole, kept as one row. `steppedMs`: when it last looked at itself. */
export type Control = {
  newestToken: number;
  newestMachine: number;
  scaling: Scaling;
  brownOut: BrownOut;
  forecast: Forecast;
  steppedMs: number;
};

/** Rows to write: a value, or null to delete. They are written in one transaction, before anybody is answered. */
export type Changes = {
  machines: Map<string, Machine | null>;
  reservations: Map<string, Reservation | null>;
  control: Control | null;
};
export const noChanges = (): Changes => ({
  machines: new Map(),
  reservations: new Map(),
  control: null,
});

export type Rows = { machines: Machine[]; reservations: Reservation[]; control: Control | null };
