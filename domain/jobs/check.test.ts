import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkedInput, checkedResult, refusedInput } from "#domain/jobs/check.ts";
import { JOB_KINDS, type JobInput, type JobKind } from "#domain/jobs/kinds.ts";
import { base64Of } from "#domain/shared/bytes.ts";

const packed = (values: number[]) => base64Of(new Uint8Array(Float32Array.from(values).buffer));
const unitIds = ["a", "b", "c"];

/** A kind's input and a result that is right for it. */
const RIGHT: { [K in JobKind]: { input: JobInput<K>; result: Record<string, unknown> } } = {
  "embed.batch": {
    input: { texts: ["one", "two"] },
    result: { space: "s@1", dimensions: 2, vectors: packed([1, 0, 0, 1]) },
  },
  knn: {
    input: { collection: "private", k: 2, unitIds: ["a"] },
    result: {
      units: 3,
      neighbours: [
        [
          { unitId: "b", similarity: 0.9 },
          { unitId: "c", similarity: 0.1 },
        ],
      ],
    },
  },
  kmeans: {
    input: { collection: "private", k: 2, iterations: 10, seed: 1 },
    result: {
      units: 3,
      iterations: 4,
      inertia: 0.5,
      clusters: [
        { size: 2, inertia: 0.5, unitId: "a" },
        { size: 1, inertia: 0, unitId: "c" },
      ],
      unitIds,
      assignments: [0, 0, 1],
    },
  },
  "near-duplicates": {
    input: { collection: "public", threshold: 0.9 },
    result: { units: 3, groups: [{ unitIds: ["a", "b"], similarity: 0.95 }] },
  },
  graph: {
    input: { collection: "public", k: 1, seed: 1 },
    result: {
      units: 3,
      unitIds,
      from: [0, 1],
      to: [1, 0],
      similarity: [0.5, 0.5],
      rank: [0.4, 0.4, 0.2],
      community: [0, 0, 1],
    },
  },
  reembed: {
    input: { collection: "private", space: "s@1" },
    result: { space: "s@1", dimensions: 1, units: 3, unitIds, vectors: packed([1, 2, 3]) },
  },
  rerank: {
    input: { query: "q", documents: ["x", "y"] },
    result: {
      model: "m",
      results: [
        { index: 1, score: 3 },
        { index: 0, score: -1 },
      ],
    },
  },
  ocr: { input: { image: "aGk=" }, result: { text: "hi", lines: [{ text: "hi", confidence: 1 }] } },
};

const check = (kind: JobKind, changes: Record<string, unknown> = {}) =>
  checkedResult(kind, RIGHT[kind].input, { ...RIGHT[kind].result, ...changes });

describe("an input", () => {
  it("is taken by its kind with its defaults, and refused with what it does not know", () => {
    expect(checkedInput("kmeans", { collection: "private" })).toEqual({
      ok: true,
      value: { collection: "private", iterations: 50, seed: 1 },
    });
    for (const kind of JOB_KINDS) {
      expect(checkedInput(kind, RIGHT[kind].input)).toMatchObject({ ok: true });
      expect(checkedInput(kind, { ...RIGHT[kind].input, odd: 1 })).toMatchObject({ ok: false });
    }
  });

  it("of a search for neighbours names units or vectors", () => {
    const both = { collection: "private", unitIds: ["a"], vectors: [[1]] };
    expect(checkedInput("knn", both)).toMatchObject({ ok: false });
    expect(checkedInput("knn", { collection: "private" })).toMatchObject({ ok: false });
  });

  it("is looked at for jobs only", () => {
    expect(refusedInput("translate", { anything: true })).toBeNull();
    expect(refusedInput("kmeans", {})).toMatchObject({ code: "invalid-request" });
  });
});

describe("a result", () => {
  it.each(JOB_KINDS)("of %s is taken where it is right", (kind) => {
    expect(check(kind)).toMatchObject({ ok: true });
  });

  const WRONG: [string, JobKind, Record<string, unknown>, string][] = [
    ["NaN in vectors", "embed.batch", { vectors: packed([1, 0, Number.NaN, 1]) }, "/vectors"],
    ["an infinite vector", "embed.batch", { vectors: packed([1, 0, Infinity, 1]) }, "/vectors"],
    ["a vector of zeros", "embed.batch", { vectors: packed([1, 0, 0, 0]) }, "/vectors"],
    ["other dimensions", "embed.batch", { dimensions: 3 }, "/vectors"],
    ["a truncated vector", "embed.batch", { vectors: packed([1, 0, 0]) }, "/vectors"],
    ["what is no base64", "embed.batch", { vectors: "*" }, "/vectors"],
    ["a list too few", "knn", { neighbours: [] }, "/neighbours"],
    ["a null for NaN", "kmeans", { inertia: null }, "/inertia"],
    ["inertia that does not add up", "kmeans", { inertia: 0.7 }, "/inertia"],
    ["an assignment too few", "kmeans", { assignments: [0, 0] }, "/assignments"],
    ["a cluster that is not there", "kmeans", { assignments: [0, 0, 2] }, "/assignments"],
    ["sizes that do not add up", "kmeans", { assignments: [0, 1, 1] }, "/clusters/0/size"],
    ["a unit twice", "kmeans", { unitIds: ["a", "a", "c"] }, "/unitIds"],
    [
      "a group below the threshold",
      "near-duplicates",
      { groups: [{ unitIds: ["a", "b"], similarity: 0.6 }] },
      "/groups/0/similarity",
    ],
    ["more units than there are", "near-duplicates", { units: 1 }, "/groups"],
    ["an edge to nowhere", "graph", { to: [1, 3] }, "/to"],
    ["ranks that do not sum to 1", "graph", { rank: [0.9, 0.9, 0.9] }, "/rank"],
    ["another space", "reembed", { space: "t@1" }, "/space"],
    [
      "a document twice",
      "rerank",
      {
        results: [
          { index: 0, score: 2 },
          { index: 0, score: 1 },
        ],
      },
      "/results",
    ],
    [
      "worst first",
      "rerank",
      {
        results: [
          { index: 0, score: 1 },
          { index: 1, score: 2 },
        ],
      },
      "/results",
    ],
    [
      "confidence in a lie",
      "ocr",
      { lines: [{ text: "x", confidence: 2 }] },
      "/lines/0/confidence",
    ],
  ];
  it.each(WRONG)("with %s is refused", (_, kind, changes, pointer) => {
    expect(check(kind, changes)).toMatchObject({
      ok: false,
      error: { code: "invalid-request", errors: [{ pointer }] },
    });
  });

  it("may be anything at all and never throws", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...JOB_KINDS),
        fc.jsonValue(),
        fc.string(),
        (kind, value, key) => {
          const right = RIGHT[kind].result;
          const keys = Object.keys(right);
          const chosen = keys[key.length % keys.length] ?? "";
          for (const given of [value, { ...right, [chosen]: value }])
            expect(typeof checkedResult(kind, RIGHT[kind].input, given).ok).toBe("boolean");
        },
      ),
    );
  });
});
