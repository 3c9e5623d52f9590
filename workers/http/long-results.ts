import type { Services } from "#adapters/index.ts";
import { keptResult, longBytes, resultKey, resultPrefix } from "#domain/tasks/results.ts";
import type { TaskSettlement } from "#domain/tasks/settlement.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { ok, type Result } from "#domain/shared/result.ts";

type Held = Omit<TaskSettlement, "said">;
/** The task that a result is of: whoever says so holds it, and its account keeps it. */
export type Holding = {
  object: ReturnType<Env["TASK_QUEUE"]["getByName"]>;
  held: Held;
  accountId: string;
  id: string;
};

/** What a task's row keeps of a result that is JSON: the text, or where it lies where that is long. */
export async function keptText(
  services: Services,
  holding: Holding,
  text: string,
): Promise<Result<string, Problem>> {
  const long = longBytes(text);
  if (long === null) return ok(text);
  return await keptBytes(services, holding, { body: long, mediaType: "application/json" });
}

/** Stores what is long under a name of its own: it counts once the row names it, and goes with its task if it never does. */
export async function keptBytes(
  services: Services,
  { object, held, accountId, id }: Holding,
  { body, mediaType }: { body: ReadableStream<Uint8Array> | Uint8Array; mediaType: string },
): Promise<Result<string, Problem>> {
  // Asked before the bytes are taken, so that whoever is too late need not send them.
  const expected = await object.expectResult(held, resultPrefix(accountId, id));
  if (!expected.ok) return expected;
  const key = resultKey(accountId, id, crypto.randomUUID());
  const blob = await services.taskResults.put(key, body, { mediaType });
  return blob.ok ? ok(keptResult({ blob: blob.value })) : blob;
}
