import { env } from "cloudflare:workers";
import { beforeEach, expect } from "vitest";
import { servicesOf } from "#adapters/index.ts";
import { partitionNameOf } from "#domain/topics/topics.ts";
import { newAccount, type TestAccount } from "./helpers.ts";

export type Event = {
  id: string;
  type: string;
  sequence: string;
  partition: number;
  data: unknown;
};
export type Page = {
  items: Event[];
  partitions: { partition: number; next: number; latest: number }[];
  position: string | null;
};

export const EVENTS = "/v1/topics/agent.events/events";
/** A new one for each test. */
export let owner: TestAccount;
beforeEach(async () => {
  owner = await newAccount();
});
export const { topics } = servicesOf(env);
export const partition = (n: number) =>
  env.TOPIC.getByName(
    partitionNameOf({ accountId: owner.accountId, topic: "agent.events", partition: n }),
  );
export const custom = (n: number, more: object = {}) => ({
  id: `e${n}`,
  type: "custom.tick",
  data: { n },
  ...more,
});
export const append = async (body: object) => {
  const answer = await owner.call("POST", EVENTS, { body });
  expect(answer.status).toBe(201);
  return (await answer.json<{ items: { partition: number; offset: number }[] }>()).items;
};
export const page = async (query = ""): Promise<Page> => {
  const answer = await owner.call("GET", `${EVENTS}${query}`);
  expect(answer.status).toBe(200);
  return await answer.json<Page>();
};
export const lines = async (query = ""): Promise<Event[]> => {
  const headers = { Accept: "application/x-ndjson", Authorization: `Bearer ${owner.apiKey}` };
  const answer = await owner.call("GET", `${EVENTS}${query}`, { headers });
  expect(answer.headers.get("Content-Type")).toBe("application/x-ndjson");
  const text = new TextDecoder().decode(await answer.arrayBuffer());
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Event);
};

/** Appends enough for segments; each event is `bytes` long at least. */
export async function fill(from: number, count: number, bytes: number) {
  const data = "x".repeat(bytes);
  const drafts = Array.from({ length: count }, (_, i) => ({
    id: `e${from + i}`,
    type: "custom.tick",
    timeMs: Date.now(),
    key: `k${(from + i) % 7}`,
    data,
  }));
  for (let i = 0; i < count; i += 50) {
    const taken = await topics.append(owner.accountId, "agent.events", drafts.slice(i, i + 50));
    expect(taken.ok).toBe(true);
  }
}
export const segments = async () =>
  (await env.BLOBS.list({ prefix: `topics/${owner.accountId}/` })).objects.map(({ key }) => key);
