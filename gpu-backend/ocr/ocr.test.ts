import fc from "fast-check";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { inReadingOrder, textBoxes } from "./boxes.ts";
import { decoded } from "./decode.ts";
import { openOcr } from "./ocr.ts";

const ocr = openOcr({ threads: 1 });
afterAll(() => ocr.close());

const drawn = (lines: string[]) => {
  const texts = lines.map(
    (line, at) => `<text x="30" y="${60 + at * 70}" font-size="36" fill="black">${line}</text>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="760" height="${lines.length * 70 + 30}">
    <rect width="100%" height="100%" fill="white"/><g font-family="sans-serif">${texts.join("")}</g></svg>`;
  return sharp(Buffer.from(svg));
};

describe("an image of text", () => {
  const lines = ["Leases end by themselves", "A task is never done twice 2026"];

  it("is read line by line, as PNG and as JPEG", async (context) => {
    const png = await drawn(lines).png().toBuffer();
    const { channels } = await sharp(png).stats();
    context.skip((channels[0]?.min ?? 255) > 128, "no font is installed to draw letters with");
    const jpeg = await drawn(lines).jpeg({ quality: 90 }).toBuffer();
    for (const image of [png, jpeg]) {
      const read = await ocr.read(image);
      const found = read.ok ? read.value : [];
      const letters = found.map(({ text }) => text.replaceAll(" ", "").toLowerCase());
      expect(letters).toEqual(lines.map((line) => line.replaceAll(" ", "").toLowerCase()));
      for (const { confidence } of found) expect(confidence).toBeGreaterThan(0.8);
    }
  });

  it("has no lines where nothing is written", async () => {
    expect(await ocr.read(await drawn([""]).png().toBuffer())).toEqual({ ok: true, value: [] });
  });
});

describe("what is no image", () => {
  it("is refused with a pointer, and the next image is read", async () => {
    const png = await drawn(["x"]).png().toBuffer();
    const bad = [
      Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"),
      Buffer.from("GIF89a"),
      Buffer.alloc(0),
      png.subarray(0, 60),
      Buffer.concat([png.subarray(0, 8), Buffer.alloc(500, 7)]),
      await hugeClaim(png),
    ];
    for (const image of bad) {
      const errors = [{ pointer: "#/image" }];
      expect(await ocr.read(image)).toMatchObject({ error: { code: "invalid-request", errors } });
    }
    expect(await ocr.read(png)).toMatchObject({ ok: true });
  });
});

/** A header that claims 60,000 × 60,000 pixels. */
async function hugeClaim(png: Buffer): Promise<Buffer> {
  const claim = Buffer.from(png);
  claim.writeUInt32BE(60_000, 16);
  claim.writeUInt32BE(60_000, 20);
  return claim;
}

describe("boxes", () => {
  it("hold each region that is likely text, grown, and inside the map", () => {
    const [width, height] = [64, 48];
    const values = new Float32Array(width * height);
    for (let y = 20; y < 26; y += 1) for (let x = 2; x < 40; x += 1) values[y * width + x] = 0.9;
    for (let y = 40; y < 42; y += 1) values[y * width + 50] = 0.9; // a speck
    const [box, ...others] = textBoxes({ width, height, values }, 10);
    expect(others).toEqual([]);
    expect(box).toMatchObject({ left: 0 });
    expect(box?.top).toBeLessThan(20);
    expect((box?.top ?? 0) + (box?.height ?? 0)).toBeGreaterThan(26);
  });

  it("keep every box once, in any order they came", () => {
    const one = fc.record({
      left: fc.nat(900),
      top: fc.nat(900),
      width: fc.integer({ min: 1, max: 300 }),
      height: fc.integer({ min: 1, max: 60 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 30 }), (boxes) => {
        const ordered = inReadingOrder(boxes);
        const names = (list: typeof boxes) => list.map((box) => JSON.stringify(box)).sort();
        expect(names(ordered)).toEqual(names(boxes));
      }),
    );
    const [right, left, below] = [
      { left: 200, top: 8, width: 50, height: 20 },
      { left: 10, top: 12, width: 50, height: 20 },
      { left: 10, top: 50, width: 50, height: 20 },
    ];
    expect(inReadingOrder([below, right, left])).toEqual([left, right, below]);
  });
});

it("decodes repeats once, and twice where nothing lies between", () => {
  const step = (at: number) => [0, 1, 2].map((one) => (one === at ? 0.8 : 0.1));
  const scores = Float32Array.from([1, 1, 0, 1, 2, 2, 0].flatMap(step));
  const line = decoded(scores, ["a", "b"]);
  expect(line.text).toBe("aab");
  expect(line.confidence).toBeCloseTo(0.8, 6);
  expect(decoded(new Float32Array(), ["a"])).toEqual({ text: "", confidence: 0 });
});
