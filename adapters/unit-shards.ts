import { waitUntil } from "cloudflare:workers";
import { unitShardStore } from "#db/catalog/unit-shards.ts";
import { log } from "#domain/observability/log.ts";
import { type Placement, placementOf, type ShardMap } from "#domain/units/shard-map.ts";

/** How long an isolate believes what it read. Nothing depends on it: a unit is found on the shard its id names. */
const BELIEVED_MS = 5_000;
/** D1 ends at 10 GB. The rest is for what a full shard's own units still become: evidence, versions, outbox rows. */
const FULL_BYTES = 8_000_000_000;

type Known = { map: ShardMap; readAgainAtMs: number };

/** The map of the units family's shards: read from the catalog beside requests, told there when a shard is full. */
export function unitShardMap(env: Env, bound: number) {
  const store = unitShardStore(env.CATALOG_0);
  const fullBytes = Number(env.WISHUB_UNITS_SHARD_BYTES ?? FULL_BYTES);
  let known: Known | null = null;

  const load = async (): Promise<ShardMap> => {
    const readAgainAtMs = Date.now() + BELIEVED_MS;
    const map = await store.read();
    known = { map, readAgainAtMs };
    return map;
  };
  /** Read anew beside a request once it is old, so that only an isolate's first write waits for it. */
  const read = async (): Promise<ShardMap> => {
    if (known === null) return await load();
    if (Date.now() >= known.readAgainAtMs) {
      known.readAgainAtMs = Date.now() + BELIEVED_MS;
      waitUntil(load().catch(() => {})); // the old map does as well until then
    }
    return known.map;
  };

  return {
    async placement(nowMs: number): Promise<Placement> {
      return placementOf(await read(), bound, nowMs);
    },
    /** A shard that has reached its bound takes no new units from any isolate that reads the map after this. */
    grown(shard: number, bytes: number, nowMs: number): void {
      if (bytes < fullBytes) return;
      if (known?.map.shards.find((one) => one.shard === shard)?.fullAtMs !== null) return;
      waitUntil(
        store
          .fill(shard, bytes, nowMs)
          .then(load)
          .catch((error: unknown) => {
            log("warn", "unit-shard-fill-failed", { shard, bytes, error: String(error) });
          }),
      );
    },
  };
}
