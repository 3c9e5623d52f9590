import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import { problemOf } from "./helpers.ts";
import { append, custom, type Event, owner, partition } from "./topics.ts";

const at = (ms: number) => vi.setSystemTime(ms);
afterEach(() => {
  vi.useRealTimers();
});

type Member = {
  memberId: string;
  generation: number;
  partitions: { partition: number; committed: number }[];
};
const GROUP = "/v1/topics/agent.events/groups/readers";
const join = async (body: object = {}): Promise<Member> => {
  const answer = await owner.call("POST", `${GROUP}/members`, { body });
  expect(answer.status).toBe(200);
  return await answer.json<Member>();
};
type Polled = { events: Event[]; partitions: { partition: number; next: number }[] };
const poll = async ({ memberId, generation }: Member, more: object = {}) => {
  const body = { memberId, generation, ...more };
  const answer = await owner.call("POST", `${GROUP}/poll`, { body });
  if (answer.status !== 200) return (await problemOf(answer)).code;
  return await answer.json<Polled>();
};
const commit = async ({ memberId, generation }: Member, offsets: object[]) => {
  const answer = await owner.call("POST", `${GROUP}/commit`, {
    body: { memberId, generation, offsets },
  });
  return answer.status === 200 ? "committed" : (await problemOf(answer)).code;
};
const idsOf = (polled: Polled | string) =>
  typeof polled === "string" ? polled : polled.events.map(({ id }) => id);

it("gives a group's member the events again until it says that they are done", async () => {
  await append({ events: [custom(1), custom(2), custom(3)] });
  const member = await join({ begin: "earliest" });
  expect(member.partitions).toEqual([{ partition: 0, committed: 0 }]);
  expect(idsOf(await poll(member))).toEqual(["e1", "e2", "e3"]);
  expect(await commit(member, [{ partition: 0, offset: 2 }])).toBe("committed");
  await evictDurableObject(partition(0));
  expect(idsOf(await poll(member))).toEqual(["e3"]);
  expect(idsOf(await poll(member, { after: [{ partition: 0, offset: 1 }], limit: 1 }))).toEqual([
    "e2",
  ]);
  expect(await commit(member, [{ partition: 0, offset: 4 }])).toBe("invalid-request");
  expect(await commit(member, [{ partition: 1, offset: 0 }])).toBe("invalid-request");
  const { groups } = await (
    await owner.call("GET", "/v1/topics/agent.events")
  ).json<{ groups: object[] }>();
  expect(groups).toMatchObject([{ group: "readers", members: 1, lag: 1, committed: [2] }]);
  // One that begins now is told of what comes.
  await commit(member, [{ partition: 0, offset: 3 }]);
  const waiting = poll(member, { waitMs: 20_000 });
  await append(custom(4));
  expect(idsOf(await waiting)).toEqual(["e4"]);
  expect((await owner.call("DELETE", GROUP)).status).toBe(204);
  expect(await poll(member)).toBe("group-rebalanced");
  expect((await owner.call("DELETE", GROUP)).status).toBe(404);
});

it("fences a member off whose partitions were given to others, and takes them from who falls silent", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const begun = Date.UTC(2027, 0, 1);
  at(begun);
  await append({ events: Array.from({ length: 16 }, (_, i) => custom(i)) });
  await partition(0).grow(1);
  const first = await join({ begin: "earliest" });
  // The second partition goes on from the first one: it is read after that.
  expect(first.partitions).toEqual([{ partition: 0, committed: 0 }]);
  expect(await commit(first, [{ partition: 0, offset: 16 }])).toBe("committed");
  const both = await join({ memberId: first.memberId });
  expect(both.partitions.map((one) => one.partition)).toEqual([0, 1]);
  const second = await join();
  expect(second.partitions).toHaveLength(1);
  expect(await poll(both)).toBe("group-rebalanced");
  expect(await commit(both, [{ partition: 0, offset: 16 }])).toBe("group-rebalanced");
  const again = await join({ memberId: first.memberId });
  expect(
    [...again.partitions, ...second.partitions]
      .map((one) => one.partition)
      .toSorted((a, b) => a - b),
  ).toEqual([0, 1]);
  at(begun + 20_000);
  expect(idsOf(await poll(second))).toEqual([]);
  at(begun + 40_000);
  // The first one said nothing for more than 30 s.
  expect(await poll(second)).toBe("group-rebalanced");
  expect((await join({ memberId: second.memberId })).partitions).toHaveLength(2);
  expect(await poll(again)).toBe("group-rebalanced");
  // Who leaves gives its partitions at once.
  const third = await join();
  expect((await owner.call("DELETE", `${GROUP}/members/${second.memberId}`)).status).toBe(204);
  expect((await join({ memberId: third.memberId })).partitions).toHaveLength(2);
});

it("lets a member that has nothing to read wait, until partitions are given out anew", async () => {
  const first = await join();
  const idle = await join();
  expect(idle.partitions).toEqual([]);
  const waiting = poll(idle, { waitMs: 20_000 });
  // What others do in their group, and events that are not its own, are no news to it.
  await append(custom(1));
  expect(await commit(first, [{ partition: 0, offset: 1 }])).toBe("committed");
  expect((await owner.call("DELETE", `${GROUP}/members/${first.memberId}`)).status).toBe(204);
  expect(await waiting).toBe("group-rebalanced");
  expect((await join({ memberId: idle.memberId })).partitions).toEqual([
    { partition: 0, committed: 1 },
  ]);
});

it("tells a member that has nothing to read that its group is gone", async () => {
  await join();
  const waiting = poll(await join(), { waitMs: 20_000 });
  expect((await owner.call("DELETE", GROUP)).status).toBe(204);
  expect(await waiting).toBe("group-rebalanced");
});

it("has one that waits of each member: who polls anew waits no more for what it asked before", async () => {
  const member = await join();
  const before = poll(member, { waitMs: 20_000 });
  const now = poll(member, { waitMs: 20_000 });
  expect(idsOf(await before)).toEqual([]);
  await append(custom(1));
  expect(idsOf(await now)).toEqual(["e1"]);
});

it("names the earliest event where the group's place is kept no more", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const begun = Date.UTC(2027, 0, 1);
  at(begun);
  await append({ events: [custom(1), custom(2)] });
  const sessionMs = 300_000;
  const member = await join({ begin: "earliest", sessionMs });
  at(begun + 8 * 86_400_000);
  await append(custom(3));
  await runDurableObjectAlarm(partition(0));
  const again = await join({ memberId: member.memberId, sessionMs });
  const { memberId, generation } = again;
  const answer = await owner.call("POST", `${GROUP}/poll`, { body: { memberId, generation } });
  expect(await problemOf(answer)).toMatchObject({ code: "offset-gone", status: 410, earliest: 3 });
  expect(await commit(again, [{ partition: 0, offset: 2 }])).toBe("committed");
  expect(idsOf(await poll(again))).toEqual(["e3"]);
});
