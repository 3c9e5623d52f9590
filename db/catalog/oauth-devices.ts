import { and, desc, eq, gt, inArray, lte } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { SCOPES } from "#domain/accounts/model.ts";
import type { Decided, DeviceRecord } from "#domain/oauth/device.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { oauthDevice } from "#db/catalog/oauth-tables.ts";

/** At most so many rows that ran out are removed beside one that is written. */
const SWEEP_ROWS = 100;

/** Devices that wait for a person, on the first shard: nobody knows yet whose they will be. */
export function oauthDeviceStore(catalog: D1Database) {
  const db = drizzle(catalog, { casing: "snake_case" });
  return {
    async insertDevice(device: DeviceRecord, nowMs: number): Promise<boolean> {
      const old = db
        .select({ id: oauthDevice.id })
        .from(oauthDevice)
        .where(lte(oauthDevice.expiresAtMs, nowMs))
        .limit(SWEEP_ROWS);
      const beyond = db
        .select({ id: oauthDevice.id })
        .from(oauthDevice)
        .orderBy(desc(oauthDevice.expiresAtMs))
        .limit(SWEEP_ROWS)
        .offset(LIMITS.openDevicesMax - 1);
      const [, , stored] = await db.batch([
        db.delete(oauthDevice).where(inArray(oauthDevice.id, old)),
        db.delete(oauthDevice).where(inArray(oauthDevice.id, beyond)),
        db
          .insert(oauthDevice)
          .values(device)
          .onConflictDoNothing()
          .returning({ id: oauthDevice.id }),
      ]);
      return stored.length > 0;
    },

    async device(id: string): Promise<DeviceRecord | null> {
      const [row] = await db.select().from(oauthDevice).where(eq(oauthDevice.id, id));
      return row === undefined ? null : deviceRecord(row);
    },

    /** The device that shows this code and still waits. */
    async waitingDevice(userCodeHash: string, nowMs: number): Promise<DeviceRecord | null> {
      const [row] = await db.select().from(oauthDevice).where(waiting(userCodeHash, nowMs));
      return row === undefined ? null : deviceRecord(row);
    },

    /** Of two answers the first one counts. */
    async decideDevice(userCodeHash: string, to: Decided, nowMs: number): Promise<boolean> {
      const done = await db
        .update(oauthDevice)
        .set(to)
        .where(waiting(userCodeHash, nowMs))
        .returning({ id: oauthDevice.id });
      return done.length > 0;
    },

    async polled(id: string, atMs: number, intervalMs: number): Promise<void> {
      await db
        .update(oauthDevice)
        .set({ polledAtMs: atMs, intervalMs })
        .where(eq(oauthDevice.id, id));
    },
  };
}

const waiting = (userCodeHash: string, nowMs: number) =>
  and(
    eq(oauthDevice.userCodeHash, userCodeHash),
    eq(oauthDevice.state, "pending"),
    gt(oauthDevice.expiresAtMs, nowMs),
  );

function deviceRecord(row: typeof oauthDevice.$inferSelect): DeviceRecord {
  const { state } = row;
  return {
    ...row,
    scopes: SCOPES.filter((scope) => row.scopes.includes(scope)),
    state: state === "pending" || state === "allowed" ? state : "denied",
  };
}
