import type { SearchHit } from "#domain/search/model.ts";
import { expect, vi } from "vitest";
import type { UnitInput, UnitView } from "#domain/units/model.ts";
import type { TestAccount } from "./helpers.ts";

export type Check = {
  method: string;
  version: string;
  level: string;
  verdict: string;
  reasons: { code: string; detail: string }[];
  at: string;
};

export async function publish(account: TestAccount, input: UnitInput): Promise<UnitView> {
  const response = await account.call("POST", "/v1/units", { body: input });
  expect(response.status).toBe(202);
  return await response.json<UnitView>();
}

export async function read(account: TestAccount, id: string, version?: number): Promise<UnitView> {
  const query = version === undefined ? "" : `?version=${version}`;
  const response = await account.call("GET", `/v1/units/${id}${query}`);
  expect(response.status).toBe(200);
  return await response.json<UnitView>();
}

/** The unit once its newest version has this status. */
export async function until(
  account: TestAccount,
  id: string,
  status: UnitView["status"],
): Promise<UnitView> {
  return await vi.waitFor(
    async () => {
      const unit = await read(account, id);
      expect(unit.status).toBe(status);
      return unit;
    },
    { timeout: 20_000, interval: 25 },
  );
}

export async function searchable(account: TestAccount, input: UnitInput): Promise<UnitView> {
  return await until(account, (await publish(account, input)).id, "searchable");
}

export async function hits(account: TestAccount, body: object): Promise<SearchHit[]> {
  const response = await account.call("POST", "/v1/search", { body });
  expect(response.status).toBe(200);
  const answer = await response.json<{ hits: SearchHit[]; partial: boolean }>();
  expect(answer.partial).toBe(false);
  return answer.hits;
}

export const found = async (account: TestAccount, query: string, mode = "lexical") =>
  (await hits(account, { query, mode })).map(({ unitId, version }) => `${unitId}@${version}`);

export async function evidence(
  account: TestAccount,
  id: string,
): Promise<{ level: string; checks: Check[] }> {
  const response = await account.call("GET", `/v1/units/${id}/evidence`);
  expect(response.status).toBe(200);
  return await response.json();
}

export async function patch(
  account: TestAccount,
  unit: { id: string; version: number },
  change: Partial<UnitInput>,
): Promise<UnitView> {
  const response = await account.call("PATCH", `/v1/units/${unit.id}`, {
    body: change,
    headers: { "If-Match": `"${unit.version}"` },
  });
  expect(response.status).toBe(202);
  return await response.json<UnitView>();
}

/** What the rules must reject: made-up credentials in their real form. */
export const SECRET =
  "The key is AKIAIOSFODNN7EXAMPLQ and the secret wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKX.";

/** Notes that only one test's word finds: the public collection is shared by all of them. */
export const notesAbout =
  (word: string) =>
  (title: string, more: Partial<UnitInput> = {}): UnitInput => ({
    title: `${title} ${word}`,
    body: `What ${word} says about ${title.toLowerCase()}.`,
    ...more,
  });
