import { LIMITS } from "#domain/shared/limits.ts";

/** A result that is too long for its task's row: where it lies. */
export type Blob = { key: string; bytes: number; mediaType: string };
/** What a task came to: JSON text, or a blob. */
export type TaskResult = { text: string } | { blob: Blob };

/** No JSON begins so. */
const BLOB = "@";

/** As its task's row keeps it. */
export const keptResult = (result: TaskResult): string =>
  "text" in result ? result.text : BLOB + JSON.stringify(result.blob);

export const resultFrom = (kept: string): TaskResult =>
  kept.startsWith(BLOB) ? { blob: JSON.parse(kept.slice(BLOB.length)) as Blob } : { text: kept };

/** Of all results of an account, or of one task. */
export const resultPrefix = (accountId: string, taskId?: string): string =>
  taskId === undefined ? `results/${accountId}/` : `results/${accountId}/${taskId}/`;

/** Where a result lies. No two uploads write to one place, so a late one changes nothing. */
export const resultKey = (accountId: string, taskId: string, fresh: string): string =>
  `${resultPrefix(accountId, taskId)}${fresh}`;

const utf8 = new TextEncoder();
/** The bytes of a JSON text where they are too many for a row, else null. */
export function longBytes(text: string): Uint8Array | null {
  // In UTF-8 a character of a JavaScript string takes three bytes at most.
  if (text.length * 3 <= LIMITS.taskResultInlineBytesMax) return null;
  const bytes = utf8.encode(text);
  return bytes.byteLength > LIMITS.taskResultInlineBytesMax ? bytes : null;
}
