import { env } from "cloudflare:workers";
import { beforeEach } from "vitest";
import { topicPort } from "#adapters/topics.ts";
import { laneOf, type UsageBatch } from "#domain/usage/gathering.ts";
import { collectorOf, LANE_KEYS } from "#domain/usage/objects.ts";
import { HOUR_MS, hourOf } from "#domain/usage/use.ts";
import { newAccount, type TestAccount } from "./helpers.ts";

type Line = { operation: string; caller: string; calls: number; failed: number; units: number };
type Item = { at: string; isSealed: boolean; operations: Line[] };
export type Used = { total: { calls: number; failed: number; units: number }; items: Item[] };

/** A new one for each test. */
export let owner: TestAccount;
beforeEach(async () => {
  owner = await newAccount();
});

export const used = async (query = "", by = owner): Promise<Used> => {
  const answer = await by.call("GET", `/v1/usage${query}`);
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
  return await answer.json<Used>();
};
/** Without those that looked at what was used. */
export const lines = async (by = owner): Promise<Line[]> =>
  (await used("", by)).items
    .flatMap(({ operations }) => operations)
    .filter(({ operation }) => operation !== "usage.read");

export const collector = () => env.USAGE.getByName(collectorOf(0));
let made = 0;
export const batchOf = (
  hoursAgo: number,
  calls: number,
  more: Partial<UsageBatch> = {},
): UsageBatch => {
  const atMs = Date.now() - hoursAgo * HOUR_MS;
  return {
    isolate: "an-isolate-of-tests",
    lane: laneOf(owner.accountId),
    seq: ++made,
    madeAtMs: atMs,
    uses: [[owner.accountId, "agent", "unit.search", hourOf(atMs), calls, 0, calls]],
    ...more,
  };
};
/** As an isolate hands it over; `id` differs where the log itself would not know a repetition. */
export async function append(batch: UsageBatch, id = crypto.randomUUID()): Promise<void> {
  const draft = { id, type: "usage.recorded", timeMs: batch.madeAtMs, data: batch };
  const key = LANE_KEYS[batch.lane] ?? "";
  const taken = await topicPort(env).append("platform", "usage.records", [{ ...draft, key }]);
  if (!taken.ok) throw new Error(taken.error.code);
}
export const dayAgo = () => `?from=${new Date(Date.now() - 24 * HOUR_MS).toISOString()}`;
