import type { keyRing } from "#adapters/key-ring.ts";
import { erasureStore } from "#db/catalog/erasure.ts";
import { unitErasure } from "#db/units/erase.ts";
import type { UnitsDb } from "#db/units/shards.ts";
import type { Collection, ContentClaim } from "#domain/search/model.ts";
import { type EraseDeps, goOn } from "#domain/protection/erase.ts";
import { type Erased, type ErasureRecord, erasedText } from "#domain/protection/erasure.ts";
import { removeFromSearch } from "#domain/units/revise.ts";

export type ErasingParts = {
  ring: ReturnType<typeof keyRing>;
  nameOf(principalId: string, accountId: string): Promise<string>;
  shards: readonly UnitsDb[];
  /** A unit is not what this isolate keeps of it any more. */
  changed(unitId: string): void;
  /** Writes what this isolate has counted of who read units. */
  uses: { usesTold(): Promise<void> };
  search: {
    remove(collection: Collection, claims: ContentClaim[]): Promise<void>;
    scrub(collection: Collection, removal: string): Promise<boolean>;
  };
  spaces: { writeSpacesOf(owner: string): Promise<{ id: string }[]> };
};

/** How long one request goes on with an erasure; whoever asks again goes on from there. */
const WORK_MS = 8_000;
const SCRUB_EVERY_MS = 100;
const PAGE = 200;
/** What is begun for somebody who was erased before and came back with a backup. */
const AGAIN = "system";

const certificateKey = (accountId: string, id: string) => `erasures/${accountId}/${id}.json`;

/** Erasures of members, in every store there is (docs/storage.md). */
export function erasing(env: Env, parts: ErasingParts) {
  const { ring, nameOf, search, spaces } = parts;
  const store = erasureStore(env.CATALOG_0);

  const deps: EraseDeps = {
    async destroyKeys(principalId, personId) {
      for (const person of [principalId, ...(personId === null ? [] : [personId])])
        await ring.destroy({ person });
    },
    forgetAnswers: async (accountId) => await env.ACCOUNT.getByName(accountId).forgetAnswers(),
    units: unitsOf(parts),
    removeFromSearch: (versions) => removeFromSearch({ search, spaces }, versions, null),
    /** Shards move by their alarms; most are done before one looks a second time. */
    async scrub(owner, removal) {
      const untilMs = Date.now() + WORK_MS;
      for (const { id: space } of await spaces.writeSpacesOf(owner)) {
        while (!(await search.scrub({ owner, space }, removal))) {
          if (Date.now() > untilMs) return false;
          await scheduler.wait(SCRUB_EVERY_MS);
        }
      }
      return true;
    },
    residue: store.residue,
    progress: (id, removed) => store.progress(id, removed),
    signer: ring.signer,
    async keepCertificate(certificate) {
      const key = certificateKey(certificate.accountId, certificate.id);
      await env.BLOBS.put(key, JSON.stringify(certificate), {
        httpMetadata: { contentType: "application/json" },
      });
    },
    finish: store.finish,
    nowMs: Date.now,
    newRemoval: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
  };

  const work = (erasure: ErasureRecord) => goOn(deps, erasure, Date.now() + WORK_MS);

  return {
    ...store,
    pseudonym: nameOf,
    work,

    /** A page of what was erased, for the key ring to note; goes on with what was cut off. */
    async noted(after: string): Promise<{ erased: string[]; after: string | null }> {
      const page = await store.erasuresAfter(after, PAGE);
      for (const erasure of page) if (erasure.finishedAtMs === null) await work(erasure);
      return { erased: page.map(erasedText), after: page.at(-1)?.id ?? null };
    },

    /** Erases again what a backup brought back. */
    async again(erased: Erased, id: string): Promise<void> {
      const { accountId, principalId, units: what } = erased;
      if ((await store.erasureOf(accountId, principalId)) !== null) return;
      const beginning = {
        id,
        accountId,
        principalId,
        pseudonym: await nameOf(principalId, accountId),
        askedBy: AGAIN,
        units: what,
        startedAtMs: Date.now(),
      };
      if ((await store.begin(beginning, true)) !== "begun") return;
      const begun = await store.erasure(accountId, id);
      if (begun !== null) await work(begun);
    },
  };
}

/** Units, and what is known of who used them. */
function unitsOf({ shards, changed, uses }: ErasingParts): EraseDeps["units"] {
  const units = unitErasure(shards);
  return {
    begunBy: units.begunBy,
    async erase(ids) {
      const removed = await units.erase(ids);
      for (const id of ids) changed(id);
      return removed;
    },
    async forgetUses(accountId, principalId) {
      await uses.usesTold();
      return await units.forgetUses(accountId, principalId);
    },
  };
}
