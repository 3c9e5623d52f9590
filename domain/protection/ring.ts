import { z } from "zod";
import { base64Of, bytesOf } from "#domain/shared/bytes.ts";

/** Keys of one ring: the current one wraps, the older ones only unwrap what was not wrapped anew yet. */
const RING_KEYS_MAX = 16;
export const ROOT_KEY_BYTES = 32;
export const KEY_ID_BYTES = 10;

const name = z.string().regex(/^[0-9a-v]{16}$/);
const secret = z.base64().length(44);

/**
 * The key-encryption keys of an installation, as they are kept outside its state: AES-256, by id, in base64. `id` is
 * the installation's own and never changes: it tells a ring that belongs to a state from one that does not.
 */
export const ringFile = z
  .strictObject({
    id: name,
    current: name,
    keys: z.record(name, secret),
    /** The key under which everything was wrapped when somebody last looked. */
    settled: name.optional(),
    /** What was erased for good, so that a backup from before cannot bring it back: scopes of data keys. */
    erased: z.array(z.string().min(1).max(80)).max(100_000).optional(),
  })
  .refine((ring) => ring.current in ring.keys, "has no current key")
  .refine((ring) => Object.keys(ring.keys).length <= RING_KEYS_MAX, "has too many keys");
export type RingFile = z.infer<typeof ringFile>;

/** A ring that can be used: its keys are not extractable. */
export type Ring = { current: string; keys: ReadonlyMap<string, CryptoKey> };

/** What the operator's secret holds, or null where it is no ring. */
export function parseRing(text: string): RingFile | null {
  try {
    const parsed = ringFile.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

export async function ringOf({ current, keys }: RingFile): Promise<Ring> {
  const usable = Object.entries(keys).map(async ([id, text]): Promise<[string, CryptoKey]> => [
    id,
    await crypto.subtle.importKey("raw", bytesOf(text), "AES-GCM", false, ["encrypt", "decrypt"]),
  ]);
  return { current, keys: new Map(await Promise.all(usable)) };
}

type NewKey = { id: string; secret: Uint8Array };

export function newRing(id: string, key: NewKey): RingFile {
  return { id, current: key.id, keys: { [key.id]: base64Of(key.secret) }, settled: key.id };
}

/** The ring with a new current key. The older ones stay: what they wrap is wrapped anew, page by page, while all goes on. */
export function rotated(ring: RingFile, key: NewKey): RingFile | "full" {
  if (Object.keys(ring.keys).length >= RING_KEYS_MAX) return "full";
  return { ...ring, current: key.id, keys: { ...ring.keys, [key.id]: base64Of(key.secret) } };
}

/** The ring without the keys that wrap nothing any more. Whatever only an old backup holds is lost with them. */
export function pruned(ring: RingFile): RingFile | "unsettled" {
  const { current, settled, keys } = ring;
  const kept = keys[current];
  if (settled !== current || kept === undefined) return "unsettled";
  return { ...ring, keys: { [current]: kept } };
}
