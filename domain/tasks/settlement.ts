/** What is said of a task by whoever works on it. `account`: whose it must be; null where the platform itself asks. */
export type TaskSettlement = {
  seq: number;
  token: number;
  /** The agent that says it, where it is one; and whether it may speak for the account's agents. */
  by: string | null;
  forAgents?: boolean;
  account: string | null;
  said:
    | { how: "heartbeat"; leaseMs: number; progress: number | null; data: string | null }
    /** JSON text. */
    | { how: "complete"; result: string }
    | { how: "fail"; reason: string | null; isFinal: boolean; delayMs: number | null };
};
