import { openNote } from "#domain/audit/note.ts";
import { type Hash, isConsistent, isIncluded, isSame, leafHash } from "#domain/audit/tree.ts";
import { bytesOf, hexOf } from "#domain/shared/bytes.ts";
import type { Operations } from "#sdk/types.ts";

/** How many entries a log has, and the root of their tree in hex. */
export type Head = { size: number; root: string };
type Verified = Operations["GET /v1/audit/verify"]["answer"];
type Checkpoints = Operations["GET /v1/audit/checkpoints"]["answer"];
type Proven = Operations["GET /v1/audit/{seq}"]["answer"];

/** `first`: there is nothing to compare with. `gone`: what would show it was trimmed away. */
export type Continued = "proven" | "broken" | "first" | "gone";
/** `unknown`: this browser cannot check such signatures. */
export type Signed = "proven" | "broken" | "unknown";

export type Verification = {
  server: Verified;
  heads: { count: number; signed: Signed; newest: Head | undefined; continued: Continued };
  /** Against the head that this browser kept the last time. */
  kept: { head: Head | undefined; continued: Continued };
};

/** What is asked of the server, and what this browser keeps. */
export type Log = {
  verify(): Promise<Verified>;
  checkpoints(): Promise<Checkpoints>;
  /** Null where the server has no such proof any more. */
  consistency(from: number, to: number): Promise<string[] | null>;
  entry(seq: number): Promise<Proven>;
  kept(): Head | undefined;
  keep(head: Head): void;
};

const hashOf = (hex: string): Hash =>
  Uint8Array.from(hex.match(/../g) ?? [], (each) => parseInt(each, 16));

/** Whether the installation's key signed each of the notes, and for this account. */
async function signaturesOf(
  notes: readonly { note: string; says: Head }[],
  publicKey: string,
  accountId: string,
): Promise<Signed> {
  try {
    const key = bytesOf(publicKey);
    const opened = await Promise.all(notes.map(({ note }) => openNote(note, key)));
    const isAll = notes.every(({ says }, at) => {
      const found = opened[at];
      return (
        found?.accountId === accountId &&
        found.size === says.size &&
        hexOf(found.root) === says.root
      );
    });
    return isAll ? "proven" : "broken";
  } catch {
    return "unknown";
  }
}

/** Whether a head leads to another by nothing but entries that were added, checked here with the server's proof. */
async function continues(log: Log, from: Head | undefined, to: Head): Promise<Continued> {
  if (from === undefined || from.size === 0) return "first";
  if (from.size > to.size) return "broken";
  const [first, second] = [from, to].map(({ size, root }) => ({ size, root: hashOf(root) }));
  if (first === undefined || second === undefined) return "broken";
  if (from.size === to.size) return isSame(first.root, second.root) ? "proven" : "broken";
  const proof = await log.consistency(from.size, to.size);
  if (proof === null) return "gone";
  return isConsistent(first, second, proof.map(hashOf)) ? "proven" : "broken";
}

/**
 * Has the server hash every entry anew, and then believes it no more than needed: the signatures of the published heads
 * are checked here, and that the newest of them, and the head that this browser kept the last time, lead to what was
 * found. A head that is kept outside finds what whoever runs all of it could do.
 */
export async function verify(log: Log, accountId: string): Promise<Verification> {
  const [server, published] = await Promise.all([log.verify(), log.checkpoints()]);
  const found = await headsOf(log, published, server.head, accountId);
  const kept = log.kept();
  const continued = await continues(log, kept, server.head);
  const verification = { server, heads: found, kept: { head: kept, continued } };
  if (isSound(verification)) log.keep(server.head);
  return verification;
}

async function headsOf(
  log: Log,
  { items, publicKey }: Checkpoints,
  head: Head,
  accountId: string,
): Promise<Verification["heads"]> {
  const notes = items.map(({ note, size, root }) => ({ note, says: { size, root } }));
  // One that was published since is of entries that were not read.
  const newest = items.find(({ size }) => size <= head.size);
  const [signed, continued] = await Promise.all([
    signaturesOf(notes, publicKey, accountId),
    continues(log, newest, head),
  ]);
  return { count: items.length, signed, newest, continued };
}

/** Whether nothing speaks against the log. */
export const isSound = ({ server, heads, kept }: Verification): boolean =>
  server.valid &&
  heads.signed !== "broken" &&
  heads.continued !== "broken" &&
  kept.continued !== "broken";

export type EntryProof = Proven & {
  /** Whether the entry's text has that hash, the hash leads to the head's root, and the head is signed. */
  isHashed: boolean;
  isIncluded: boolean;
  signed: Signed;
};

/** Has an entry proven, and checks the proof here. */
export async function proveEntry(log: Log, seq: number, accountId: string): Promise<EntryProof> {
  const [proven, { publicKey }] = await Promise.all([log.entry(seq), log.checkpoints()]);
  const { text, leaf, head, proof, note } = proven;
  const hash = leafHash(new TextEncoder().encode(text));
  return {
    ...proven,
    isHashed: hexOf(hash) === leaf,
    isIncluded: isIncluded(hash, seq - 1, head.size, proof.map(hashOf), hashOf(head.root)),
    signed: await signaturesOf([{ note, says: head }], publicKey, accountId),
  };
}
