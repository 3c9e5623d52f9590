import { type Ask, Queue, type Settings } from "./queue.ts";
import type { Outcome, Planned } from "./row.ts";
import { Stored } from "./stored.ts";

export const SETTINGS: Settings = {
  weightOf: (account) => (account === "heavy" ? 2 : 1),
  tasksMax: 1_000,
  bytesMax: 1_000_000,
  accountTasksMax: 1_000,
  accountBytesMax: 1_000_000,
};
export const planned = (more: Partial<Planned> = {}): Planned => ({
  account: "a",
  type: "look",
  requires: [],
  near: null,
  priority: 4,
  cost: 1,
  createdAtMs: 0,
  deadlineMs: null,
  attemptsMax: 3,
  budgetMs: null,
  after: [],
  bytes: 10,
  ...more,
});
export const ask = (more: Partial<Ask> = {}): Ask => ({
  types: ["look"],
  capabilities: [],
  near: null,
  limit: 1,
  leaseMs: 1_000,
  holder: null,
  ...more,
});
/** A queue and what it stored; `again` is it after a crash. */
export function harness(settings = SETTINGS) {
  const stored = new Stored();
  let queue = new Queue(settings);
  return {
    stored,
    get queue() {
      return queue;
    },
    done<T>({ answer, changes }: Outcome<T>): T {
      stored.apply(changes);
      return answer;
    },
    crash() {
      const rows = [...stored.open.values()].sort((a, b) => a.seq - b.seq);
      queue = Queue.load(settings, rows, stored.newest, queue.mode);
    },
  };
}
export const given = (
  one: Pick<ReturnType<typeof harness>, "queue" | "done">,
  more: Partial<Ask>,
  nowMs: number,
) => one.done(one.queue.lease(ask(more), nowMs));
