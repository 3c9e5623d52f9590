import {
  blindIndexOf,
  IV_BYTES,
  type KeyScope,
  openText,
  pseudonymOf,
  scopeName,
  sealText,
} from "#domain/protection/envelope.ts";
import { heldKeys, type KeyNeeds } from "#db/catalog/held-keys.ts";

export type Sealed = { scope: KeyScope; field: string; sealed: string };

/**
 * Encryption of single fields, each scope under a data key of its own, those under the ring's root key (envelope
 * encryption). A data key is made when its scope first seals something. Throws where the installation has no ring:
 * nothing that should be encrypted may be taken then.
 */
export function keyRing(env: KeyNeeds) {
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

    /** Whether anything was ever sealed, or anybody named, for this person; also once that was erased. */
    async isKnown(personId: string): Promise<boolean> {
      const name = scopeName({ person: personId });
      return (await present([name])).has(name);
    },

    /** Erases whatever the scope has sealed, wherever copies of it lie; other isolates within 5 seconds. */
    async destroy(scope: Exclude<KeyScope, "installation">): Promise<void> {
      await keys.destroy(scopeName(scope));
    },

    signer: keys.signer,
    rewrap: keys.rewrap,
  };
}

const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
