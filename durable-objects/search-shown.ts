import { emptyPage, type Page, type PageCache } from "#domain/search/engine/pages.ts";
import type { Ranked } from "#domain/search/engine/rank.ts";
import type { SearchHit } from "#domain/search/model.ts";
import { type needlesOf, snippetOf } from "#domain/search/text/snippet.ts";
import type { Shown } from "#objects/search-store.ts";

/** Units read together with one that is to be shown, while there is room: after some searches none needs the disk. */
const READ_AHEAD = 64;
const SWEPT_AT_LEAST = 4_096;

/** What hits show, by slot, from the page cache that all shards of an isolate share. */
export function shownUnits({ sql }: DurableObjectStorage, cache: PageCache) {
  const pages = new Map<number, Page<Shown>>();
  let sweepAt = SWEPT_AT_LEAST;

  function pageAt(slot: number): Page<Shown> {
    let page = pages.get(slot);
    if (page === undefined) {
      if (pages.size >= sweepAt) sweep();
      page = emptyPage();
      pages.set(slot, page);
    }
    return page;
  }

  function sweep(): void {
    for (const [slot, page] of pages) if (page.data === null) pages.delete(slot);
    sweepAt = Math.max(SWEPT_AT_LEAST, pages.size * 2);
  }

  function read(slot: number): Shown {
    const [found, ...ahead] = sql
      .exec<{ slot: number; content: string }>(
        "SELECT slot, content FROM shown WHERE slot >= ? ORDER BY slot LIMIT ?",
        slot,
        cache.hasRoom() ? READ_AHEAD : 1,
      )
      .toArray();
    if (found?.slot !== slot) throw new Error(`Slot ${slot} can be found but not shown`);
    for (const next of ahead)
      cache.get(pageAt(next.slot), () => JSON.parse(next.content) as Shown, bytesOf);
    return JSON.parse(found.content) as Shown;
  }

  return {
    at: (slot: number): Shown => cache.get(pageAt(slot), () => read(slot), bytesOf),
    forget(slot: number): void {
      const page = pages.get(slot);
      if (page !== undefined) cache.drop(page);
      pages.delete(slot);
    },
    forgetAll(): void {
      for (const page of pages.values()) cache.drop(page);
      pages.clear();
    },
  };
}

const bytesOf = ({ title, texts, tags }: Shown): number =>
  400 +
  2 * (title.length + texts.reduce((sum, text) => sum + text.length, 0)) +
  64 * (tags.length + texts.length);

/** A unit as it is shown for its best passage, with what was looked for in view. */
export function hitOf(
  { unitId, version, title, level, texts }: Shown,
  { score, why: { passage } }: Ranked,
  needles: ReturnType<typeof needlesOf>,
): SearchHit {
  const snippet = snippetOf(texts[passage] ?? "", needles);
  return { unitId, version, title, snippet, score, level };
}
