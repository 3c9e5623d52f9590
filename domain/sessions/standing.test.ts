import { expect, it } from "vitest";
import { dueAtMs, standingAt } from "#domain/sessions/standing.ts";

it("trusts nobody for longer than 5 s without asking, and a busy one waits for nothing", () => {
  const standing = { checkedAtMs: 100_000, endsAtMs: null };
  expect(standingAt(standing, 100_000)).toBe("trusted");
  expect(standingAt(standing, 103_500)).toBe("renew");
  expect(standingAt(standing, 104_999)).toBe("renew");
  expect(standingAt(standing, 105_000)).toBe("ask");
  // A clock that was set back proves nothing.
  expect(standingAt(standing, 99_999)).toBe("ask");
});

it("ends with its credential, however lately it was asked", () => {
  const standing = { checkedAtMs: 100_000, endsAtMs: 101_000 };
  expect(standingAt(standing, 100_999)).toBe("trusted");
  expect(standingAt(standing, 101_000)).toBe("ended");
  expect(dueAtMs(standing)).toBe(101_000);
});

it("costs no alarm where nothing is known to end it", () => {
  expect(dueAtMs({ checkedAtMs: 100_000, endsAtMs: null })).toBe(Infinity);
});
