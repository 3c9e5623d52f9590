import { describe, expect, it } from "vitest";
import { INPUTS_MAX, parseEmbeddings } from "./request.ts";

const pointerOf = (body: unknown) => {
  const parsed = parseEmbeddings(JSON.stringify(body));
  return parsed.ok ? "accepted" : (parsed.error.errors?.[0]?.pointer ?? parsed.error.code);
};

describe("an embeddings request", () => {
  it("may be one text or many, with members that nobody knows", () => {
    expect(parseEmbeddings('{"input":"one","user":"u"}')).toEqual({
      ok: true,
      value: { texts: ["one"], format: "float" },
    });
    expect(parseEmbeddings('{"input":["a","b"],"encoding_format":"base64"}')).toEqual({
      ok: true,
      value: { texts: ["a", "b"], format: "base64" },
    });
  });

  it("is refused with the place of what is wrong", () => {
    expect(pointerOf({ input: ["a", 5] })).toBe("#/input/1");
    expect(pointerOf({ input: ["a", ""] })).toBe("#/input/1");
    expect(pointerOf({ input: "a\0b" })).toBe("#/input");
    expect(pointerOf({ input: [] })).toBe("#/input");
    expect(pointerOf({ input: 5 })).toBe("#/input");
    expect(pointerOf({ input: [[101, 102]] })).toBe("#/input/0");
    expect(pointerOf({ input: Array.from({ length: INPUTS_MAX + 1 }, () => "a") })).toBe("#/input");
    expect(pointerOf({ input: "a", encoding_format: "hex" })).toBe("#/encoding_format");
    expect(pointerOf({ input: "a", dimensions: 128 })).toBe("#/dimensions");
    expect(pointerOf(null)).toBe("#");
  });

  it("is refused for a model that does not run here", () => {
    expect(pointerOf({ input: "a", model: "text-embedding-3-small" })).toBe("not-found");
  });

  it("is refused when it is cut off", () => {
    expect(parseEmbeddings('{"input":')).toMatchObject({
      ok: false,
      error: { code: "invalid-request" },
    });
  });
});
