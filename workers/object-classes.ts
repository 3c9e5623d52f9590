import { Account } from "#objects/account.ts";
import { Agent } from "#objects/agent.ts";
import { Alerts } from "#objects/alerts.ts";
import { Bucket } from "#objects/bucket.ts";
import { Channel } from "#objects/channel.ts";
import { Collection } from "#objects/collection.ts";
import { Delivery } from "#objects/delivery.ts";
import { Metrics } from "#objects/metrics.ts";
import { Notices } from "#objects/notices.ts";
import { PullQueue } from "#objects/pull-queue.ts";
import { Relay } from "#objects/relay.ts";
import { ResourcePool } from "#objects/resource-pool.ts";
import { SearchReplica } from "#objects/search-replica.ts";
import { SearchShard } from "#objects/search-shard.ts";
import { Stream } from "#objects/stream.ts";
import { TaskQueue } from "#objects/task-queue.ts";
import { Topic } from "#objects/topic.ts";
import { Trace } from "#objects/trace.ts";
import { Usage } from "#objects/usage.ts";
import { VectorIndex } from "#objects/vector-index.ts";
import { VectorTier } from "#objects/vector-tier.ts";

/**
 * Every class of objects, for what is done to all of them. workers/objects.ts and index.ts name each again: the platform finds them
 * so. Types refuse what is forgotten.
 */
export const OBJECT_CLASSES = {
  Account,
  Agent,
  Alerts,
  Bucket,
  Channel,
  Collection,
  Delivery,
  Metrics,
  Notices,
  PullQueue,
  Relay,
  ResourcePool,
  SearchReplica,
  SearchShard,
  Stream,
  TaskQueue,
  Topic,
  Trace,
  Usage,
  VectorIndex,
  VectorTier,
} as const satisfies Record<Cloudflare.GlobalProps["durableNamespaces"], unknown>;
