import { app } from "#workers/http/app.ts";
import { consume } from "#workers/queues/consume.ts";

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
export { Admin } from "#workers/admin.ts";
export { EmbeddedAI } from "#workers/embedded-ai.ts";
export { Operations } from "#workers/operations.ts";
export { Proofs } from "#workers/proofs.ts";

/** The whole product as one Worker: what `npm start`, `npm run dev` and the tests run. */
export default { fetch: app.fetch, queue: consume } satisfies ExportedHandler<Env>;
