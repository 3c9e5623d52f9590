/** So many pages are read at most of a list that is wanted whole. */
const PAGES_MAX = 10;

type Page<T> = { items: T[]; nextCursor: string | null };
/** `isCut`: there are more than these. */
export type ToEnd<T> = { items: T[]; isCut: boolean };

/** A list of the API to its end, where it is not too long for that: for what is chosen from, or counted. */
export async function toEnd<T>(
  read: (cursor: string | undefined) => Promise<Page<T>>,
): Promise<ToEnd<T>> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const page = await read(cursor);
    items.push(...page.items);
    if (page.nextCursor === null) return { items, isCut: false };
    cursor = page.nextCursor;
  }
  return { items, isCut: true };
}
