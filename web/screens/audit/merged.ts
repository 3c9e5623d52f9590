type Numbered = { seq: number };

/**
 * A log as far as it was read, newest first, with what its newest page has beside it; null where more came than that page
 * holds, so that something may lie between.
 */
export function merged<T extends Numbered>(
  newest: { items: readonly T[]; nextCursor: string | null },
  older: readonly T[],
): T[] | null {
  const first = older[0]?.seq ?? 0;
  const newer = newest.items.filter(({ seq }) => seq > first);
  const isTorn =
    newest.nextCursor !== null && newer.length > 0 && newer.length === newest.items.length;
  return isTorn ? null : [...newer, ...older];
}
