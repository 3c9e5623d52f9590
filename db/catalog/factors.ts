import { and, asc, count, eq, isNotNull, isNull, lt, lte, or, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { StoredPasskey } from "#domain/people/passkeys.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { isTaken, type PeopleDb } from "#db/catalog/people.ts";
import { passkey, person, recoveryCode, spent } from "#db/catalog/people-tables.ts";

const PURGED_AT_ONCE = 20;

/** Second factors, and what is used once. Kept on the catalog's first shard, beside the people. */
export function factorStore(shard: D1Database) {
  const db = drizzle(shard, { casing: "snake_case" });
  return { ...codes(db), ...passkeys(db) };
}

function codes(db: PeopleDb) {
  return {
    async setPendingTotp(personId: string, sealed: string): Promise<void> {
      await db.update(person).set({ totpPending: sealed }).where(eq(person.id, personId));
    },

    /** The pending secret counts from now on, unless another has taken its place meanwhile. */
    async confirmTotp(personId: string, pending: string, step: number): Promise<boolean> {
      const done = await db
        .update(person)
        .set({ totp: pending, totpPending: null, totpStep: step })
        .where(and(eq(person.id, personId), eq(person.totpPending, pending)))
        .returning({ id: person.id });
      return done.length > 0;
    },

    async removeTotp(personId: string): Promise<void> {
      await db.update(person).set({ totp: null, totpPending: null }).where(eq(person.id, personId));
    },

    /** Takes a time step: of two who bring the same code, one gets it. */
    async takeTotpStep(personId: string, step: number): Promise<boolean> {
      const taken = await db
        .update(person)
        .set({ totpStep: step })
        .where(
          and(
            eq(person.id, personId),
            isNotNull(person.totp),
            or(isNull(person.totpStep), lt(person.totpStep, step)),
          ),
        )
        .returning({ id: person.id });
      return taken.length > 0;
    },

    async setRecoveryCodes(personId: string, hashes: readonly string[]): Promise<void> {
      await db.batch([
        db.delete(recoveryCode).where(eq(recoveryCode.personId, personId)),
        db.insert(recoveryCode).values(hashes.map((hash) => ({ hash, personId }))),
      ]);
    },

    async takeRecoveryCode(personId: string, hash: string): Promise<boolean> {
      const taken = await db
        .delete(recoveryCode)
        .where(and(eq(recoveryCode.hash, hash), eq(recoveryCode.personId, personId)))
        .returning({ hash: recoveryCode.hash });
      return taken.length > 0;
    },

    async recoveryCodesLeft(personId: string): Promise<number> {
      const [row] = await db
        .select({ left: count() })
        .from(recoveryCode)
        .where(eq(recoveryCode.personId, personId));
      return row?.left ?? 0;
    },
  };
}

function passkeys(db: PeopleDb) {
  return {
    async passkey(id: string): Promise<StoredPasskey | null> {
      const [row] = await db.select().from(passkey).where(eq(passkey.id, id));
      return row ?? null;
    },

    async passkeys(personId: string): Promise<StoredPasskey[]> {
      return await db
        .select()
        .from(passkey)
        .where(eq(passkey.personId, personId))
        .orderBy(asc(passkey.createdAtMs), asc(passkey.id))
        .limit(LIMITS.passkeysPerPersonMax);
    },

    async insertPasskey(made: StoredPasskey): Promise<"done" | "taken"> {
      try {
        await db.insert(passkey).values(made);
        return "done";
      } catch (error) {
        if (isTaken(error)) return "taken";
        throw error;
      }
    },

    async removePasskey(personId: string, id: string): Promise<boolean> {
      const gone = await db
        .delete(passkey)
        .where(and(eq(passkey.personId, personId), eq(passkey.id, id)))
        .returning({ id: passkey.id });
      return gone.length > 0;
    },

    /** Notes a use. A counter that has not grown tells of a copy, unless its authenticator counts nothing (WebAuthn 6.1.1). */
    async passkeyUsed(id: string, counter: number, nowMs: number): Promise<boolean> {
      const grows = counter === 0 ? eq(passkey.counter, 0) : lt(passkey.counter, counter);
      const used = await db
        .update(passkey)
        .set({ counter, lastUsedAtMs: nowMs })
        .where(and(eq(passkey.id, id), grows))
        .returning({ id: passkey.id });
      return used.length > 0;
    },

    /** False where the value was spent before; of two at once, one spends it. */
    async spend(id: string, untilMs: number, nowMs: number): Promise<boolean> {
      const old = db
        .select({ id: spent.id })
        .from(spent)
        .where(lte(spent.untilMs, nowMs))
        .limit(PURGED_AT_ONCE);
      const [, made] = await db.batch([
        db.delete(spent).where(sql`${spent.id} in ${old}`),
        db.insert(spent).values({ id, untilMs }).onConflictDoNothing().returning({ id: spent.id }),
      ]);
      return made.length > 0;
    },
  };
}
