import type { Kernel } from "#domain/search/engine/kernel.ts";
import type { Lexical } from "#domain/search/engine/lexical.ts";
import type { SearchFilter } from "#domain/search/model.ts";
import { kindKey, languageKey, tagKey } from "#domain/search/engine/term-key.ts";
import { type Level, LEVELS } from "#domain/verification/model.ts";

export const levelNumber = (level: Level): number => LEVELS.indexOf(level);

/** Has filtered scans see only what the filter lets through. Says whether there is anything that it holds back. */
export function applyFilter(filter: SearchFilter, lexical: Lexical, kernel: Kernel): boolean {
  const keys = (filter.tags ?? []).map(tagKey);
  if (filter.kind !== undefined) keys.push(kindKey(filter.kind));
  if (filter.language !== undefined) keys.push(languageKey(filter.language));
  const lowest = filter.minLevel === undefined ? 0 : levelNumber(filter.minLevel);
  if (keys.length === 0 && lowest === 0) return false;
  kernel.allow(lowest);
  for (const key of keys) {
    lexical.each(lexical.find(key), kernel.mark);
    kernel.allowMarked();
  }
  return true;
}
