import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gathered, type Line, linesOf } from "#domain/shared/lines.ts";

const utf8 = new TextEncoder();

async function* chunked(bytes: Uint8Array, sizes: number[]) {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.slice(at, at + size);
    at += size;
  }
}

async function read(
  text: string,
  sizes: number[],
  bytesMax = 1_000,
): Promise<[number, string | null][]> {
  const lines: Line[] = [];
  for await (const some of linesOf(chunked(utf8.encode(text), sizes), bytesMax))
    lines.push(...some);
  return lines.map(({ number, bytes }) => [
    number,
    bytes === null ? null : new TextDecoder().decode(bytes),
  ]);
}

describe("lines of a stream", () => {
  it("are the same however the stream is cut into chunks", async () => {
    const line = fc
      .string({ unit: "grapheme", maxLength: 30 })
      .map((text) => text.replaceAll("\n", " "));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        async (lines, sizes) => {
          const expected = lines.flatMap((text, index) =>
            /^[ \t\r]*$/.test(text) ? [] : [[index + 1, text]],
          );
          expect(await read(lines.join("\n"), sizes)).toEqual(expected);
        },
      ),
    );
  });

  it("skip one that is too long and go on with the next", async () => {
    expect(await read(`a\n${"x".repeat(5_000)}\nb`, [7], 100)).toEqual([
      [1, "a"],
      [2, null],
      [3, "b"],
    ]);
  });

  it("count blank lines without giving them", async () => {
    expect(await read("a\n\n \r\nb\n", [3])).toEqual([
      [1, "a"],
      [4, "b"],
    ]);
  });
});

describe("gathered lines", () => {
  const never = () => new Promise<void>(() => undefined);
  const arrays = fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), { maxLength: 20 });
  const sourceOf = async function* (groups: number[][]) {
    for (const group of groups) yield group.map((number): Line => ({ number, bytes: null }));
  };

  it("are all the lines in their order, few arrays when they come together", async () => {
    await fc.assert(
      fc.asyncProperty(arrays, async (groups) => {
        const given: number[][] = [];
        for await (const lines of gathered(sourceOf(groups), 10, never))
          given.push(lines.map(({ number }) => number));
        expect(given.flat()).toEqual(groups.flat());
        expect(given.slice(0, -1).every((lines) => lines.length >= 10)).toBe(true);
      }),
    );
  });

  it("are given at once when no more come in time", async () => {
    const slow = async function* () {
      yield [{ number: 1, bytes: null }];
      await never();
    };
    const { value } = await gathered(slow(), 10, () => Promise.resolve()).next();
    expect(value).toEqual([{ number: 1, bytes: null }]);
  });
});
