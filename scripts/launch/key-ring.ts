import { randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  KEY_ID_BYTES,
  newRing,
  parseRing,
  pruned,
  ringFile,
  type RingFile,
  ROOT_KEY_BYTES,
  rotated,
} from "#domain/protection/ring.ts";
import { base32 } from "#domain/shared/base32.ts";
import { Refusal } from "./say.ts";
import type { Settings } from "./settings.ts";
import { readJson, writeWhole } from "./state.ts";

type Where = Pick<Settings, "stateDir" | "keyRing">;

/**
 * The ring lies beside the state and never in it: whoever copies the state copies nothing that opens what is encrypted
 * there. An operator may keep it elsewhere (`WISHUB_KEY_RING_FILE`) or hand it over as text (`WISHUB_KEY_RING`).
 */
export function keyRing({ stateDir, keyRing: { file, text } }: Where): RingFile {
  const marker = join(stateDir, "keyring-id.json");
  const known = readJson<{ id?: string }>(marker)?.id;
  if (text === undefined && !existsSync(file)) {
    if (known !== undefined) {
      throw new Refusal(
        `the key ring of this state is not at ${file}: put it back, or name its place in WISHUB_KEY_RING_FILE. Without it nothing that is encrypted here can be read again.`,
      );
    }
    makeRing(file);
  }
  const ring = text === undefined ? readRing(file) : parseRing(text);
  if (ring === null) throw new Refusal("WISHUB_KEY_RING is no key ring, see docs/deploy.md.");
  if (known !== undefined && known !== ring.id) {
    const named = text === undefined ? file : "WISHUB_KEY_RING";
    throw new Refusal(`${named} is the key ring of another state, this one needs ${known}.`);
  }
  if (known === undefined) writeWhole(marker, { id: ring.id });
  return ring;
}

/** What the Worker is given of it. */
export const secretOf = ({ id, current, keys }: RingFile): string =>
  JSON.stringify({ id, current, keys });

export function makeRing(file: string): void {
  if (existsSync(file)) throw new Refusal(`there is a key ring at ${file} already.`);
  writeWhole(file, newRing(base32(randomBytes(KEY_ID_BYTES)), newKey()));
}

/** Takes effect with the next start, which wraps every data key anew. */
export function rotateRing(file: string): void {
  const ring = rotated(readRing(file), newKey());
  if (ring === "full")
    throw new Refusal("the ring has as many keys as it may have, prune it first.");
  writeWhole(file, ring);
}

/** Ends the older keys; backups from before the rotation can then be restored, but nothing encrypted in them read. */
export function pruneRing(file: string): void {
  const ring = pruned(readRing(file));
  if (ring === "unsettled")
    throw new Refusal("data keys are still under an older key, start the product once and wait.");
  writeWhole(file, ring);
}

/** Notes in the ring that nothing is under an older key any more. */
export function settleRing(file: string, current: string): void {
  const ring = readRing(file);
  if (ring.current === current) writeWhole(file, { ...ring, settled: current });
}

type Noted = { erased: string[]; after: string | null };

/**
 * Notes in the ring what was erased, and has erased again whatever the ring knows and the state does not: a backup from
 * before the erasure. The ring keeps the list because no copy of the state holds it.
 */
export async function syncErased(
  settings: Where,
  ask: <T>(path: string, body?: unknown) => Promise<T>,
): Promise<void> {
  const present = new Set<string>();
  for (let after: string | null = ""; after !== null;) {
    const page: Noted = await ask("/erasures", { after });
    for (const erased of page.erased) present.add(erased);
    after = page.after;
  }
  const { file, text } = settings.keyRing;
  if (text !== undefined) return;
  for (const erased of readRing(file).erased ?? [])
    if (!present.has(erased)) await ask("/erase-again", { erased });
  const ring = readRing(file);
  const known = ring.erased ?? [];
  const added = [...present].filter((erased) => !known.includes(erased));
  if (added.length > 0) writeWhole(file, { ...ring, erased: [...known, ...added] });
}

/** The same now and every half minute; the first time before the product says that it is ready. */
export async function keepErased(
  settings: Where,
  ask: <T>(path: string, body?: unknown) => Promise<T>,
): Promise<{ stop(): void }> {
  await syncErased(settings, ask);
  const timer = setInterval(() => void syncErased(settings, ask).catch(() => {}), SYNC_EVERY_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

const SYNC_EVERY_MS = 30_000;

function readRing(file: string): RingFile {
  const parsed = ringFile.safeParse(readJson(file));
  if (!parsed.success)
    throw new Refusal(
      `${file} is missing or is no key ring, restore it from where you keep a copy.`,
    );
  if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0)
    throw new Refusal(`${file} can be read by others, run chmod 600 on it first.`);
  return parsed.data;
}

const newKey = () => ({
  id: base32(randomBytes(KEY_ID_BYTES)),
  secret: randomBytes(ROOT_KEY_BYTES),
});

type Rewrapped = { rewrapped: number; left: number; lost: number };

/** Wraps every data key under the ring's current root key, page by page, beside what is served. */
export async function rewrapAll(
  settings: Where,
  ring: RingFile,
  ask: (path: string) => Promise<Rewrapped>,
): Promise<void> {
  if (ring.settled === ring.current) return;
  let done: Rewrapped;
  do done = await ask("/rewrap-keys");
  while (done.rewrapped > 0);
  if (done.lost > 0) {
    process.stderr.write(`wishub: no key of the ring opens ${done.lost} data keys.\n`);
  } else if (done.left === 0 && settings.keyRing.text === undefined) {
    settleRing(settings.keyRing.file, ring.current);
  }
}
