import { collectionMoves } from "#adapters/collections.ts";
import { embedding } from "#adapters/inference.ts";
import { glosses } from "#adapters/gloss.ts";
import { handover, relays } from "#adapters/handover.ts";
import { searchPort } from "#adapters/search.ts";
import { spacePort } from "#adapters/spaces.ts";
import { deadLetterStore, pipelineStore } from "#db/units/pipeline.ts";
import { catalogStore } from "#db/catalog/store.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import { unitStore } from "#db/units/store.ts";

const UNIT_SHARDS = ["UNITS_0", "UNITS_1"] as const;
/** Shards that take new units. A full shard leaves this list and keeps its rows (ARCHITECTURE.md, D1). */
const OPEN_UNIT_SHARDS = [0, 1] as const;

export type Services = ReturnType<typeof services>;

const built = new WeakMap<Env, Services>();

/** The ports of one isolate, for requests and queues alike: bindings outlive a request, and so does what ports remember. */
export function servicesOf(env: Env): Services {
  let known = built.get(env);
  if (known === undefined) {
    known = services(env);
    built.set(env, known);
  }
  return known;
}

/** The ports of the product over its bindings: the only place that chooses between a binding and its embedded twin. */
export function services(env: Env) {
  const store = unitStore(
    UNIT_SHARDS.map((binding) => env[binding]),
    OPEN_UNIT_SHARDS,
  );
  const pipeline = pipelineStore(store.shards);
  const embed = embedding(env);
  return {
    isReady: async () => {
      const databases = [env.CATALOG_0, ...UNIT_SHARDS.map((binding) => env[binding])];
      const answers = await Promise.allSettled(
        databases.map((database) => database.prepare("SELECT 1").run()),
      );
      return answers.every(({ status }) => status === "fulfilled");
    },
    accounts: { ...catalogStore([env.CATALOG_0]), sha256Hex },
    units: { ...store, ...pipeline },
    outbox: pipeline,
    deadLetters: deadLetterStore(store.shards),
    relay: relays(env, UNIT_SHARDS),
    hand: handover(env),
    search: searchPort(env),
    spaces: spacePort(env, embed),
    collections: collectionMoves(env),
    embed,
    gloss: glosses(env),
    random: { salt: () => crypto.randomUUID() },
  };
}
