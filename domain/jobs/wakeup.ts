import { z } from "zod";
import { type QueueName, queueFrom } from "#domain/tasks/task-id.ts";

/** The queue that says: there is heavy work. Named so at the platform too. */
export const JOB_QUEUE = "gpu-jobs";

/**
 * A message of that queue. It names no task: whoever has it asks that address, with that secret, for the task that is
 * next by then. So a message that is late, lost or doubled costs a question, and a backend that is not there costs no
 * task an attempt.
 */
export const wakeUp = z.object({
  v: z.literal(1),
  url: z.url({ protocol: /^https?$/ }).max(2_048),
  secret: z.string().min(1).max(256),
});
export type WakeUp = z.output<typeof wakeUp>;

/** As many are on their way for one shard, however many jobs wait: so the order is decided late. */
export const WAKE_UPS_MAX = 64;
const AGAIN_MS = 60_000;
const AGAIN_MS_MAX = 3_600_000;

/** When a message that nobody has come with is sent again. */
export const againAfterMs = (sends: number): number =>
  Math.min(AGAIN_MS * 2 ** Math.min(sends - 1, 10), AGAIN_MS_MAX);

const SECRET_CHARS = 32;

/** What opens one shard for one question. It names the shard, so that asking is one hop. `random`: 32 hex characters. */
export const secretOf = ({ pool, shard }: Pick<QueueName, "pool" | "shard">, random: string) =>
  `${pool}.${shard}.${random.slice(0, SECRET_CHARS)}`;

/** The shared shard that a secret is for; null where it is none. */
export function shardOfSecret(secret: string): QueueName | null {
  const found = /^([a-z]{1,12})\.(\d{1,3})\.[0-9a-f]{32}$/.exec(secret);
  const queue = found === null ? null : queueFrom(`shared/${found[1]}/${found[2]}`);
  return queue?.pool === "gpu" ? queue : null;
}
