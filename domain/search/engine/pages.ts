import { frameCache, type Frames } from "#domain/search/engine/frames.ts";

const FRAMES_SHARE = 0.54;

/** Something read from disk that may be dropped from memory at any time and read again. */
export type Page<T> = {
  data: T | null;
  bytes: number;
  used: boolean;
  /** Where its cache holds it, while it has data. */
  place: number;
};

export type PageCache = {
  /** What the page holds, loading it when it is not in memory. `bytesOf` says what it weighs. */
  get<T>(page: Page<T>, load: () => T, bytesOf: (data: T) => number): T;
  /** Forgets a page whose content on disk has changed. */
  drop(page: Page<unknown>): void;
  bytes(): number;
  /** Whether it is less than half full, so that reading ahead pushes nothing out. */
  hasRoom(): boolean;
  /** Where vectors are kept, in their own share of the bytes. */
  frames: Frames;
};

export const emptyPage = <T>(): Page<T> => ({ data: null, bytes: 0, used: false, place: 0 });

/**
 * One cache for all shards of an isolate, bounded by bytes. A page that was used since the clock's hand last
 * passed is spared once (second chance), so a hit costs one flag and no list is reordered.
 */
export function pageCache(bytesMax: number): PageCache {
  const frames = frameCache(bytesMax * FRAMES_SHARE);
  const objectBytesMax = bytesMax * (1 - FRAMES_SHARE);
  const held: Page<unknown>[] = [];
  let total = 0;
  let hand = 0;

  function release(index: number): void {
    const page = held[index];
    const last = held.pop();
    if (page === undefined || last === undefined) return;
    if (page !== last) {
      held[index] = last;
      last.place = index;
    }
    total -= page.bytes;
    page.data = null;
    page.bytes = 0;
  }

  function makeRoom(): void {
    while (total > objectBytesMax && held.length > 1) {
      if (hand >= held.length) hand = 0;
      const page = held[hand];
      if (page?.used) {
        page.used = false;
        hand++;
      } else {
        release(hand);
      }
    }
  }

  return {
    get(page, load, bytesOf) {
      page.used = true;
      if (page.data !== null) return page.data;
      const data = load();
      page.data = data;
      page.bytes = bytesOf(data);
      page.place = held.push(page as Page<unknown>) - 1;
      total += page.bytes;
      makeRoom();
      return data;
    },
    drop(page) {
      if (page.data !== null) release(page.place);
    },
    hasRoom: () => total < objectBytesMax / 2,
    bytes: () => total + frames.bytes(),
    frames,
  };
}
