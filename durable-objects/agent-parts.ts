import { log } from "#domain/observability/log.ts";

/** What failed is done again after this. */
export const AGAIN_MS = 5_000;

/** What an agent's object is made of: each part has its own tables, and its own work that falls due. */
export type AgentPart = {
  /** When its next work is due; null while it waits for nothing. */
  dueMs(): number | null;
  work(nowMs: number): void | Promise<void>;
};

/**
 * Has each part do what is due; answers whether one could not. An alarm that throws is tried six times and then forgotten,
 * with what all the other parts wait for. Once one has emptied the object, no other may look at its tables.
 */
export async function workDue(
  parts: readonly AgentPart[],
  nowMs: number,
  isEmpty: () => boolean,
): Promise<boolean> {
  let hasFailed = false;
  for (const part of parts) {
    if (isEmpty()) return false;
    const dueMs = part.dueMs();
    if (dueMs === null || dueMs > nowMs) continue;
    try {
      await part.work(nowMs);
    } catch (error) {
      hasFailed = true;
      log("error", "agent-work-failed", { error: String(error) });
    }
  }
  return hasFailed;
}
