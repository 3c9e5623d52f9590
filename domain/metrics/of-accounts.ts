import type { Outcome } from "#domain/agents/quality.ts";
import { accountGathering, gathering, type Meter } from "#domain/metrics/gathering.ts";

/** Accounts whose meters an isolate holds on to; with more it begins anew, which costs a look-up each. */
const ACCOUNTS_MAX = 4_000;
const KINDS = 6;

/** Meters by account, and in it by class of status and whether it waits. */
const held = new Map<string, (Meter | undefined)[]>();

/** Counts one request of an account, in this isolate. `kind`: of its status, 2 for 2xx. `tookS`: in seconds. */
export function measureRequest(
  accountId: string,
  kind: number,
  waits: boolean,
  tookS: number,
  nowMs: number,
): void {
  let meters = held.get(accountId);
  if (meters === undefined) {
    if (held.size >= ACCOUNTS_MAX) held.clear();
    held.set(accountId, (meters = []));
  }
  const at = waits ? kind + KINDS : kind;
  const meter = (meters[at] ??= accountGathering.meter("wishub_account_request_duration_seconds", {
    account: accountId,
    status: `${kind}xx`,
    waits: waits ? "yes" : "no",
  }));
  accountGathering.write(meter, tookS, nowMs);
}

/** Tasks that agents are asked for over A2A are a pool of their own. */
const A2A = "a2a";

/** Counts what came of a task that an agent was asked for, for the platform and for whoever asked. */
export function measureTask(
  { accountId: account, done, latencyMs }: Pick<Outcome, "accountId" | "done" | "latencyMs">,
  nowMs: number,
): void {
  if (latencyMs === null) return;
  const of = { pool: A2A, outcome: done ? "ok" : "failed" };
  const tookS = latencyMs / 1_000;
  gathering.record("wishub_task_duration_seconds", of, tookS, nowMs);
  const its = { account, ...of };
  accountGathering.record("wishub_account_task_duration_seconds", its, tookS, nowMs);
}
