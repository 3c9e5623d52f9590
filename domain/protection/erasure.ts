import canonicalize from "canonicalize";
import { z } from "zod";
import { isSigned, type Signer } from "#domain/protection/signing.ts";
import { base32 } from "#domain/shared/base32.ts";
import { base64Of, bytesOf } from "#domain/shared/bytes.ts";

/** An id that sorts by time, with ten random bytes. */
export const newErasureId = (nowMs: number, random: Uint8Array): string =>
  `e0_${nowMs.toString(36).padStart(9, "0")}${base32(random.subarray(0, 10))}`;

/** What becomes of the units that an erased member began: they are the account's knowledge, or go with them. */
export const UNITS_OF_ERASED = ["keep", "erase"] as const;
export type UnitsOfErased = (typeof UNITS_OF_ERASED)[number];

export const eraseInput = z.strictObject({ units: z.enum(UNITS_OF_ERASED) });

/** An erasure as it is kept: begun in one transaction with everything the catalog had, ended with its certificate. */
export type ErasureRecord = {
  id: string;
  accountId: string;
  /** The principal that was somebody. */
  principalId: string;
  /** Their person, where they were in no other account: then all of it goes. */
  personId: string | null;
  /** What the account's audit log calls them. */
  pseudonym: string;
  askedBy: string;
  units: UnitsOfErased;
  /** Rows that went, by store and table; and which removal from search was the newest. */
  removed: Record<string, number>;
  startedAtMs: number;
  finishedAtMs: number | null;
  certificate: Certificate | null;
};

/** A store, and what was found there when it was looked at last: nothing, or the erasure would not have ended. */
export type StoreChecked = { store: string; removed: number; left: 0; note: string };

export type Statement = {
  id: string;
  accountId: string;
  subject: string;
  askedBy: string;
  units: UnitsOfErased;
  startedAt: string;
  finishedAt: string;
  stores: StoreChecked[];
  /** What is kept on purpose, and for how long. */
  remains: string[];
};

export type Certificate = Statement & {
  signature: { algorithm: "Ed25519"; publicKey: string; value: string };
};

/** Signs the statement's RFC 8785 form with the installation's key. */
export async function certified(statement: Statement, signer: Signer): Promise<Certificate> {
  const value = base64Of(await signer.sign(canonical(statement)));
  const publicKey = base64Of(signer.publicKey);
  return { ...statement, signature: { algorithm: "Ed25519", publicKey, value } };
}

/** Whether this key signed exactly what the certificate says. */
export async function isCertified(
  { signature, ...statement }: Certificate,
  publicKey: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  return await isSigned(publicKey, canonical(statement), bytesOf(signature.value));
}

/** The prefix keeps what is signed here apart from everything else that the key signs. */
const canonical = (statement: Statement): string =>
  `wishub/erasure\n${canonicalize(statement) ?? ""}`;

/** What an installation's key ring notes of an erasure, so that a backup from before does not undo it. */
export type Erased = { accountId: string; principalId: string; units: UnitsOfErased };

export const erasedText = ({ accountId, principalId, units }: Erased): string =>
  `${accountId} ${principalId} ${units}`;

export function erasedFrom(text: string): Erased | null {
  const [accountId, principalId, units, ...more] = text.split(" ");
  if (accountId === undefined || principalId === undefined || more.length > 0) return null;
  if (units !== "keep" && units !== "erase") return null;
  return { accountId, principalId, units };
}

const REMAINS = {
  audit:
    "The account's audit log names them by a pseudonym that nothing leads back from, for 90 days or more, by plan.",
  units: "The units they began stay, as the account's; they name a principal that is nobody.",
  events:
    "Topics of events, and what webhooks have not delivered of them, name them by ids that stand for nobody, and hold what programs of the account appended, for 7 days (audit.logs: 90), or as long as the account keeps the topic.",
  tombstones:
    "Of removed units search shards keep id and content hash for 30 days, so that no late message brings one back.",
  backups:
    "A copy of the databases from before holds sealed fields whose key is gone, or, restored, is erased again when it is started with its key ring.",
} as const;

/** The statement that an erasure ends with. `removed` is by store and table: `catalog/session`. */
export function statementOf(
  erasure: Omit<ErasureRecord, "certificate" | "finishedAtMs">,
  finishedAtMs: number,
): Statement {
  const { id, accountId, pseudonym, askedBy, units, startedAtMs, removed } = erasure;
  const sum = (store: string) =>
    Object.entries(removed).reduce(
      (total, [name, rows]) => total + (name.startsWith(`${store}/`) ? rows : 0),
      0,
    );
  const store = (name: string, note: string): StoreChecked => ({
    store: name,
    removed: sum(name),
    left: 0,
    note,
  });
  const erases = units === "erase";
  return {
    id,
    accountId,
    subject: pseudonym,
    askedBy,
    units,
    startedAt: new Date(startedAtMs).toISOString(),
    finishedAt: new Date(finishedAtMs).toISOString(),
    stores: [
      store("catalog", "D1: person, credentials, sessions, mail, links, invitations, identities"),
      store("keys", "data keys destroyed: what they sealed can be read nowhere"),
      store("answers", "object Account: answers kept for repetitions"),
      store("units", "D1: units they began, with versions, evidence and work"),
      store("search", "search shards and, through them, replicas and Vectorize: passages, vectors"),
      store("blobs", "R2 holds nothing of a person but this certificate's pseudonym"),
      store("caches", "isolates forget credentials and units within 5 seconds"),
      store("logs", "lines of the log hold ids of requests and accounts, no personal field"),
    ],
    remains: [
      REMAINS.audit,
      REMAINS.events,
      erases ? REMAINS.tombstones : REMAINS.units,
      REMAINS.backups,
    ],
  };
}
