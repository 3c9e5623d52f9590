import { observe } from "#adapters/observing.ts";
import { tracedEnv } from "#adapters/traced-env.ts";
import { app } from "#workers/http/app.ts";
import { receiveMail } from "#workers/mail.ts";
import { consume } from "#workers/queues/consume.ts";
import { measured } from "#workers/measured-objects.ts";
import { OBJECT_CLASSES } from "#workers/object-classes.ts";
import { measuredConsumer } from "#workers/queues/measured.ts";
import { traceable } from "#workers/traced-objects.ts";

export { Account } from "#objects/account.ts";
export { Agent } from "#objects/agent.ts";
export { Alerts } from "#objects/alerts.ts";
export { Bucket } from "#objects/bucket.ts";
export { Channel } from "#objects/channel.ts";
export { Collection } from "#objects/collection.ts";
export { Delivery } from "#objects/delivery.ts";
export { Metrics } from "#objects/metrics.ts";
export { Notices } from "#objects/notices.ts";
export { PullQueue } from "#objects/pull-queue.ts";
export { Relay } from "#objects/relay.ts";
export { ResourcePool } from "#objects/resource-pool.ts";
export { SearchReplica } from "#objects/search-replica.ts";
export { SearchShard } from "#objects/search-shard.ts";
export { Stream } from "#objects/stream.ts";
export { TaskQueue } from "#objects/task-queue.ts";
export { Topic } from "#objects/topic.ts";
export { Trace } from "#objects/trace.ts";
export { Usage } from "#objects/usage.ts";
export { VectorIndex } from "#objects/vector-index.ts";
export { VectorTier } from "#objects/vector-tier.ts";
export { Admin } from "#workers/admin.ts";
export { EmbeddedAI } from "#workers/embedded-ai.ts";
export { Operations } from "#workers/operations.ts";
export { Proofs } from "#workers/proofs.ts";

measured(OBJECT_CLASSES);
observe();
traceable(OBJECT_CLASSES);

/** The whole product as one Worker: what `npm start`, `npm run dev` and the tests run. */
export default {
  fetch: (request, env, ctx) => app.fetch(request, tracedEnv(env), ctx),
  queue: measuredConsumer(consume),
  email: receiveMail,
} satisfies ExportedHandler<Env>;
