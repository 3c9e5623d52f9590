import {
  calculateJwkThumbprint,
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  importJWK,
} from "jose";
import type { Signer } from "#domain/oauth/access-token.ts";
import {
  planOf,
  publicJwk,
  SIGNING_ALGORITHM,
  type SigningKey,
} from "#domain/oauth/signing-keys.ts";
import { keyRing } from "#adapters/key-ring.ts";
import { signingKeyStore, type StoredSigningKey } from "#db/catalog/signing-keys.ts";

/** A key that was withdrawn elsewhere signs here for no longer than this; what it signs is refused at once anyway. */
const KEYS_LIFE_MS = 5_000;
/** A token that names a key unknown here makes us look again, but no more often than this. */
const LOOK_AGAIN_MS = 1_000;
const FIELD = "oauth-signing-key";

/** What an isolate signs with and believes by. It holds data only: a promise of one request must not be awaited by another. */
export function signingKeys(env: Env) {
  const store = signingKeyStore(env.CATALOG_0);
  const ring = keyRing(env);
  const publicKeys = new Map<string, CryptoKey>();
  const privateKeys = new Map<string, CryptoKey>();
  let known: { keys: StoredSigningKey[]; readAtMs: number } | undefined;

  async function read(nowMs: number, lifeMs: number): Promise<StoredSigningKey[]> {
    if (known !== undefined && Math.abs(nowMs - known.readAtMs) < lifeMs) return known.keys;
    known = { keys: await store.all(), readAtMs: nowMs };
    return known.keys;
  }

  /** The plan of this moment, after whatever it asks to be made was made. */
  async function plan(nowMs: number, lifeMs = KEYS_LIFE_MS) {
    const keys = await read(nowMs, lifeMs);
    const { make, ...rest } = planOf(keys, nowMs);
    if (make === null) return rest;
    await store.insert(await newKey(ring, make));
    return planOf(await read(nowMs, 0), nowMs);
  }

  return {
    /** What is shown to whoever verifies our tokens. */
    async believed(nowMs: number): Promise<SigningKey[]> {
      return (await plan(nowMs)).believed;
    },

    async signer(nowMs: number): Promise<Signer> {
      const { signer } = await plan(nowMs);
      if (signer === null) throw new Error("there is no signing key, and none could be made");
      let key = privateKeys.get(signer.kid);
      if (key === undefined) {
        const stored = known?.keys.find(({ kid }) => kid === signer.kid);
        const opened = await ring.open("installation", FIELD, stored?.sealedPrivateJwk ?? "");
        if (opened === null) throw new Error("the key ring does not open the signing key");
        key = (await importJWK(JSON.parse(opened), SIGNING_ALGORITHM)) as CryptoKey;
        privateKeys.clear();
        privateKeys.set(signer.kid, key);
      }
      return { kid: signer.kid, key };
    },

    /** The public key of that name, if it is believed. Whether it was withdrawn since, the catalog is asked with the token. */
    async publicKey(kid: string, nowMs: number): Promise<CryptoKey | null> {
      const isKnown = known?.keys.some((key) => key.kid === kid) ?? false;
      const keys = await read(nowMs, isKnown ? KEYS_LIFE_MS : LOOK_AGAIN_MS);
      const found = planOf(keys, nowMs).believed.find((key) => key.kid === kid);
      if (found === undefined) return null;
      let key = publicKeys.get(kid);
      if (key === undefined) {
        key = (await importJWK(found.publicJwk, SIGNING_ALGORITHM)) as CryptoKey;
        if (publicKeys.size >= 16) publicKeys.clear();
        publicKeys.set(kid, key);
      }
      return key;
    },

    /** Makes a new key that signs from now on. The one before it is believed until its tokens have run out. */
    async rotate(nowMs: number): Promise<SigningKey> {
      const generation = Math.max(0, ...(await read(nowMs, 0)).map((key) => key.generation)) + 1;
      await store.insert(await newKey(ring, { generation, signsFromMs: nowMs }));
      const made = (await read(nowMs, 0)).find((key) => key.generation === generation);
      if (made === undefined) throw new Error("the new signing key was not stored");
      return made;
    },

    /** Ends a key and every token that it signed. */
    async withdraw(kid: string, nowMs: number): Promise<boolean> {
      const done = await store.withdraw(kid, nowMs);
      known = undefined;
      return done;
    },
  };
}

async function newKey(
  ring: ReturnType<typeof keyRing>,
  { generation, signsFromMs }: { generation: number; signsFromMs: number },
): Promise<StoredSigningKey> {
  const pair = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  const shown = publicJwk.parse(await exportJWK(pair.publicKey));
  const secret = JSON.stringify(await exportJWK(pair.privateKey));
  return {
    generation,
    kid: await calculateJwkThumbprint(shown),
    publicJwk: shown,
    sealedPrivateJwk: await ring.seal("installation", FIELD, secret),
    signsFromMs,
    withdrawnAtMs: null,
  };
}
