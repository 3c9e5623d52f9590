import { describe, expect, it } from "vitest";
import { NO_RELEASE, type Release, rolledBack, upgraded, withState } from "./releases.ts";

const first: Release = { number: 1, program: "1.0", state: '{"n":1}', version: 3, atMs: 1 };

describe("an upgrade", () => {
  it("takes the migrated state, or the state as it is", () => {
    expect(upgraded(first, { program: "2.0", state: '{"m":1}' }, 3, 9)).toEqual({
      ok: true,
      value: { number: 2, program: "2.0", state: '{"m":1}', version: 4, atMs: 9 },
    });
    expect(upgraded(first, { program: "2.0", state: null }, 3, 9)).toMatchObject({
      value: { state: '{"n":1}' },
    });
    expect(upgraded(NO_RELEASE, { program: "1.0", state: null }, 0, 9)).toMatchObject({
      value: { number: 1, state: "null" },
    });
  });

  it("is done once, however often it is asked for", () => {
    const asked = { program: "1.0", state: null };
    expect(upgraded(first, asked, 2, 9)).toEqual({ ok: true, value: null });
  });

  it("is refused where the state has changed since it was migrated", () => {
    const stale = { ok: false, error: { code: "version-stale" } };
    expect(upgraded(first, { program: "2.0", state: "1" }, 2, 9)).toEqual(stale);
    expect(withState(first, "1", 2, 9)).toEqual(stale);
  });
});

it("goes back to a release with the state that it was left with, and to none that is not there", () => {
  const second = { ...first, number: 2, program: "2.0", state: "[]", version: 7 };
  expect(rolledBack(second, [first], 1, 7, 9)).toEqual({
    ok: true,
    value: { ...first, version: 8, atMs: 9 },
  });
  expect(rolledBack(first, [], 1, 9, 9)).toEqual({ ok: true, value: null });
  for (const to of [0, 3])
    expect(rolledBack(second, [first], to, 7, 9)).toMatchObject({ error: { code: "conflict" } });
});
