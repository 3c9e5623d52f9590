import type { SearchRequest } from "#domain/search/model.ts";
import type { Found } from "#objects/search-contents.ts";
import { isNear, type NearShard } from "#domain/search/leaves/nearby.ts";

/** An answer stands this long without asking again; a change is not called done before. */
const LEASE_MS = 250;
/** The same in a shard that was changed within the last second, so that writes do not wait for reads. */
const LEASE_BUSY_MS = 25;
const BUSY_MS = 1_000;

export type Leases = ReturnType<typeof openLeases>;

/**
 * A shard's revision, which no two states of it share, and the leases it gave (Gray and Cheriton, 1989): a change is
 * applied at once, but whoever made it waits until no answer from before it stands any more. An object begins as if
 * it had given a lease if it holds units, because the one before it may have. `asked` hears of every question.
 */
export function openLeases(heldUnits: boolean, asked = (): void => {}) {
  const instance = crypto.randomUUID();
  let changes = 0;
  let changedAtMs = Number.NEGATIVE_INFINITY;
  const revision = () => `${instance}.${changes}`;
  /** Held here, because the isolate forgets it when nobody else holds it. */
  let shown: NearShard | null = null;
  let leasedUntilMs = heldUnits ? Date.now() + LEASE_MS : 0;
  return {
    revision,
    /** Lets the isolate read the object's memory, by its name, for as long as the object lives. */
    showTo(name: string | undefined, search: (request: SearchRequest) => Found | null): void {
      shown = {
        instance,
        revision,
        search(request) {
          const found = search(request);
          return found && { ...found, hits: JSON.stringify(found.hits) };
        },
      };
      if (name !== undefined) isNear(name, shown);
    },
    changed(): void {
      changes++;
      changedAtMs = Date.now();
    },
    /** How long the answer of now stands, in ms: no longer than was asked for. */
    grant(wantedMs: number): number {
      asked();
      const now = Date.now();
      const most = now - changedAtMs < BUSY_MS ? LEASE_BUSY_MS : LEASE_MS;
      const leaseMs = Math.max(0, Math.min(wantedMs, most));
      leasedUntilMs = Math.max(leasedUntilMs, now + leaseMs);
      return leaseMs;
    },
    /** As if a lease were given now: by the shard that this one takes over from. */
    hold(): void {
      leasedUntilMs = Math.max(leasedUntilMs, Date.now() + LEASE_MS);
    },
    /** Once the leases given so far have run out. */
    async runOut(): Promise<void> {
      const untilMs = leasedUntilMs;
      while (Date.now() < untilMs) await scheduler.wait(untilMs - Date.now());
    },
  };
}
