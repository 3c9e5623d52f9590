import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { newAccount, type TestAccount } from "./helpers.ts";

export type Entry = {
  seq: number;
  phase: string;
  action: string;
  actor: { id: string; credential?: string };
  resource: { type: string; id?: string };
  request?: string;
  of?: number;
  status?: number;
  code?: string;
  detail?: { reason?: string };
};
export type Page = { items: Entry[]; nextCursor: string | null };
export type Verified = {
  valid: boolean;
  entries: number;
  head: { size: number; root: string };
  wrong: { seq: number; reason: string } | null;
};

export const objectOf = (account: TestAccount) => env.ACCOUNT.getByName(account.accountId);
export const entries = async (account: TestAccount, query = "") =>
  (await (await account.call("GET", `/v1/audit?limit=100${query}`)).json<Page>()).items;
export const verify = async (account: TestAccount) =>
  await (await account.call("GET", "/v1/audit/verify")).json<Verified>();

export const exported = async (account: TestAccount) =>
  new TextDecoder().decode(await (await account.call("GET", "/v1/audit/export")).bytes());

export async function keyOf(account: TestAccount, scopes = ["search"]) {
  const made = await account.call("POST", "/v1/keys", { body: { name: "Agent", scopes } });
  expect(made.status).toBe(201);
  return await made.json<{ id: string; apiKey: string }>();
}

/** An account with a log of 2n entries. */
export async function logged(n: number): Promise<TestAccount> {
  const account = await newAccount();
  for (let i = 0; i < n; i++) await keyOf(account);
  return account;
}

/** SQL in the object's own storage: what somebody does who has the disk. */
export const tamper = (account: TestAccount, ...statements: string[]) =>
  runInDurableObject(objectOf(account), (_, state) => {
    for (const statement of statements) state.storage.sql.exec(statement);
  });
