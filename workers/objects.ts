export { Account } from "#objects/account.ts";
export { Agent } from "#objects/agent.ts";
export { Bucket } from "#objects/bucket.ts";
export { Collection } from "#objects/collection.ts";
export { Delivery } from "#objects/delivery.ts";
export { Relay } from "#objects/relay.ts";
export { SearchReplica } from "#objects/search-replica.ts";
export { SearchShard } from "#objects/search-shard.ts";
export { VectorIndex } from "#objects/vector-index.ts";
export { VectorTier } from "#objects/vector-tier.ts";

/** Holds the Durable Objects, which are reached by their bindings and never by a request. */
export default {
  fetch: () => new Response(null, { status: 404 }),
} satisfies ExportedHandler<Env>;
