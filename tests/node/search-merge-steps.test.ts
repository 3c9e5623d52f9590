import { expect, test } from "vitest";
import { mergeSegments } from "#domain/search/engine/merge.ts";
import { pageCache } from "#domain/search/engine/pages.ts";
import {
  entriesOf,
  openSegment,
  postingOf,
  segmentWriter,
  type SegmentPart,
} from "#domain/search/engine/segment.ts";

const PASSAGES = 100_000;
/** About a ms of work. */
const STEP_MAX = 20_000;

test("a step of a merge is short also in the lists of what stands in every passage", () => {
  const pages = new Map<string, Uint32Array>();
  const at = (part: SegmentPart, segment: number, page: number) => `${part}/${segment}/${page}`;
  const disk = {
    read: (...of: Parameters<typeof at>) => pages.get(at(...of)) ?? new Uint32Array(),
    write: (part: SegmentPart, segment: number, page: number, data: Uint32Array) =>
      void pages.set(at(part, segment, page), data.slice()),
  };
  const cache = pageCache(100e6);
  const inputs = [0, 1].map((id) => {
    const writer = segmentWriter(id, disk);
    for (const key of [5, 6]) {
      writer.term(key);
      for (let offset = 0; offset < PASSAGES; offset++) writer.posting(postingOf(offset, 1));
    }
    const [base, end] = [id * PASSAGES, (id + 1) * PASSAGES];
    const head = writer.end({ base, end, passages: PASSAGES, lengthSum: PASSAGES });
    return openSegment(head, disk, cache);
  });
  let looked = 0;
  const isAlive = (slot: number): boolean => {
    looked++;
    return slot % 100 !== 0;
  };
  const merge = mergeSegments(9, inputs, { isAlive, lengthOf: () => 3 }, disk);
  let longest = 0;
  let step = merge.next();
  for (; step.done !== true; step = merge.next()) {
    longest = Math.max(longest, looked);
    looked = 0;
  }
  expect(Math.max(longest, looked)).toBeLessThanOrEqual(STEP_MAX);

  const alive = 2 * PASSAGES * 0.99;
  const head = step.value;
  expect(head).toMatchObject({ passages: alive, lengthSum: 3 * alive, postings: 2 * alive });
  const merged = openSegment(head, disk, cache);
  for (const { key, list } of entriesOf(merged)) {
    expect([5, 6]).toContain(key);
    expect(list.count).toBe(alive);
    for (const slot of [1, PASSAGES - 1, PASSAGES + 1, 2 * PASSAGES - 1])
      expect(merged.frequency(list, slot)).toBe(1);
  }
});
