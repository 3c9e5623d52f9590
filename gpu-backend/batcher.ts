export type Priority = "query" | "document";

/** One text that waits for the model; `tokens` is its length in word pieces. */
export type Waiting = { id: number; priority: Priority; tokens: number };

export type BatchLimits = {
  itemsMax: number;
  /** Word pieces in one batch, padding included; a longer text goes alone. */
  tokensMax: Record<Priority, number>;
  /** How long a batch that is not full is held back while another one runs. */
  waitMs: number;
  /** Texts that may wait; beyond it the answer is "too many requests". */
  queueMax: Record<Priority, number>;
  /** After so many batches of queries in a row, documents that wait have one: they never wait for ever. */
  queryBatchesMax: number;
};

export type Decision =
  | { kind: "run"; items: Waiting[] }
  | { kind: "wait"; untilMs: number }
  | { kind: "idle" };

export type Batcher = ReturnType<typeof createBatcher>;

type Queued = Waiting & { sinceMs: number };

/** Texts of one length make a batch without padding, so this many are looked at to find similar ones. */
const WINDOW = 128;

/** Decides what the model runs next. Pure: the time comes with every call, and nothing happens between calls. */
export function createBatcher(limits: BatchLimits) {
  const lanes: Record<Priority, Queued[]> = { query: [], document: [] };
  let queryBatches = 0;

  const hasRoom = (priority: Priority, count: number) =>
    count <= limits.queueMax[priority] - lanes[priority].length;

  return {
    hasRoom,
    depth: () => ({ query: lanes.query.length, document: lanes.document.length }),
    waitingTokens: () => sum(lanes.query) + sum(lanes.document),

    /** All of them or none: half an answer is of no use to anyone. */
    offer(items: readonly Waiting[], nowMs: number): boolean {
      const byLane = {
        query: items.filter(isQuery),
        document: items.filter((item) => !isQuery(item)),
      };
      if (!hasRoom("query", byLane.query.length) || !hasRoom("document", byLane.document.length))
        return false;
      for (const item of items) lanes[item.priority].push({ ...item, sinceMs: nowMs });
      return true;
    },

    /** Forgets what nobody waits for any more; what already runs is not affected. */
    drop(ids: ReadonlySet<number>): void {
      for (const priority of ["query", "document"] as const) {
        lanes[priority] = lanes[priority].filter((item) => !ids.has(item.id));
      }
    },

    /** What a free worker does now, while `running` others are busy. */
    take(nowMs: number, running: number): Decision {
      const queriesNext =
        lanes.query.length > 0 &&
        (queryBatches < limits.queryBatchesMax || lanes.document.length === 0);
      const priority = queriesNext ? "query" : "document";
      const head = lanes[priority][0];
      if (!head) return { kind: "idle" };
      const { chosen, full } = choose(lanes[priority], limits, priority);
      // An idle model gains nothing by waiting; a busy one has somebody else's batch to fill the time with.
      if (running > 0 && !full && nowMs < head.sinceMs + limits.waitMs) {
        return { kind: "wait", untilMs: head.sinceMs + limits.waitMs };
      }
      queryBatches = queriesNext ? queryBatches + 1 : 0;
      const ids = new Set(chosen.map((item) => item.id));
      lanes[priority] = lanes[priority].filter((item) => !ids.has(item.id));
      return { kind: "run", items: chosen.map(({ id, tokens }) => ({ id, priority, tokens })) };
    },
  };
}

const isQuery = (item: Waiting) => item.priority === "query";

const sum = (items: readonly Waiting[]) => items.reduce((total, item) => total + item.tokens, 0);

/** The oldest text is always in it, joined by those next to it in length. */
function choose(lane: readonly Queued[], limits: BatchLimits, priority: Priority) {
  const [head, ...others] = lane.slice(0, WINDOW);
  const chosen = head ? [head] : [];
  const length = head?.tokens ?? 0;
  others.sort(
    (a, b) => Math.abs(a.tokens - length) - Math.abs(b.tokens - length) || a.sinceMs - b.sinceMs,
  );
  let longest = length;
  for (const item of others) {
    if (chosen.length >= limits.itemsMax) return { chosen, full: true };
    const padded = Math.max(longest, item.tokens) * (chosen.length + 1);
    if (padded > limits.tokensMax[priority]) return { chosen, full: true };
    longest = Math.max(longest, item.tokens);
    chosen.push(item);
  }
  return {
    chosen,
    full:
      chosen.length >= limits.itemsMax ||
      longest * (chosen.length + 1) > limits.tokensMax[priority],
  };
}
