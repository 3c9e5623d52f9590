import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { services } from "#adapters/index.ts";
import type { TopicName } from "#domain/topics/topics.ts";
import type { TestAccount } from "./helpers.ts";

export type Told = {
  id: string;
  type: string;
  subject: string;
  time: string;
  data: Record<string, unknown>;
};

/** All that a topic of an account says, in its order. */
export async function told({ accountId }: TestAccount, topic: TopicName): Promise<Told[]> {
  const { topics } = services(env);
  const read = { partition: 0, after: 0, limit: 1_000, bytesMax: 4_000_000, waitMs: 0 };
  const answer = await topics.read(accountId, topic, read);
  if (!answer.ok) throw new Error(answer.error.code);
  return answer.value.events.map((text) => JSON.parse(text) as Told);
}

/** The types of a subject's events once they are these. */
export async function untilTold(
  account: TestAccount,
  topic: TopicName,
  subject: string,
  types: string[],
): Promise<Told[]> {
  return await vi.waitFor(
    async () => {
      const all = (await told(account, topic)).filter((one) => one.subject === subject);
      expect(all.map(({ type }) => type)).toEqual(types);
      return all;
    },
    { timeout: 20_000, interval: 25 },
  );
}
