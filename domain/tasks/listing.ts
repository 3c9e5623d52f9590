import type { TaskShown } from "#domain/tasks/record.ts";

/** `before`: places smaller than this only; Infinity cannot be bound, so a page begins with the largest integer. */
export type TaskPageAsked = {
  account: string;
  state: string | null;
  type: string | null;
  before: number;
  limit: number;
};

/** `next`: the place to go on before; null: there is no more. */
export type TaskPage = { tasks: TaskShown[]; next: number | null };

/** Where each shard's part of a list has come to: the place to go on before, or null where it is at its end. */
export type Positions = readonly (number | null)[];

export const FROM_THE_NEWEST = Number.MAX_SAFE_INTEGER;
const END = "-";
const SHARDS_MAX = 16;

/** Opaque to clients. A shard that came later begins with its newest. */
export const positionsText = (positions: Positions): string =>
  positions.map((one) => (one === null ? END : one.toString(36))).join(".");

export function positionsFrom(text: string): Positions | null {
  const parts = text.split(".", SHARDS_MAX + 1);
  if (parts.length > SHARDS_MAX || !parts.every((one) => /^(-|[0-9a-z]{1,11})$/.test(one)))
    return null;
  return parts.map((one) => (one === END ? null : Number.parseInt(one, 36)));
}

/**
 * One page of several shards' pages, the newest first, and where each goes on: a task that had no room is told on the
 * next one. Of one shard the order is that of its places.
 */
export function merged(
  pages: readonly TaskPage[],
  limit: number,
): { tasks: { shard: number; task: TaskShown }[]; positions: Positions } {
  const heads = pages.map(() => 0);
  const tasks: { shard: number; task: TaskShown }[] = [];
  while (tasks.length < limit) {
    let newest = -1;
    for (const [shard, page] of pages.entries()) {
      const task = page.tasks[heads[shard] ?? 0];
      const best = pages[newest]?.tasks[heads[newest] ?? 0];
      if (task === undefined) continue;
      if (best === undefined || task.createdAtMs > best.createdAtMs) newest = shard;
    }
    const task = pages[newest]?.tasks[heads[newest] ?? 0];
    if (task === undefined) break;
    tasks.push({ shard: newest, task });
    heads[newest] = (heads[newest] ?? 0) + 1;
  }
  const positions = pages.map(({ tasks: all, next }, shard) => {
    const left = all[heads[shard] ?? 0];
    return left === undefined ? next : left.seq + 1;
  });
  return { tasks, positions };
}
