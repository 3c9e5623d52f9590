import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isTooFarBehind,
  newFlow,
  newRate,
  pushable,
  withCredit,
  withSeen,
  withSent,
  withTaken,
} from "#domain/sessions/flow.ts";
import { LIMITS } from "#domain/shared/limits.ts";

const sentTimes = (times: number, chars: number) => {
  let flow = withCredit(newFlow(), LIMITS.sessionCreditMax);
  for (let i = 0; i < times; i++) flow = withSent(flow, chars);
  return flow;
};

describe("back-pressure", () => {
  it("pushes what was asked for, a batch at a time", () => {
    expect(pushable(newFlow(), 0)).toBe(0);
    expect(pushable(withCredit(newFlow(), 3), 0)).toBe(3);
    expect(pushable(withCredit(newFlow(), 1_000_000), 0)).toBe(LIMITS.sessionBatchMax);
    expect(pushable(withCredit(newFlow(), 9), LIMITS.sessionCreditMax - 2)).toBe(2);
    expect(pushable(withCredit(newFlow(), 9), LIMITS.sessionCreditMax)).toBe(0);
    expect(withCredit(newFlow(), 1_000_000).credit).toBe(LIMITS.sessionCreditMax);
  });

  it("pushes nothing while the client is behind, and goes on when it has caught up", () => {
    const behind = sentTimes(LIMITS.sessionWindowFrames, 10);
    expect(pushable(behind, 0)).toBe(0);
    const caughtUp = withSeen(behind, LIMITS.sessionWindowFrames);
    expect(caughtUp && pushable(caughtUp, 0)).toBe(LIMITS.sessionBatchMax);
    const long = sentTimes(1, LIMITS.sessionWindowChars);
    expect(pushable(long, 0)).toBe(0);
  });

  it("ends with who takes in nothing, by frames or by length, and with nobody before", () => {
    expect(isTooFarBehind(sentTimes(LIMITS.sessionUnseenFramesMax - 1, 10))).toBe(false);
    expect(isTooFarBehind(sentTimes(LIMITS.sessionUnseenFramesMax, 10))).toBe(true);
    expect(isTooFarBehind(sentTimes(8, LIMITS.sessionUnseenCharsMax / 8))).toBe(true);
  });

  it("believes no client that has seen more than there was, and no order of its news", () => {
    expect(withSeen(sentTimes(3, 10), 4)).toBeNull();
    fc.assert(
      fc.property(fc.nat(40), fc.array(fc.nat(40), { maxLength: 10 }), (sent, news) => {
        let flow = sentTimes(sent, 100);
        for (const frames of news) {
          const next = withSeen(flow, frames);
          if (next === null) {
            expect(frames).toBeGreaterThan(sent);
            continue;
          }
          expect(next.seen).toBe(Math.max(flow.seen, frames));
          expect(next.unseenChars).toBeLessThanOrEqual(flow.unseenChars);
          expect(next.unseenChars).toBe((sent - next.seen) * 100);
          flow = next;
        }
      }),
    );
  });
});

it("lets a client send no more frames than the burst and what time has given back", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ afterMs: fc.nat(2_000), frames: fc.integer({ min: 1, max: 16 }) }), {
        maxLength: 200,
      }),
      (sends) => {
        let rate = newRate(0);
        let [nowMs, taken] = [0, 0];
        for (const { afterMs, frames } of sends) {
          nowMs += afterMs;
          const next = withTaken(rate, frames, nowMs);
          if (next === null) continue;
          rate = next;
          taken += frames;
        }
        const given = (nowMs * LIMITS.sessionFramesPerSecond) / 1_000;
        expect(taken).toBeLessThanOrEqual(LIMITS.sessionFramesBurst + given);
      },
    ),
  );
  expect(withTaken(newRate(0), LIMITS.sessionFramesBurst + 1, 0)).toBeNull();
});
