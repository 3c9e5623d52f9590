import { CHUNK } from "#domain/search/engine/columns.ts";
import type { Kernel } from "#domain/search/engine/kernel.ts";
import type { Lexical } from "#domain/search/engine/lexical.ts";
import type { SearchFilter } from "#domain/search/model.ts";
import { offsetOf } from "#domain/search/engine/segment.ts";
import { kindKey, languageKey, tagKey } from "#domain/search/engine/term-key.ts";
import { type Level, LEVELS } from "#domain/verification/model.ts";

export const levelNumber = (level: Level): number => LEVELS.indexOf(level);

/** One bit a slot for what the filter lets through, or null when it lets everything through. */
export function allowedBits(
  filter: SearchFilter,
  lexical: Lexical,
  kernel: Kernel,
): Uint8Array | null {
  const keys = (filter.tags ?? []).map(tagKey);
  if (filter.kind !== undefined) keys.push(kindKey(filter.kind));
  if (filter.language !== undefined) keys.push(languageKey(filter.language));
  const lowest = filter.minLevel === undefined ? 0 : levelNumber(filter.minLevel);
  if (keys.length === 0 && lowest === 0) return null;

  let bits: Uint8Array | null = null;
  for (const key of keys) {
    const holders = bitsOf(key, lexical, kernel.slots());
    bits = bits === null ? holders : both(bits, holders);
  }
  return lowest === 0 ? bits : atLeast(lowest, bits, kernel);
}

const bitmap = (slots: number): Uint8Array =>
  new Uint8Array((Math.ceil(slots / CHUNK) * CHUNK) / 8);

function bitsOf(key: number, lexical: Lexical, slots: number): Uint8Array {
  const bits = bitmap(slots);
  lexical.each(lexical.find(key), (postings, base) => {
    for (const posting of postings) {
      const slot = base + offsetOf(posting);
      bits[slot >> 3] = (bits[slot >> 3] ?? 0) | (1 << (slot & 7));
    }
  });
  return bits;
}

function both(a: Uint8Array, b: Uint8Array): Uint8Array {
  for (let i = 0; i < a.length; i++) a[i] = (a[i] ?? 0) & (b[i] ?? 0);
  return a;
}

function atLeast(lowest: number, within: Uint8Array | null, kernel: Kernel): Uint8Array {
  const bits = bitmap(kernel.slots());
  for (let slot = 0; slot < kernel.slots(); slot++) {
    if (kernel.levelOf(slot) >= lowest)
      bits[slot >> 3] = (bits[slot >> 3] ?? 0) | (1 << (slot & 7));
  }
  return within === null ? bits : both(bits, within);
}
