import {
  blindIndexOf,
  DATA_KEY_BYTES,
  type DataKey,
  dataKeyOf,
  IV_BYTES,
  type KeyScope,
  openText,
  pseudonymOf,
  scopeName,
  sealText,
  unwrapKey,
  type Wrapped,
  wrapKey,
} from "#domain/protection/envelope.ts";
import { parseRing, type Ring, ringOf } from "#domain/protection/ring.ts";
import { kept } from "#domain/shared/kept.ts";
import { type DataKeyRow, dataKeyStore, SCOPES_PER_READ } from "#db/catalog/data-keys.ts";

/** An isolate uses a key for no longer than this after it was destroyed elsewhere. */
const KEY_LIFE_MS = 5_000;
/** About 2 kB each in an isolate. */
const KEYS_MAX = 1_000;
const REWRAP_ROWS = 50;

export type Sealed = { scope: KeyScope; field: string; sealed: string };

type Needs = Pick<Env, "CATALOG_0" | "WISHUB_KEY_RING">;
type Held = { bytes: 1; key: DataKey; readAtMs: number };

/**
 * Encryption of single fields, each scope under a data key of its own, those under the ring's root key (envelope
 * encryption). A data key is made when its scope first seals something. Throws where the installation has no ring:
 * nothing that should be encrypted may be taken then.
 */
export function keyRing(env: Needs) {
  const keys = heldKeys(env);
  const { present, keyOf } = keys;

  async function openMany(wanted: readonly Sealed[]): Promise<(string | null)[]> {
    const keys = await present(wanted.map(({ scope }) => scopeName(scope)));
    return await Promise.all(
      wanted.map(async ({ scope, field, sealed }) => {
        const name = scopeName(scope);
        const key = keys.get(name);
        return key == null ? null : await openText(key, name, field, sealed);
      }),
    );
  }

  return {
    /** The text encrypted for storage. The same text twice gives two; throws for a scope that was erased. */
    async seal(scope: KeyScope, field: string, text: string): Promise<string> {
      const name = scopeName(scope);
      return await sealText(await keyOf(name), name, field, text, randomBytes(IV_BYTES));
    },

    /** What was sealed as this field of this scope; null once its key was destroyed, and for anything else. */
    async open(scope: KeyScope, field: string, sealed: string): Promise<string | null> {
      return (await openMany([{ scope, field, sealed }]))[0] ?? null;
    },

    /** The same for a page of rows, with one read of storage for up to 90 scopes. */
    openMany,

    /** What an encrypted text is looked up by, equal for equal texts: 52 characters. Normalise the text first. */
    async blindIndex(purpose: string, text: string): Promise<string> {
      return await blindIndexOf(await keyOf("installation"), purpose, text);
    },

    /** A person's name in an account's records that are never rewritten. Throws for a person who was erased. */
    async pseudonym(personId: string, accountId: string): Promise<string> {
      return await pseudonymOf(await keyOf(scopeName({ person: personId })), accountId);
    },

    /** Erases whatever the scope has sealed, wherever copies of it lie; other isolates within 5 seconds. */
    async destroy(scope: Exclude<KeyScope, "installation">): Promise<void> {
      await keys.destroy(scopeName(scope));
    },

    rewrap: keys.rewrap,
  };
}

/** Data keys as an isolate holds them: for a few seconds, and the installation's own for good. */
function heldKeys(env: Needs) {
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
    if (key == null) throw new Error(`the data key of ${scope} was destroyed`);
    return key;
  }

  return {
    present,
    keyOf,
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
