import {
  type Entry,
  entriesOf,
  offsetOf,
  postingOf,
  frequencyOf,
  type Segment,
  type SegmentHead,
  segmentWriter,
  type SegmentSink,
} from "#domain/search/engine/segment.ts";

/** Segments a shard may hold of about the same size before they become one. */
const FAN_IN = 4;

/** Neighbouring segments worth merging now: the first run of `FAN_IN` whose sizes are alike. */
export function mergeable(heads: readonly SegmentHead[]): SegmentHead[] {
  for (let from = 0; from + FAN_IN <= heads.length; from++) {
    const run = heads.slice(from, from + FAN_IN);
    const sizes = run.map((head) => Math.max(1, head.passages));
    if (Math.max(...sizes) <= FAN_IN * Math.min(...sizes)) return run;
  }
  // Sizes that never match would pile up: beyond a dozen, the cheapest neighbours go first.
  return heads.length > 3 * FAN_IN ? cheapestRun(heads) : [];
}

function cheapestRun(heads: readonly SegmentHead[]): SegmentHead[] {
  let best = heads.slice(0, FAN_IN);
  for (let from = 1; from + FAN_IN <= heads.length; from++) {
    const run = heads.slice(from, from + FAN_IN);
    if (sizeOf(run) < sizeOf(best)) best = run;
  }
  return best;
}

const sizeOf = (heads: readonly SegmentHead[]): number =>
  heads.reduce((sum, head) => sum + head.passages, 0);

/** Postings, or slots that are counted, in one step: well below a ms. */
const STEP = 8_192;

/** What the merge needs to know of slots: the dead ones are left out. */
type Slots = { isAlive(slot: number): boolean; lengthOf(slot: number): number };

/**
 * Merges neighbouring segments into one. Yields after every few thousand postings, so that the caller can let
 * reads pass; the result counts only once the caller has stored its head in place of the inputs'.
 */
export function* mergeSegments(
  id: number,
  inputs: readonly Segment[],
  slots: Slots,
  sink: SegmentSink,
): Generator<void, SegmentHead> {
  const writer = segmentWriter(id, sink);
  const base = inputs[0]?.head.base ?? 0;
  const end = inputs.at(-1)?.head.end ?? base;
  const cursors = inputs.map((segment) => cursorOf(segment));
  let work = 0;
  for (let key = lowest(cursors); key !== null; key = lowest(cursors)) {
    let opened = false;
    const current = key;
    for (const cursor of cursors) {
      if (cursor.entry?.key !== current) continue;
      const shift = cursor.segment.head.base - base;
      const { start, count } = cursor.entry.list;
      // What stands in every passage, as its kind does, has a list as long as the segment.
      for (let done = 0; done < count; done += STEP) {
        const some = { start: start + done, count: Math.min(STEP, count - done) };
        cursor.segment.pieces(some, (postings) => {
          for (const posting of postings) {
            const offset = offsetOf(posting) + shift;
            if (!slots.isAlive(base + offset)) continue;
            if (!opened) writer.term(current);
            opened = true;
            writer.posting(postingOf(offset, frequencyOf(posting)));
          }
        });
        work += some.count;
        if (work < STEP) continue;
        work = 0;
        yield;
      }
      cursor.next();
    }
  }
  return writer.end({ base, end, ...(yield* countAlive(inputs, slots)) });
}

function cursorOf(segment: Segment) {
  const entries = entriesOf(segment);
  const cursor = {
    segment,
    entry: null as Entry | null,
    next(): void {
      const step = entries.next();
      cursor.entry = step.done === true ? null : step.value;
    },
  };
  cursor.next();
  return cursor;
}

function lowest(cursors: readonly { entry: Entry | null }[]): number | null {
  let least: number | null = null;
  for (const { entry } of cursors)
    if (entry !== null && (least === null || entry.key < least)) least = entry.key;
  return least;
}

function* countAlive(
  inputs: readonly Segment[],
  slots: Slots,
): Generator<void, { passages: number; lengthSum: number }> {
  let passages = 0;
  let lengthSum = 0;
  for (const { head } of inputs) {
    for (let slot = head.base; slot < head.end; slot++) {
      if (slot % STEP === 0) yield;
      if (!slots.isAlive(slot)) continue;
      passages++;
      lengthSum += slots.lengthOf(slot);
    }
  }
  return { passages, lengthSum };
}
