import { AUDIT_DAYS_MIN, DAY_MS } from "#domain/audit/model.ts";
import { type Checkpoint, openNote, signedNote } from "#domain/audit/note.ts";
import { checkpointFolder, checkpointKey } from "#domain/audit/places.ts";
import { type Hash, isConsistent, isSame, rootOf } from "#domain/audit/tree.ts";
import { log as report } from "#domain/observability/log.ts";
import type { Signer } from "#domain/protection/signing.ts";
import type { AuditLog, Head } from "#objects/account-audit.ts";

/** A head lies in R2 soon after it was signed, and of a busy log one a minute. */
const PUBLISH_AFTER_MS = 1_000;
const PUBLISH_EVERY_MS = 60_000;
/** What is too old goes in steps of a day, so that a quiet log wakes its object once a day at most. */
const TRIM_EVERY_MS = DAY_MS;

/** A note that this object signed itself, and what it says. */
export type OwnHead = { note: string; size: number; root: Hash };

type Needs = {
  log: AuditLog;
  accountId: string;
  signer(): Promise<Signer>;
  blobs: R2Bucket;
  nowMs: number;
  /** In memory only: of the note that was signed here last, the signature need not be checked again. */
  ownHead(): OwnHead | null;
  keepOwnHead(head: OwnHead): void;
  /** What the account's plan says; asked when entries are old enough for the shortest. */
  days(): Promise<number>;
};

/**
 * A signed head of the log as it is now or is about to be. Null where what is stored contradicts what was signed before:
 * then nothing of it is ever signed again.
 */
export async function headOf(
  { log, accountId, signer, blobs, nowMs, ownHead, keepOwnHead }: Needs,
  { size, root }: { size: number; root: Hash },
): Promise<Head | null> {
  const key = await signer();
  // A log that has lost its head begins with the one that was published: it was there before this one grew.
  const before = log.head("signed")?.note ?? (await newestPublished(blobs, accountId));
  if (before !== null) {
    const own = ownHead();
    const signed = own?.note === before ? own : await openNote(before, key.publicKey);
    const known = signed && signed.size <= log.size() ? log.rootAt(signed.size) : null;
    if (signed === null || known === null || !isSame(signed.root, known)) {
      report("error", "audit-log-broken", { accountId, size: log.size() });
      return null;
    }
  }
  const head: Checkpoint = { accountId, size, root, atMs: nowMs, trim: false };
  const note = await signedNote(head, key);
  keepOwnHead({ note, size, root });
  return { size, atMs: nowMs, note };
}

/** Signs what is stored and was not signed when it came. */
async function signStored(needs: Needs): Promise<void> {
  const { log } = needs;
  const size = log.size();
  if (size <= (log.head("signed")?.size ?? 0)) return;
  const root = log.rootAt(size);
  const head = root === null ? null : await headOf(needs, { size, root });
  if (head !== null) log.setHead("signed", head);
}

/** What is due: a signed head goes to R2, and entries whose time is over go, under a signed note that says so. */
export async function keepAudit(needs: Needs): Promise<void> {
  await signStored(needs);
  await publish(needs);
  await trim(needs);
}

/** When there is something to do again, or null while there is nothing. */
export function auditDueMs(log: AuditLog): number | null {
  const [signed, published] = [log.head("signed"), log.head("published")];
  const trimMs = trimDueMs(log);
  const due: number[] = [];
  if (log.size() > (published?.size ?? 0)) {
    const sinceMs = signed?.atMs ?? 0;
    due.push(Math.max(sinceMs + PUBLISH_AFTER_MS, (published?.atMs ?? 0) + PUBLISH_EVERY_MS));
  }
  if (trimMs !== null) due.push(trimMs);
  return due.length === 0 ? null : Math.min(...due);
}

/** When something may have to go by the shortest life; by a longer one it is asked again a day later, as plans change. */
function trimDueMs(log: AuditLog): number | null {
  const oldestMs = log.oldestMs();
  if (oldestMs === null) return null;
  const [lastMs, firstMs] = [log.lookedMs(), oldestMs + AUDIT_DAYS_MIN * DAY_MS + TRIM_EVERY_MS];
  return lastMs === null ? firstMs : Math.max(firstMs, lastMs + TRIM_EVERY_MS);
}

async function publish({ log, accountId, blobs, nowMs }: Needs): Promise<void> {
  const signed = log.head("signed");
  if (signed === null || signed.size <= (log.head("published")?.size ?? 0)) return;
  await put(blobs, accountId, signed.size, signed.note);
  log.setHead("published", { ...signed, atMs: nowMs });
}

async function trim({ log, accountId, signer, blobs, nowMs, days }: Needs): Promise<void> {
  const dueMs = trimDueMs(log);
  if (dueMs === null || nowMs < dueMs) return;
  const old = log.overdue(nowMs - (await days()) * DAY_MS);
  const { size } = old;
  const signed = log.head("signed");
  if (size <= (log.head("trim")?.size ?? 0)) return log.looked(nowMs);
  if (signed === null) return;
  const key = await signer();
  const head = await openNote(signed.note, key.publicKey);
  const proof = log.consistency(size, signed.size);
  const root = rootOf(old);
  // What goes must be what was signed, entry for entry: trimming shall not tidy up after somebody who changed the log.
  if (head === null || proof === null || !isConsistent({ size, root }, head, proof)) {
    report("error", "audit-log-broken", { accountId, size });
    return log.looked(nowMs);
  }
  const note = await signedNote({ accountId, size, root, atMs: nowMs, trim: true }, key);
  await put(blobs, accountId, size, note);
  log.trim({ size, atMs: nowMs, note });
}

async function newestPublished(blobs: R2Bucket, accountId: string): Promise<string | null> {
  const { objects } = await blobs.list({
    prefix: checkpointFolder(accountId),
    include: ["customMetadata"],
    limit: 1,
  });
  const [newest] = objects;
  return newest === undefined ? null : decodeURIComponent(newest.customMetadata?.["note"] ?? "");
}

/** The note is the object's metadata too: a list then shows notes without reading each. */
async function put(blobs: R2Bucket, accountId: string, size: number, note: string): Promise<void> {
  const isTrim = note.includes("\ntrim\n");
  await blobs.put(checkpointKey(accountId, size, isTrim), note, {
    httpMetadata: { contentType: "text/plain; charset=utf-8" },
    customMetadata: { note: encodeURIComponent(note) },
  });
}
