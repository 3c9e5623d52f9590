import type { Hash } from "#domain/audit/tree.ts";
import { sha256 } from "@noble/hashes/sha2.js";
import { isSigned, type Signer } from "#domain/protection/signing.ts";
import { base64Of, bytesOf } from "#domain/shared/bytes.ts";

/** A head of a log at some moment; `trim` says that everything before it was removed because its time was over. */
export type Checkpoint = {
  accountId: string;
  size: number;
  root: Hash;
  atMs: number;
  trim: boolean;
};

/** The name under which the installation's key signs. */
const KEY_NAME = "wishub-audit";
const utf8 = new TextEncoder();

/**
 * A checkpoint as text with its signature: c2sp.org/tlog-checkpoint over c2sp.org/signed-note, so that common tools for
 * transparency logs read it. Two lines of our own follow the root.
 */
export async function signedNote(checkpoint: Checkpoint, signer: Signer): Promise<string> {
  const text = bodyOf(checkpoint);
  const signature = await signer.sign(text);
  const id = keyHash(signer.publicKey);
  return `${text}\n— ${KEY_NAME} ${base64Of(Uint8Array.of(...id, ...signature))}\n`;
}

/** What a note says, or null where this key did not sign exactly that. */
export async function openNote(
  note: string,
  publicKey: Uint8Array<ArrayBuffer>,
): Promise<Checkpoint | null> {
  const [, text, signature] =
    /^([\s\S]*\n)\n— wishub-audit ([A-Za-z0-9+/]{91}=)\n$/.exec(note) ?? [];
  if (text === undefined || signature === undefined) return null;
  const bytes = bytesOf(signature);
  const isOurs = keyHash(publicKey).every((byte, i) => byte === bytes[i]);
  if (!isOurs || !(await isSigned(publicKey, text, bytes.slice(4)))) return null;
  return checkpointOf(text);
}

function bodyOf({ accountId, size, root, atMs, trim }: Checkpoint): string {
  const at = new Date(atMs).toISOString();
  return `${originOf(accountId)}\n${size}\n${base64Of(root)}\nat ${at}\n${trim ? "trim\n" : ""}`;
}

function checkpointOf(text: string): Checkpoint | null {
  const shape =
    /^wishub\/audit\/([\w-]{1,64})\n(0|[1-9]\d{0,14})\n([A-Za-z0-9+/]{43}=)\nat (\S{24})\n(trim\n)?$/;
  const [, accountId, size, root, at, trim] = shape.exec(text) ?? [];
  if (accountId === undefined || size === undefined || root === undefined || at === undefined)
    return null;
  return {
    accountId,
    size: Number(size),
    root: bytesOf(root),
    atMs: Date.parse(at),
    trim: trim !== undefined,
  };
}

const originOf = (accountId: string) => `wishub/audit/${accountId}`;

/** c2sp.org/signed-note: the first 4 bytes of SHA-256 over name, newline, 1 for Ed25519, and key. */
function keyHash(publicKey: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(...utf8.encode(`${KEY_NAME}\n`), 1, ...publicKey)).subarray(0, 4);
}

/** The key as common tools take it: c2sp.org/signed-note, "verifier key". */
export function verifierKey(publicKey: Uint8Array): string {
  const id = [...keyHash(publicKey)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${KEY_NAME}+${id}+${base64Of(Uint8Array.of(1, ...publicKey))}`;
}
