import { describe, expect, it } from "vitest";
import { packedVector, unitVector, unpackedVector } from "#domain/units/vector.ts";

const space = { id: "s@1", dimensions: 3 };

describe("a caller's vector", () => {
  it("is brought to unit length", () => {
    const vector = unitVector([3, 0, 4], 3);
    expect(vector.ok && [...vector.value].map((value) => Math.round(value * 10))).toEqual([
      6, 0, 8,
    ]);
  });

  it.each([
    [[1, 2]],
    [[0, 0, 0]],
    [[1, Number.NaN, 0]],
    [[Number.POSITIVE_INFINITY, 0, 0]],
    [[1.7e308, 1.7e308, 1.7e308]],
  ])("is refused when it is %j", (values) => {
    const vector = unitVector(values, 3);
    expect(vector).toMatchObject({
      ok: false,
      error: { code: "invalid-request", errors: [{ pointer: "/vector" }] },
    });
  });

  it("is stored with its space and given back in no other", () => {
    const packed = packedVector([0, 1, 0], space);
    if (!packed.ok) throw new Error("refused");
    expect(unpackedVector(packed.value, "s@1")).toEqual(Float32Array.of(0, 1, 0));
    expect(unpackedVector(packed.value, "s@2")).toBeNull();
    expect(unpackedVector(null, "s@1")).toBeNull();
  });
});
