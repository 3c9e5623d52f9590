import type { SearchBulk } from "#objects/search-bulk.ts";
import type { SearchContents } from "#objects/search-contents.ts";

/** How long Vectorize may be behind before the shard looks again. */
export const BULK_LOOK_MS = 1_000;

/** Merges step by step, so that a read waits for one step at most. */
export async function mergeAll(contents: SearchContents): Promise<void> {
  const next = () => contents.engine()?.merge() ?? null;
  for (let merge = next(); merge !== null; merge = next())
    while (merge.next().done !== true) await scheduler.wait(0);
}

/** One round with Vectorize; answers when the next is due, or null when nothing is left to do. */
export async function lookAfterBulk(bulk: SearchBulk | null, name: string): Promise<number | null> {
  if (bulk === null) return null;
  try {
    const left = await bulk.step(name);
    if (left === "refused") return 60 * BULK_LOOK_MS;
    return left === "idle" ? null : left === "more" ? 0 : BULK_LOOK_MS;
  } catch (error) {
    console.error({ event: "search-bulk-failed", error: String(error) });
    return 10 * BULK_LOOK_MS;
  }
}
