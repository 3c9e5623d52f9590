import {
  type Certificate,
  certified,
  type ErasureRecord,
  statementOf,
} from "#domain/protection/erasure.ts";
import type { Signer } from "#domain/protection/signing.ts";

/** Units taken out at once. */
const UNITS_PER_STEP = 40;
/** Where an erasure's record has the number of its newest removal from search; no store is named so. */
const REMOVAL = "removal/units";

type UnitKey = {
  accountId: string;
  unitId: string;
  version: number;
  visibility: "private" | "public";
  contentKey: string;
};

/** What an erasure that has begun needs from outside. Each is safe to do twice. */
export type EraseDeps = {
  destroyKeys(principalId: string, personId: string | null): Promise<void>;
  /** Forgets the answers that an account's object keeps for repetitions; answers how many. */
  forgetAnswers(accountId: string): Promise<number>;
  units: {
    /** Every version of some units that a principal began, until there are none. */
    begunBy(accountId: string, principalId: string, limit: number): Promise<UnitKey[]>;
    erase(unitIds: string[]): Promise<Record<string, number>>;
    /** Forgets which units a principal has read; answers how many. */
    forgetUses(accountId: string, principalId: string): Promise<number>;
  };
  /** Takes versions out of every search they may be in. */
  removeFromSearch(versions: UnitKey[]): Promise<void>;
  /**
   * Moves what is alive in an owner's collections away from what was removed before this was first asked with the name
   * of that removal; true once nothing of it is left.
   */
  scrub(owner: string, removal: string): Promise<boolean>;
  /** Rows that name somebody who is to be nobody. */
  residue(erasure: ErasureRecord): Promise<number>;
  progress(id: string, removed: Record<string, number>): Promise<void>;
  signer(): Promise<Signer>;
  keepCertificate(certificate: Certificate): Promise<void>;
  finish(id: string, certificate: Certificate, finishedAtMs: number): Promise<void>;
  nowMs(): number;
  /** A number that no removal had before. */
  newRemoval(): number;
};

/**
 * Goes on with an erasure until it is finished, or until `deadlineMs`; whoever asks again goes on from there. It is
 * finished, and certified, only once every store was looked at and had nothing left.
 */
export async function goOn(
  deps: EraseDeps,
  begun: ErasureRecord,
  deadlineMs: number,
): Promise<ErasureRecord> {
  if (begun.finishedAtMs !== null) return begun;
  const { id, accountId, principalId, personId } = begun;
  const removed = { ...begun.removed };
  const running = (): ErasureRecord => ({ ...begun, removed });

  await deps.destroyKeys(principalId, personId);
  removed["keys/data_key"] = personId === null ? 1 : 2;
  const answers = await deps.forgetAnswers(accountId);
  removed["answers/operation"] = Math.max(answers, removed["answers/operation"] ?? 0);
  const uses = await deps.units.forgetUses(accountId, principalId);
  if (uses > 0) removed["units/unit_use"] = (removed["units/unit_use"] ?? 0) + uses;

  if (begun.units === "erase") {
    if (!(await eraseUnits(deps, begun, removed, deadlineMs))) return running();
    // Also where this attempt found none any more: the one before may have been cut off in between.
    for (const owner of [accountId, ...((removed["units/public"] ?? 0) > 0 ? ["public"] : [])])
      if (!(await deps.scrub(owner, removalOf(id, removed)))) return running();
  }
  if ((await deps.residue(begun)) > 0) return running();

  const finishedAtMs = deps.nowMs();
  const statement = statementOf({ ...begun, removed }, finishedAtMs);
  const certificate = await certified(statement, await deps.signer());
  await deps.keepCertificate(certificate);
  await deps.finish(id, certificate, finishedAtMs);
  return { ...begun, removed, finishedAtMs, certificate };
}

/** What leaves are asked about: all that was removed until now, by whichever attempts. */
const removalOf = (id: string, removed: Record<string, number>): string =>
  `${id}/${removed[REMOVAL] ?? 0}`;

/** True once no unit is left. Out of every search before it goes from storage: a crash in between repeats both. */
async function eraseUnits(
  deps: EraseDeps,
  { id, accountId, principalId }: ErasureRecord,
  removed: Record<string, number>,
  deadlineMs: number,
): Promise<boolean> {
  for (;;) {
    const versions = await deps.units.begunBy(accountId, principalId, UNITS_PER_STEP);
    if (versions.length === 0) return true;
    if (deps.nowMs() > deadlineMs) return false;
    // Kept before anything goes: what a leaf was asked before this removal says nothing of it, wherever this is cut off.
    removed[REMOVAL] = deps.newRemoval();
    await deps.progress(id, removed);
    await deps.removeFromSearch(versions);
    const ids = [...new Set(versions.map(({ unitId }) => unitId))];
    const inPublic = versions.filter(({ visibility }) => visibility === "public").length;
    for (const [table, rows] of Object.entries(await deps.units.erase(ids)))
      removed[`units/${table}`] = (removed[`units/${table}`] ?? 0) + rows;
    removed["search/version"] = (removed["search/version"] ?? 0) + versions.length;
    if (inPublic > 0) removed["units/public"] = (removed["units/public"] ?? 0) + inPublic;
    await deps.progress(id, removed);
  }
}
