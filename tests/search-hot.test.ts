import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { hotLeaves } from "#adapters/search-hot.ts";
import { searchPort } from "#adapters/search.ts";
import type { Collection } from "#domain/search/model.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";
import type { SearchReplica } from "#objects/search-replica.ts";
import { idsOf, nobody, numbers, REQUEST, unitOf } from "./otters.ts";

const port = searchPort(env);
const replicas = env.SEARCH_REPLICA as DurableObjectNamespace<SearchReplica>;
let spaces = 0;
let collection: Collection;
beforeEach(() => {
  collection = { owner: "public", space: `hot-${++spaces}` };
});
const root = () => rootOf(collection).name;

describe("a hot leaf at home", () => {
  const away = (picked: number) =>
    hotLeaves(env.SEARCH_REPLICA, { homeOf: () => "weur", pick: () => picked });
  const beside = () => replicas.getByName(`${root()}@weur.1`);
  const shown = (answer: Awaited<ReturnType<ReturnType<typeof away>["ask"]>>) =>
    answer?.kind === "done" ? idsOf({ hits: JSON.parse(answer.value.hits) }) : answer;

  test("is read at its replicas in turn once it says so, by whoever has seen no more", async () => {
    await port.index(collection, [unitOf(0), unitOf(1)]);
    const hot = away(0.9);
    expect(await hot.ask(collection, root(), 0, REQUEST)).toBeNull();
    hot.heard(root(), 1);
    await hot.ask(collection, root(), 0, REQUEST);
    await runDurableObjectAlarm(beside());
    expect(shown(await hot.ask(collection, root(), 0, REQUEST))).toEqual(numbers(0, 2));
    const itself = away(0.1);
    itself.heard(root(), 1);
    expect(await itself.ask(collection, root(), 0, REQUEST)).toBeNull();
    // The replica has not heard of this one: whoever has is sent to the leaf, or has it look.
    await port.index(collection, [unitOf(2)]);
    const seen = await hot.ask(collection, root(), Date.now(), REQUEST);
    if (seen !== null) expect(shown(seen)).toEqual(numbers(0, 3));
  });

  test("is read itself where its replica is cut off and old, and where it is somebody's own", async () => {
    await port.index(collection, [unitOf(0)]);
    const hot = away(0.9);
    hot.heard(root(), 1);
    await hot.ask(collection, root(), 0, REQUEST);
    await runDurableObjectAlarm(beside());
    await runInDurableObject(beside(), (_, { storage }) => {
      const state = storage.kv.get<{ asOfMs: number }>("follow");
      storage.kv.put("follow", { ...state, asOfMs: Date.now() - 60_000 });
    });
    await evictDurableObject(beside());
    await runInDurableObject(beside(), (instance: SearchReplica) => {
      const own = Reflect.get(instance, "env") as Env;
      Reflect.set(instance, "env", { ...own, SEARCH_SHARD: nobody });
    });
    expect(await hot.ask(collection, root(), 0, REQUEST)).toBeNull();
    const mine = { owner: "account-1", space: collection.space };
    hot.heard(rootOf(mine).name, 1);
    expect(await hot.ask(mine, rootOf(mine).name, 0, REQUEST)).toBeNull();
  });
});
