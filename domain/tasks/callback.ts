import { z } from "zod";
import type { DeadDelivery, Endpoint } from "#domain/delivery/model.ts";
import type { Keeping } from "#domain/delivery/pace.ts";
import { webhookSecret } from "#domain/delivery/webhook.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { type QueueName, taskFrom } from "#domain/tasks/task-id.ts";

/** Who is told that a task has ended. With a secret it is signed as Standard Webhooks says; without one it is not. */
export const callbackInput = z.strictObject({
  url: text(LIMITS.urlCharsMax),
  secret: webhookSecret.optional(),
});

/**
 * However long its receiver is away, it is given up while its task can still be read (durable-objects/task-ended.ts);
 * none of those that were goes before its task's queue has heard of it.
 */
export const CALLBACK_KEEPING: Keeping = {
  waitsMs: 5 * 86_400_000,
  deadMax: LIMITS.deliveriesWaitingMax,
};

/**
 * As it is kept with its task: the name of the object that delivers, and the secret sealed under the account's data key.
 * `failed`: it was given up, for the end under this token.
 */
export type CallbackKept = {
  url: string;
  sealedSecret: string | null;
  name: string;
  failed?: { token: number; atMs: number; reason: string };
};

/** The object that delivers to a receiver: one for all tasks of an account that name the same. `hash` is of url and secret. */
export const callbackName = (accountId: string, hash: string): string =>
  `callback ${accountId} ${hash}`;

export const callbackEndpoint = (
  accountId: string,
  { url, sealedSecret }: CallbackKept,
): Endpoint => ({
  accountId,
  agentId: null,
  url,
  form: "webhook",
  secrets: sealedSecret === null ? [] : [{ sealed: sealedSecret, untilMs: null }],
  sealedHeaders: null,
  isCallback: true,
  ...(sealedSecret === null && { isUnsigned: true }),
});

/** Tells a task, and under which token it ended: a repetition of the same end is known by it. */
export const callbackId = (taskId: string, token: number): string => `${taskId}_${token}`;

/** A callback that was given up, as the queue of its task is told. */
export type CallbackGivenUp = {
  seq: number;
  token: number;
  account: string;
  type: string;
  attempts: number;
  reason: string;
  atMs: number;
};

/** Of a dead delivery, whose callback it was; null where it was no task's. */
export function callbackGivenUp(
  account: string,
  { id, body, reason, deadAtMs: atMs }: DeadDelivery,
): { queue: QueueName; callback: CallbackGivenUp } | null {
  const [, taskId = "", token] = /^(.+)_(\d+)$/.exec(id) ?? [];
  const place = taskFrom(taskId);
  if (place === null) return null;
  const { type, attempts } = (JSON.parse(body) as { data: { type: string; attempts: number } })
    .data;
  const { queue, seq } = place;
  return { queue, callback: { seq, token: Number(token), account, type, attempts, reason, atMs } };
}

/** What is kept with a task once its callback was given up; null where there is nothing new to keep. */
export function detailsWithout(
  details: string | null,
  { token, atMs, reason }: CallbackGivenUp,
): string | null {
  const { callback, ...rest } = JSON.parse(details ?? "{}") as { callback?: CallbackKept };
  if (callback === undefined || (callback.failed?.token ?? -1) >= token) return null;
  return JSON.stringify({ ...rest, callback: { ...callback, failed: { token, atMs, reason } } });
}

/** Of the end that a task has come to now: that its callback was given up; null where it was not. */
export function callbackFailure({
  details,
  token,
}: {
  details: string | null;
  token: number;
}): { atMs: number; reason: string } | null {
  if (details === null) return null;
  const { callback } = JSON.parse(details) as { callback?: CallbackKept };
  return callback?.failed?.token === token ? callback.failed : null;
}
