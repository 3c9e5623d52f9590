import type { Planned } from "#domain/scheduling/row.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";

/** What a queue takes: open tasks and bytes of their inputs, of all and of one account. */
export type RoomLimits = {
  tasksMax: number;
  bytesMax: number;
  accountTasksMax: number;
  accountBytesMax: number;
};
type Held = { open: number; bytes: number };
/** What lies in a queue. `isTaking`: somebody took tasks out a short while ago. */
export type Filling = {
  isDraining: boolean;
  isTaking: boolean;
  tasks: number;
  bytes: number;
  lanes: number;
  of(account: string): Held;
};

/** When to come again where tasks are taken at present, and where they have not been for a while. */
const SOON_S = 1;
const LATER_S = 60;

/** Why tasks find no room in a queue, all of them, or null: what waits is never dropped, who brings more is held back. */
export function roomFor(
  { isDraining, isTaking, tasks, bytes, lanes, of }: Filling,
  drafts: readonly Planned[],
  limits: RoomLimits,
): Problem<"too-many-requests" | "queue-full" | "queue-closed"> | null {
  const retryAfterS = isTaking ? SOON_S : LATER_S;
  if (isDraining) return { code: "queue-closed", retryAfterS: LATER_S };
  const more = new Map<string, Held>();
  for (const { account, bytes: size } of drafts) {
    const one = more.get(account) ?? { open: 0, bytes: 0 };
    more.set(account, { open: one.open + 1, bytes: one.bytes + size });
  }
  let all = 0;
  for (const [account, { open, bytes: size }] of more) {
    const held = of(account);
    all += size;
    if (held.open + open > limits.accountTasksMax || held.bytes + size > limits.accountBytesMax)
      return {
        code: "too-many-requests",
        detail: "the tasks that your account gave before wait here still",
        retryAfterS,
      };
  }
  const isFull = tasks + drafts.length > limits.tasksMax || bytes + all > limits.bytesMax;
  if (isFull) return { code: "queue-full", retryAfterS };
  if (lanes + drafts.length > LIMITS.taskLanesMax)
    return {
      code: "too-many-requests",
      detail: "tasks of too many different types, needs and places wait here",
      retryAfterS,
    };
  return null;
}
