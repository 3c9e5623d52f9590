import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lineOf } from "./log.ts";
import { record } from "./example-record.ts";
import { MASK, maskedData, maskedText } from "./masking.ts";
import { matchesLine } from "./query.ts";

describe("masking", () => {
  it.each([
    ["an API key", "the key wh0_0123456789abcdef_0123456789abcdef0123456789abcdef012345 failed"],
    ["a browser's session", "ws0_0123456789abcdef_0123456789abcdef0123456789abcdef012345"],
    ["a bearer token", "Authorization: Bearer abc.def"],
    ["a provider's key", "sent ghp_a8Kd93jsLq02mXn47vBcR6tYw1ZpEo5uHgFi to it"],
    ["an e-mail address", "no mailbox ada.lovelace@babbage.org.uk here"],
    ["a credit card", "card 4539 5787 6362 1486 refused"],
    ["a token in an address", "GET https://qyapi.example/send?access_token=t9-Zk42xQ&x=y failed"],
    ["a bot's token", "https://t.example/bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw3/send"],
    ["a password in a connection", "postgres://root:hunter22xK@db.corp.io/x is down"],
  ])("cuts %s out", (_, text) => {
    const kept = maskedText(text);
    expect(kept).toContain(MASK);
    for (const part of text
      .split(/[^\w.@-]+/)
      .filter((one) => /\d.*\d|@|hunter|abc\.def/.test(one)))
      expect(kept, part).not.toContain(part);
  });

  it("keeps what says what happened", () => {
    const text = "D1_ERROR: no such table: unit at offset 12 (3 units of a4_0123456789abcdef)";
    expect(maskedText(text)).toBe(text);
    const data = { units: 3, leaf: "p|space|0", isDone: false, error: "it is down", none: null };
    expect(maskedData(data)).toEqual(data);
  });

  it("hides what is named like a secret or a person, however deep", () => {
    expect(
      maskedData({ apiKey: "x", a: [{ password: "y", email: "z" }], authorization: "w" }),
    ).toEqual({ apiKey: MASK, a: [{ password: MASK, email: MASK }], authorization: MASK });
  });

  it("is bounded, and ends on whatever it is given", () => {
    const circle: Record<string, unknown> = { name: "x" };
    circle["self"] = circle;
    const wide = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, i) => [`k${i}`, "v".repeat(99)]),
    );
    for (const data of [circle, wide, { text: "a@".repeat(500_000) }])
      expect(JSON.stringify(maskedData(data)).length).toBeLessThan(20_000);
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything()), (data) => {
        JSON.stringify(maskedData(data));
      }),
    );
  });
});

describe("a line of the log", () => {
  it("is found by what is asked for, and by nothing else", () => {
    const text = JSON.stringify(record());
    const at = Date.parse(record().timestamp);
    const yes = [
      {},
      { level: "warn" },
      { level: "info" },
      { service: "http" },
      { q: "IT IS down" },
      { traceId: "4bf92f3577b34da6a3ce929d0e0e4736" },
      { fromMs: at, toMs: at + 1 },
    ] as const;
    const no = [
      { level: "error" },
      { service: "Agent" },
      { q: "up" },
      { traceId: "4" },
      { fromMs: at + 1 },
      { toMs: at },
    ] as const;
    for (const filter of yes) expect(matchesLine(record(), text, filter)).toBe(true);
    for (const filter of no) expect(matchesLine(record(), text, filter)).toBe(false);
  });

  it("is one line for a terminal", () => {
    const line = lineOf(record({ data: { error: "two\nlines", units: 3 } }));
    expect(line).toMatch(/^12:30:01\.123 {2}warn {3}http {2}queue-send-failed/);
    expect(line).not.toContain("\n");
  });
});
