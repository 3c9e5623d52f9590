import { clientAddresses } from "#adapters/client-address.ts";
import { agentCards } from "#adapters/agent-cards.ts";
import { agentQuality } from "#adapters/agent-quality.ts";
import { alertPort } from "#adapters/alerts.ts";
import { agentPort } from "#adapters/agents.ts";
import { a2aCards } from "#adapters/a2a-cards.ts";
import { audits } from "#adapters/audit.ts";
import { channelPort } from "#adapters/channels.ts";
import { deliveryPort } from "#adapters/deliveries.ts";
import { collectionMoves } from "#adapters/collections.ts";
import { egress } from "#adapters/egress.ts";
import { outsideAgents } from "#adapters/outside-agents.ts";
import { limiting } from "#adapters/limits.ts";
import { erasing, type ErasingParts } from "#adapters/erasure.ts";
import { exporting } from "#adapters/exports.ts";
import { federation } from "#adapters/federation.ts";
import { embedding } from "#adapters/inference.ts";
import { inferencePort } from "#adapters/inference-port.ts";
import { glosses } from "#adapters/gloss.ts";
import { handover, relays, unitWriter, unwaited } from "#adapters/handover.ts";
import { keyRing } from "#adapters/key-ring.ts";
import { noticePort } from "#adapters/notices.ts";
import { pushPort } from "#adapters/push.ts";
import { policyCache } from "#adapters/policies.ts";
import { withMeasuredDatabases } from "#adapters/measured-databases.ts";
import { measuredSearch } from "#adapters/measured-search.ts";
import { isObserved, metricsPort } from "#adapters/metrics.ts";
import { people } from "#adapters/people.ts";
import { oauthPort } from "#adapters/oauth.ts";
import { pools } from "#adapters/pools.ts";
import { regions } from "#adapters/regions.ts";
import { regionalSearch } from "#adapters/search-regions.ts";
import { placing, withinJurisdictions } from "#adapters/jurisdictions.ts";
import { answeredBodies } from "#adapters/search-bodies.ts";
import { collectionReader } from "#adapters/search-reading.ts";
import { searchPort } from "#adapters/search.ts";
import { spacePort } from "#adapters/spaces.ts";
import { taskExport } from "#adapters/task-export.ts";
import { taskPools } from "#adapters/task-pools.ts";
import { taskResults } from "#adapters/task-results.ts";
import { taskQueues } from "#adapters/task-queues.ts";
import { topicPort } from "#adapters/topics.ts";
import { tracedEnv } from "#adapters/traced-env.ts";
import { tracePort } from "#adapters/traces.ts";
import { unitCache } from "#adapters/unit-cache.ts";
import { unitShardMap } from "#adapters/unit-shards.ts";
import { unitUses } from "#adapters/unit-uses.ts";
import { webhookPort } from "#adapters/webhooks.ts";
import { deadLetterStore, pipelineStore } from "#db/units/pipeline.ts";
import { policyStore } from "#db/catalog/policies.ts";
import { regionStore } from "#db/catalog/regions.ts";
import { catalogStore } from "#db/catalog/store.ts";
import { type Home, homeFrom, isJurisdiction, isRegion } from "#domain/regions/regions.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import { unitShardsIn } from "#db/units/shards.ts";
import { unitStore } from "#db/units/store.ts";
import { useStore } from "#db/units/uses.ts";
import { usagePort } from "#adapters/usage.ts";
import { verifyFound } from "#domain/units/verify.ts";

export type Services = ReturnType<typeof services>;

const built = new WeakMap<Env, Services>();

/** The ports of one isolate, for requests and queues alike: bindings outlive a request, and so does what ports remember. */
export function servicesOf(bindings: Env): Services {
  const env = tracedEnv(bindings);
  let known = built.get(env);
  if (known === undefined) {
    known = services(isObserved(env) ? withMeasuredDatabases(env) : env);
    built.set(env, known);
  }
  return known;
}

/** The ports of the product over its bindings: the only place that chooses between a binding and its embedded twin. */
export function services(env: Env) {
  const shards = unitShardsIn(env);
  const databases = shards.map(({ database }) => database);
  const names = shards.map(({ name }) => name);
  const { regionOf, homeOf, hasCopies, jurisdictions } = regions(env);
  const store = unitStore(databases, unitShardMap(env, shards.length), hasCopies);
  const pipeline = pipelineStore(store.shards);
  const texts = unitCache(store);
  const uses = usesOf(env, store);
  const embed = embedding(env);
  const spaces = spacePort(env, embed);
  const homeOfOwner = (owner: string) => homeOf(spaces.homeOf(owner));
  const found = collections(env, spaces, homeOfOwner, hasCopies);
  const { readUnits } = found;
  const search = isObserved(env) ? measuredSearch(found.search) : found.search;
  const regional = regionalSearch(env, search, homeOfOwner);
  const relay = relays(env, names);
  const cards = agentCards(env, { search, spaces, embed });
  const hand = handover(env, pipeline);
  const units = { ...store, ...pipeline };
  const oauth = oauthPort(env, egress(env));
  const verifying = { units, search, spaces, relay, embed, hand: unwaited(hand) };
  return {
    isReady: async () => {
      const answers = await Promise.allSettled(
        [env.CATALOG_0, ...databases].map((database) => database.prepare("SELECT 1").run()),
      );
      return answers.every(({ status }) => status === "fulfilled");
    },
    accounts: {
      ...catalogStore([env.CATALOG_0]),
      ...regionStore(env.CATALOG_0),
      sha256Hex,
      hasAddresses: clientAddresses(env).hasAddresses,
    },
    ...clientAddresses(env),
    ...beyond(env),
    cards,
    ...registry(env, cards, oauth.keys),
    quality: agentQuality(env),
    policies: { ...policyStore(env.CATALOG_0), ...policyCache(policyStore(env.CATALOG_0)) },
    oauth,
    ...limiting(env),
    metrics: metricsPort(env),
    usage: usagePort(env),
    units: { ...units, ...noting(store, texts.changed), ...uses, textOf: texts.text },
    outbox: pipeline,
    deadLetters: deadLetterStore(store.shards),
    relay,
    writer: unitWriter(env, names, store, (found) => verifyFound(verifying, found, Date.now())),
    hand,
    search,
    readUnits,
    bodies: answeredBodies(),
    regional,
    replicas: regional,
    regionOf,
    jurisdictions,
    traces: tracePort(env),
    spaces,
    collections: collectionMoves(env),
    ...withModels(env, embed),
    ...aboutPeople(env, { shards: store.shards, changed: texts.changed, uses, search, spaces }),
    gloss: glosses(env),
    random: { salt: () => crypto.randomUUID() },
  };
}

/** Who reads units, and what builds on them. */
function usesOf(env: Env, { shards }: ReturnType<typeof unitStore>) {
  const store = useStore(shards);
  return { ...store, ...unitUses(env, store) };
}

/** Search over the shards of collections, and reading all of one, where each began. */
function collections(
  env: Env,
  spaces: ReturnType<typeof spacePort>,
  homeOf: (owner: string) => Home | null,
  hasCopies: boolean,
) {
  const hintOf = (name: string) => {
    const home = homeOf(name.slice(0, name.indexOf("|")));
    return isRegion(home) ? home : null;
  };
  const anywhere = searchPort(env, { hintOf, homeOf });
  const read = collectionReader(env.SEARCH_SHARD, hintOf);
  // Only where there are regions: elsewhere no collection begins in a jurisdiction, and nothing is asked.
  if (!hasCopies) return { search: anywhere, readUnits: read };
  const jurisdictionOf = async (owner: string) => {
    const home = homeFrom(await spaces.begunIn(owner));
    return isJurisdiction(home) ? home : null;
  };
  const placed = placing(jurisdictionOf);
  const readUnits = async (...[collection, ...asked]: Parameters<typeof read>) =>
    await read(await placed(collection), ...asked);
  return { search: withinJurisdictions(anywhere, jurisdictionOf), readUnits };
}

/** Who is registered, and what everybody may read of them. */
function registry(
  env: Env,
  cards: ReturnType<typeof agentCards>,
  keys: ReturnType<typeof oauthPort>["keys"],
) {
  const agents = agentPort([env.CATALOG_0], cards, env.AGENT);
  return { agents, a2aCards: a2aCards(env.WISHUB_PUBLIC_URL, keys, agents) };
}

/** What the platform embeds with, and every model that callers may use. */
const withModels = (env: Env, embed: ReturnType<typeof embedding>) => ({
  embed,
  inference: inferencePort(env, embed),
});

/** Receivers and agents that run elsewhere, and what is given to whoever takes it. */
function beyond(env: Env) {
  const ring = keyRing(env);
  const tasks = taskQueues(env);
  return {
    channels: channelPort(env, ring, egress(env)),
    deliveries: deliveryPort(env, ring),
    webhooks: webhookPort(env, ring),
    outside: outsideAgents(env, egress(env), ring),
    taskQueues: tasks,
    taskPools: taskPools(tasks),
    taskResults: taskResults(env),
    pools: pools(env),
    topics: topicPort(env),
  };
}

/** What is personal or secret, and what is remembered of who did what. */
function aboutPeople(env: Env, parts: Omit<ErasingParts, "ring" | "nameOf">) {
  const ring = keyRing(env);
  const audit = audits(env, ring);
  const persons = people(env, ring);
  return {
    /** Encrypts what may not lie readable in a database (docs/decisions/045). */
    keyRing: ring,
    ...telling(env, ring),
    audit,
    people: persons,
    federation: federation(env, persons, egress(env)),
    exports: exporting(env, {
      ring,
      audit,
      shards: parts.shards,
      tasks: (accountId) => taskExport(taskQueues(env), accountId),
    }),
    erasure: erasing(env, { ...parts, ring, nameOf: audit.nameOf }),
  };
}

/** What is wrong, and telling people of it. */
function telling(env: Env, ring: ReturnType<typeof keyRing>) {
  const push = pushPort(env, ring, egress(env));
  return { alerts: alertPort(env, ring), push, notices: noticePort(env, ring, push) };
}

/** What changes a unit that may be kept here drops it at once, also when nobody can say whether the change was made. */
function noting(
  store: ReturnType<typeof unitStore>,
  changed: (unitId: string) => void,
): Pick<typeof store, "addVersion" | "retract"> {
  return {
    addVersion: (version, nowMs) =>
      store.addVersion(version, nowMs).finally(() => changed(version.unitId)),
    retract: (unitId, expectedVersion, nowMs) =>
      store.retract(unitId, expectedVersion, nowMs).finally(() => changed(unitId)),
  };
}
