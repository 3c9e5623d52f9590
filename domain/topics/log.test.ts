import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { eventLine, itemOf } from "./event.ts";
import { linesAfter, textsOf } from "./lines.ts";
import { childOf, hashOf, partitionOf } from "./partitions.ts";
import { positionFrom, positionText } from "./position.ts";
import { RecentIds } from "./recent.ts";
import { earliestKept } from "./retention.ts";
import { sealedSegments } from "./sealed.ts";
import { segmentOf } from "./segment.ts";

/** A property, as a test of its name. */
const holds =
  <T extends [unknown, ...unknown[]]>(given: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  (name: string, promise: (...values: T) => unknown) => {
    it(name, async () => {
      await fc.assert(
        fc.asyncProperty(...given, async (...values) => void (await promise(...(values as T)))),
      );
    });
  };

const SOURCE = "http://127.0.0.1/v1/topics/agent.events";
const utf8 = new TextEncoder();
const draft = fc.record(
  {
    id: fc.stringMatching(/^[\w-]{1,20}$/),
    type: fc.constantFrom("custom.a", "unit.published"),
    timeMs: fc.nat({ max: 4_000_000_000_000 }),
    subject: fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
    key: fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
    data: fc.jsonValue(),
  },
  { requiredKeys: ["id", "type", "timeMs", "data"] },
);
const lineOf = (event: Parameters<typeof itemOf>[0], offset: number): string => {
  const item = itemOf(event, SOURCE);
  if (!item.ok) throw new Error(item.error.code);
  return eventLine(item.value.head, 0, offset);
};
/** Chunks of events with some text, as a partition has them. */
const chunksOf = (counts: readonly number[], data: unknown = null) => {
  let first = 1;
  return counts.map((count, i) => {
    const from = first;
    first += count;
    const text = Array.from({ length: count }, (_, j) =>
      lineOf({ id: `e${from + j}`, type: "custom.a", timeMs: 0, data }, from + j),
    );
    return { first: from, count, atMs: i * 1_000, bytes: utf8.encode(text.join("")) };
  });
};

holds([draft, fc.nat({ max: Number.MAX_SAFE_INTEGER })])(
  "keeps an event as one line of JSON that holds all of it and where it is",
  (event, offset) => {
    const line = lineOf(event, offset);
    expect(line.indexOf("\n")).toBe(line.length - 1);
    const kept = JSON.parse(line) as Record<string, unknown>;
    expect(kept).toEqual({
      specversion: "1.0",
      id: event.id,
      source: SOURCE,
      type: event.type,
      time: new Date(event.timeMs).toISOString(),
      datacontenttype: "application/json",
      data: JSON.parse(JSON.stringify(event.data)) as unknown,
      partition: 0,
      sequence: String(offset).padStart(16, "0"),
      ...(event.subject !== undefined && { subject: event.subject }),
      ...(event.key !== undefined && { partitionkey: event.key }),
    });
  },
);

holds([
  fc.array(draft, { minLength: 1, maxLength: 12 }),
  fc.nat({ max: 14 }),
  fc.integer({ min: 1, max: 14 }),
  fc.integer({ min: 1, max: 4_000 }),
])(
  "cuts lines after an offset by count and by bytes, and gives one at least where there is one",
  (drafts, after, limit, bytesMax) => {
    const lines = drafts.map((event, i) => lineOf(event, i + 1));
    const piece = linesAfter(utf8.encode(lines.join("")), after, { limit, bytesMax });
    const rest = lines.slice(after);
    if (rest.length === 0) return expect(piece).toBe(null);
    let bytes = 0;
    const wanted = rest.slice(0, limit).filter((line, i) => {
      bytes += utf8.encode(line).length;
      return i === 0 || bytes <= bytesMax;
    });
    expect(piece?.count).toBe(wanted.length);
    expect(piece?.last).toBe(after + wanted.length);
    expect(textsOf(piece?.bytes ?? new Uint8Array()).map((text) => `${text}\n`)).toEqual(wanted);
  },
);

holds([
  fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }),
  fc.nat(),
  fc.nat(),
])(
  "reads a sealed segment from any offset and any time without whoever wrote it",
  async (counts, a, b) => {
    const chunks = chunksOf(counts, "x".repeat(3_000));
    const { parts, index } = await segmentOf(
      chunks,
      (bytes) => zstdCompressSync(bytes),
      () => Promise.resolve(),
    );
    const whole = new Uint8Array(Buffer.concat(parts));
    // All of it, frame by frame, as any tool for zstd does.
    const frames = index.blocks.map(({ at, size }) =>
      zstdDecompressSync(whole.subarray(at, at + size)),
    );
    const lines = Buffer.concat(chunks.map(({ bytes }) => bytes));
    expect(Buffer.compare(Buffer.concat(frames), lines)).toBe(0);
    const sealed = sealedSegments(
      {
        range: (_, at, size) => Promise.resolve(whole.subarray(at, at + size)),
        end: (_, size) => Promise.resolve(whole.subarray(Math.max(0, whole.length - size))),
      },
      (bytes) => zstdDecompressSync(bytes),
    );
    const after = a % (index.last + 1);
    const block = await sealed.lines("key", after);
    if (after === index.last) expect(block).toBe(null);
    else
      expect(linesAfter(block ?? new Uint8Array(), after, { limit: 1, bytesMax: 1 })?.last).toBe(
        after + 1,
      );
    const timeMs = b % (counts.length * 1_000 + 1_000);
    const expected = chunks.find(({ atMs }) => atMs >= timeMs)?.first ?? null;
    expect(await sealed.since("key", timeMs)).toBe(expected);
  },
);

holds([fc.string({ minLength: 1 }), fc.constantFrom(2, 4, 8, 16)])(
  "has a key, when a topic doubles, where it was or in what goes on from there",
  (key, grownTo) => {
    const before = partitionOf(hashOf(key), grownTo / 2);
    expect([before, childOf(before, grownTo)]).toContain(partitionOf(hashOf(key), grownTo));
  },
);

it("spreads keys evenly, though they are alike", () => {
  const counts = Array.from({ length: 8 }, () => 0);
  for (let i = 0; i < 8_000; i++) {
    const partition = partitionOf(hashOf(`unit_${i}`), 8);
    counts[partition] = (counts[partition] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(850);
  expect(Math.max(...counts)).toBeLessThan(1_150);
});

const offsets = (max: number) =>
  fc.array(fc.nat({ max: 2 ** 50 }), { minLength: 1, maxLength: max });
holds([
  fc.record(
    { "agent.events": offsets(8), "audit.logs": offsets(2), "agent.tasks": offsets(4) },
    { requiredKeys: [] },
  ),
])("writes and reads a position as one text", (position) => {
  const text = positionText(position);
  expect(text).toMatch(/^[\w-]{1,600}$/);
  expect(positionFrom(text)).toEqual(position);
});

holds([fc.string()])("takes nothing for a position that none is", (text) => {
  const read = positionFrom(text);
  if (read !== null) expect(positionText(read)).toBe(text);
});

it("remembers the newest ids, and no more of them than it may", () => {
  const recent = new RecentIds();
  for (let n = 1; n <= 20_000; n++) recent.add(`e${n}`, n);
  expect(recent.offsetOf("e20000")).toBe(20_000);
  expect(recent.offsetOf("e1")).toBe(undefined);
  expect(recent.entries()).toHaveLength(16_384);
  // Nor of their texts: 6,000 of a hundred characters each.
  const idOf = (n: number) => String(n).padStart(100, "e");
  for (let n = 1; n <= 30_000; n++) recent.add(idOf(n), n);
  expect(recent.entries().map(([, n]) => n)).toEqual(
    Array.from({ length: 6_000 }, (_, i) => 24_001 + i),
  );
  expect(recent.offsetOf(idOf(24_000))).toBe(undefined);
});

holds([
  fc.array(
    fc.record({ events: fc.integer({ min: 1, max: 9 }), bytes: fc.integer({ min: 1, max: 99 }) }),
  ),
  fc.nat({ max: 60 }),
  fc.nat({ max: 600 }),
  fc.option(fc.nat({ max: 60 })),
])(
  "removes for age and size exactly what it must, and nothing that is held",
  (stretches, since, bytesMax, heldFrom) => {
    let last = 0;
    const all = stretches.map(({ events, bytes }) => ({ last: (last += events), bytes }));
    const earliest = earliestKept(
      { earliest: 1, latest: last, stretches: all },
      { since, bytesMax, heldFrom },
    );
    expect(earliest).toBeGreaterThanOrEqual(1);
    expect(earliest).toBeLessThanOrEqual(Math.max(last + 1, 1));
    if (heldFrom !== null) return expect(earliest).toBeLessThanOrEqual(Math.max(1, heldFrom));
    const left = all.filter((one) => one.last >= earliest);
    expect(left.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(bytesMax);
    expect(earliest).toBeGreaterThanOrEqual(Math.min(since, last + 1));
    // One stretch more would have been too much, or too old.
    const next = all.findLast((one) => one.last < earliest);
    const more = left.reduce((sum, { bytes }) => sum + bytes, next?.bytes ?? 0);
    if (next !== undefined && next.last >= since) expect(more).toBeGreaterThan(bytesMax);
  },
);
