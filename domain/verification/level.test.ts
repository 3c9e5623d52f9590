import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  contentHashEvidence,
  evidenceOf,
  exactDuplicateEvidence,
  nearDuplicateEvidence,
  provenanceEvidence,
} from "#domain/verification/evidence.ts";
import { LEVEL_METHODS, levelOf } from "#domain/verification/level.ts";
import { LEVELS, type Evidence, type Level } from "#domain/verification/model.ts";

const METHODS = LEVELS.flatMap((level) =>
  (LEVEL_METHODS[level] ?? []).map((method) => ({ level, method })),
);
const evidence = fc
  .record({
    of: fc.constantFrom(...METHODS, { level: "L3" as Level, method: "house-rule" }),
    verdict: fc.constantFrom("pass", "fail", "note"),
    atMs: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ of, verdict, atMs }): Evidence => ({ ...of, version: "1", verdict, reasons: [], atMs }));
const passed = (atMs = 1): Evidence[] =>
  METHODS.map(({ level, method }) => ({
    level,
    method,
    version: "1",
    verdict: "pass",
    reasons: [],
    atMs,
  }));
const height = (level: Level) => LEVELS.indexOf(level);

describe("levelOf", () => {
  it("is L0 without evidence and L3 when every method passed", () => {
    expect(levelOf([])).toBe("L0");
    expect(levelOf(passed())).toBe("L3");
  });

  it("does not depend on the order of the evidence", () => {
    fc.assert(
      fc.property(
        fc
          .array(evidence, { maxLength: 30 })
          .chain((list) =>
            fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
          ),
        ([list, shuffled]) => {
          expect(levelOf(shuffled)).toBe(levelOf(list));
        },
      ),
    );
  });

  it("never falls by a newer pass and never rises by a newer failure", () => {
    fc.assert(
      fc.property(
        fc.array(evidence, { maxLength: 30 }),
        fc.constantFrom(...METHODS),
        (list, { level, method }) => {
          const newer = { level, method, version: "1", reasons: [], atMs: 9 };
          expect(height(levelOf([...list, { ...newer, verdict: "pass" }]))).toBeGreaterThanOrEqual(
            height(levelOf(list)),
          );
          expect(height(levelOf([...list, { ...newer, verdict: "fail" }]))).toBeLessThanOrEqual(
            height(levelOf(list)),
          );
        },
      ),
    );
  });

  it("stays below a failed check, whatever passed above", () => {
    for (const { level, method } of METHODS) {
      const failed: Evidence = {
        level,
        method,
        version: "1",
        verdict: "fail",
        reasons: [],
        atMs: 2,
      };
      expect(height(levelOf([...passed(), failed]))).toBe(height(level) - 1);
    }
  });

  it("stays below a check that has not run", () => {
    for (const { level, method } of METHODS) {
      expect(height(levelOf(passed().filter((item) => item.method !== method)))).toBe(
        height(level) - 1,
      );
    }
  });

  it("believes the newest evidence of a method, and of two equally new ones the worse", () => {
    const secrets = (verdict: "pass" | "fail", atMs: number): Evidence => ({
      level: "L3",
      method: "secrets",
      version: "1",
      verdict,
      reasons: [],
      atMs,
    });
    expect(levelOf([...passed(), secrets("fail", 5), secrets("pass", 6)])).toBe("L3");
    expect(levelOf([...passed(), secrets("pass", 5), secrets("fail", 6)])).toBe("L2");
    expect(levelOf([...passed(), secrets("pass", 5), secrets("fail", 5)])).toBe("L2");
  });

  it("is not held back by a note", () => {
    const near = nearDuplicateEvidence([{ unitId: "u1", cosine: 0.97, overlap: 0.8 }], 2);
    expect(near.verdict).toBe("note");
    expect(levelOf([...passed(), near])).toBe("L3");
  });

  it("accepts what the evidence makers of L2 give", () => {
    const list = [
      ...passed().filter((item) => item.level === "L1"),
      contentHashEvidence({ expected: "b1", computed: "b1" }, 2),
      exactDuplicateEvidence(undefined, 2),
      nearDuplicateEvidence([], 2),
      provenanceEvidence({ accountId: "a", principalId: "p", atMs: 2 }),
    ];
    expect(levelOf(list)).toBe("L2");
    expect(levelOf([...list, exactDuplicateEvidence("u1", 3)])).toBe("L1");
    expect(levelOf([...list, contentHashEvidence({ expected: "b1", computed: "b2" }, 3)])).toBe(
      "L1",
    );
    expect(
      levelOf([...list, provenanceEvidence({ accountId: "", principalId: "p", atMs: 3 })]),
    ).toBe("L1");
  });
});

describe("evidenceOf", () => {
  it("lists at most 20 reasons, what decided first, and says how many more there are", () => {
    const notes = Array.from({ length: 30 }, () => ({
      verdict: "note" as const,
      code: "n",
      detail: "",
    }));
    const { verdict, reasons } = evidenceOf(
      "secrets",
      "1",
      "L3",
      [...notes, { verdict: "fail", code: "f", detail: "" }],
      1,
    );
    expect(verdict).toBe("fail");
    expect(reasons[0]?.code).toBe("f");
    expect(reasons).toHaveLength(21);
    expect(reasons.at(-1)).toEqual({ code: "more-findings", detail: "11 more" });
  });
});
