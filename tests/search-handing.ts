import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll } from "vitest";
import type { SearchShard } from "#objects/search-shard.ts";

type Adopted = Parameters<SearchShard["adopt"]>;
/** Called in a shard that divides or moves, around each call that hands something to another place. */
type Around = {
  before?(given: Adopted): Promise<void> | void;
  after?(place: string): Promise<void> | void;
};

const shards = env.SEARCH_SHARD as DurableObjectNamespace<SearchShard>;

/** Has the shards of this isolate hand over through `around`, until the file ends; `vars` is the environment they see. */
export function handingOver(around: Around) {
  const objects: { vars: Record<string, unknown> } = { vars: {} };
  beforeAll(() =>
    runInDurableObject(shards.getByName("any"), (instance) => {
      objects.vars = Reflect.get(instance, "env") as Record<string, unknown>;
      objects.vars["SEARCH_SHARD"] = {
        getByName(name: string) {
          const shard = shards.getByName(name);
          return {
            async adopt(...given: Adopted) {
              await around.before?.(given);
              await shard.adopt(...given);
              await around.after?.(name);
            },
            leadOn: (...given: Parameters<SearchShard["leadOn"]>) => shard.leadOn(...given),
            leftBehind: () => shard.leftBehind(),
          };
        },
      };
    }),
  );
  afterAll(() => {
    objects.vars["SEARCH_SHARD"] = shards;
    delete objects.vars["WISHUB_SHARD_PASSAGES"];
  });
  return objects;
}
