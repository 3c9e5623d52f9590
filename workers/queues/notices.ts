import { servicesOf } from "#adapters/index.ts";
import { noticeRefOf } from "#domain/notices/notice.ts";
import { log } from "#domain/observability/log.ts";

const PREFIX = "notification-";
const DEAD = "failed on every attempt; the log entries notice-failed say why";
const AGAIN_S = 30;

/** The names end so; deployed, they may begin with something else. */
export const isNotices = (queue: string): boolean => queue.includes(PREFIX);

/**
 * Mails and pushes, one message each. Never throws: what fails comes again, and what the queue gives up is a dead letter
 * of its account's `Notices` object, as is what failed as often as it may.
 */
export async function tellNotices(batch: MessageBatch, env: Env): Promise<void> {
  const isDead = batch.queue.endsWith(`${PREFIX}dead`);
  await Promise.all(batch.messages.map((message) => one(message, isDead, env)));
}

async function one(message: Message, isDead: boolean, env: Env): Promise<void> {
  const ref = noticeRefOf(message.body);
  if (ref === null) {
    log("error", "queue-message-malformed", { messageId: message.id });
    return message.ack();
  }
  const { notices } = servicesOf(env);
  try {
    if (isDead) {
      await notices.bury(ref, DEAD);
      return message.ack();
    }
    const attempted = await notices.attempt(ref);
    if (attempted === "done") message.ack();
    else message.retry({ delaySeconds: attempted.retryAfterS });
  } catch (error) {
    log("error", "notice-failed", { ...ref, error: String(error) });
    message.retry({ delaySeconds: AGAIN_S });
  }
}
