/** `UNIT_INDEX` binds `unit-index`. */
export const queueNameOf = (binding: string): string => binding.toLowerCase().replaceAll("_", "-");

/** By the class the platform gives a binding. */
export function isQueue(binding: unknown): boolean {
  if (typeof binding !== "object" || binding === null) return false;
  const kind = (binding.constructor as { name?: string } | undefined)?.name;
  return kind === "WorkerQueue" || kind === "Queue";
}
