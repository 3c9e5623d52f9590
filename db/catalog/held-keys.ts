import {
  DATA_KEY_BYTES,
  type DataKey,
  dataKeyOf,
  IV_BYTES,
  unwrapKey,
  type Wrapped,
  wrapKey,
} from "#domain/protection/envelope.ts";
import { parseRing, type Ring, ringOf } from "#domain/protection/ring.ts";
import { type Signer, signerOf } from "#domain/protection/signing.ts";
import { kept } from "#domain/shared/kept.ts";
import { type DataKeyRow, dataKeyStore, SCOPES_PER_READ } from "#db/catalog/data-keys.ts";

/** An isolate uses a key for no longer than this after it was destroyed elsewhere. */
const KEY_LIFE_MS = 5_000;
/** About 2 kB each in an isolate. */
const KEYS_MAX = 1_000;
const REWRAP_ROWS = 50;

/** A scope whose key was destroyed is used as if it were there. */
export class ErasedError extends Error {
  constructor(scope: string) {
    super(`the data key of ${scope} was destroyed`);
    this.name = "ErasedError";
  }
}

export type KeyNeeds = Pick<Env, "CATALOG_0" | "WISHUB_KEY_RING">;
type Held = { bytes: 1; key: DataKey; readAtMs: number };

/** Data keys as an isolate holds them: for a few seconds, and the installation's own for good. */
export function heldKeys(env: KeyNeeds) {
  const store = dataKeyStore(env.CATALOG_0);
  const held = kept<Held>(KEYS_MAX);
  let opened: Ring | undefined;

  async function ring(): Promise<Ring> {
    if (opened !== undefined) return opened;
    const file = env.WISHUB_KEY_RING === undefined ? null : parseRing(env.WISHUB_KEY_RING);
    if (file === null) throw new Error("WISHUB_KEY_RING is not set, or is no key ring");
    opened = await ringOf(file);
    return opened;
  }

  /** Keys that are there already, by scope; a destroyed one is null. */
  async function present(scopes: readonly string[]): Promise<Map<string, DataKey | null>> {
    const nowMs = Date.now();
    const found = new Map<string, DataKey | null>();
    const missing: string[] = [];
    for (const scope of new Set(scopes)) {
      const known = held.get(scope);
      // The installation's own key is never destroyed.
      const isFresh =
        known !== undefined &&
        (scope === "installation" || Math.abs(nowMs - known.readAtMs) < KEY_LIFE_MS);
      if (isFresh) found.set(scope, known.key);
      else missing.push(scope);
    }
    for (let from = 0; from < missing.length; from += SCOPES_PER_READ) {
      for (const row of await store.read(missing.slice(from, from + SCOPES_PER_READ)))
        found.set(row.scope, await take(row, nowMs));
    }
    return found;
  }

  async function take({ scope, wrapped }: DataKeyRow, readAtMs: number): Promise<DataKey | null> {
    held.drop(scope);
    if (wrapped === null) return null;
    const bytes = await unwrapKey(await ring(), scope, wrapped);
    if (bytes === null) throw new Error(`no root key of the ring opens the data key of ${scope}`);
    const key = await dataKeyOf(bytes);
    held.set(scope, { bytes: 1, key, readAtMs });
    return key;
  }

  async function keyOf(scope: string): Promise<DataKey> {
    let key = (await present([scope])).get(scope);
    if (key === undefined) {
      const wrapped = await wrapKey(
        await ring(),
        scope,
        randomBytes(DATA_KEY_BYTES),
        randomBytes(IV_BYTES),
      );
      await store.insert(scope, wrapped, Date.now());
      key = (await present([scope])).get(scope);
    }
    if (key == null) throw new ErasedError(scope);
    return key;
  }

  let signer: Signer | undefined;
  return {
    present,
    keyOf,
    /** Signs for the installation: checkpoints of audit logs, certificates of erasure. */
    async signer(): Promise<Signer> {
      signer ??= await signerOf((await keyOf("installation")).signingSeed);
      return signer;
    },
    async destroy(scope: string): Promise<void> {
      await store.destroy(scope, Date.now());
      held.drop(scope);
    },
    ...upkeep(store, ring),
  };
}

/** What a rotation of root keys asks for. */
function upkeep(store: ReturnType<typeof dataKeyStore>, ring: () => Promise<Ring>) {
  return {
    /** Wraps a page of data keys anew under the ring's current root key; `lost` are those that no key of the ring opens. */
    async rewrap(): Promise<{ rewrapped: number; left: number; lost: number }> {
      const open = await ring();
      const older = [...open.keys.keys()].filter((id) => id !== open.current);
      const rows = older.length === 0 ? [] : await store.wrappedBy(older, REWRAP_ROWS);
      for (const { scope, wrapped } of rows) {
        if (wrapped === null) continue;
        await store.rewrap(scope, wrapped, await wrappedAnew(open, scope, wrapped));
      }
      const { left, lost } = await store.notUnder(open.current, [...open.keys.keys()]);
      return { rewrapped: rows.length, left: left - lost, lost };
    },
  };
}

async function wrappedAnew(ring: Ring, scope: string, old: Wrapped): Promise<Wrapped> {
  const bytes = await unwrapKey(ring, scope, old);
  if (bytes === null) throw new Error(`the data key of ${scope} was changed where it is stored`);
  return await wrapKey(ring, scope, bytes, randomBytes(IV_BYTES));
}

const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
