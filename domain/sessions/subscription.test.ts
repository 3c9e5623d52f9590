import { expect, it } from "vitest";
import { newFlow, withSeen, withSent } from "#domain/sessions/flow.ts";
import { owed, OWED_MS, type Subscription, told } from "#domain/sessions/subscription.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { positionFrom, positionText } from "#domain/topics/position.ts";

const lane = { topic: "agent.events", partition: 0 } as const;
const event = (type: string) =>
  `{"specversion":"1.0","id":"1","type":"${type}","datacontenttype":"application/json","data":{}}`;
const subscription: Subscription = {
  id: "s",
  topics: ["agent.events"],
  filter: { types: ["custom.paid"] },
  position: { "agent.events": [4] },
  skipped: 0,
  owedSinceMs: null,
};

it("tells what its filter wants, as it is kept, and the position behind it", () => {
  const events = [event("custom.paid"), event("custom.other")];
  const { subscription: moved, frame } = told(subscription, lane, { events, last: 6 });
  expect(JSON.parse(frame ?? "null")).toEqual({
    type: "events",
    subscription: "s",
    position: positionText({ "agent.events": [6] }),
    events: [JSON.parse(event("custom.paid"))],
  });
  expect(moved.position).toEqual({ "agent.events": [6] });
});

it("says how far it is where nothing was wanted for long, so that nobody comes back to what is gone", () => {
  let now = subscription;
  const frames: string[] = [];
  for (let last = 5; last <= 2_004; last++) {
    const some = told(now, lane, { events: [event("custom.other")], last });
    now = some.subscription;
    if (some.frame !== null) frames.push(some.frame);
  }
  expect(frames).toHaveLength(2);
  const { position, events } = JSON.parse(frames[1] ?? "") as { position: string; events: [] };
  expect([events, positionFrom(position)]).toEqual([[], { "agent.events": [2_004] }]);
});

it("waits for a client that is behind, cuts it off after a minute, and forgets it once it caught up", () => {
  let flow = newFlow();
  expect(owed(subscription, flow, 0).verdict).toBe("send");
  for (let i = 0; i < LIMITS.sessionWindowFrames; i++) flow = withSent(flow, 10);
  const first = owed(subscription, flow, 1_000);
  expect(first).toMatchObject({ verdict: "wait", subscription: { owedSinceMs: 1_000 } });
  expect(owed(first.subscription, flow, 1_000 + OWED_MS - 1).verdict).toBe("wait");
  expect(owed(first.subscription, flow, 1_000 + OWED_MS).verdict).toBe("cut");
  const caughtUp = withSeen(flow, 10) ?? flow;
  expect(owed(first.subscription, caughtUp, 1_000 + OWED_MS)).toMatchObject({
    verdict: "send",
    subscription: { owedSinceMs: null },
  });
});
