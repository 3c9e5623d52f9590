import type { Centroids } from "#domain/search/engine/codes.ts";
import {
  ASSIGNED_MAX,
  type Exports,
  GROUPS_TAKEN,
  groupsOf,
  type Layout,
} from "#domain/search/engine/layout.ts";
import { biasOf, type Quantised } from "#domain/search/engine/vectors.ts";

const EMPTY = 0xffff_ffff;

type Views = { bytes: Uint8Array; floats: Float32Array; words: Uint32Array; integers: Int32Array };

/** The middles of a kernel's lists, put into its memory, and the search for the one that a vector belongs to. */
// oxlint-disable-next-line max-lines-per-function -- short functions over the views of one memory
export function openMiddles(
  wasm: Exports,
  at: Layout,
  centroids: Centroids,
  viewsNow: () => Views,
) {
  const { stride } = at;
  const { count, values, scales } = centroids;
  const groups = groupsOf(count);
  putMiddles();
  if (groups > 0) putGroups();

  function putMiddles(): void {
    const { bytes, floats, words } = viewsNow();
    for (let i = 0; i < values.length; i++) bytes[at.centroids + i] = (values[i] ?? 0) + 64;
    floats.set(scales, at.scales / 4);
    for (let list = 0; list < count; list++) {
      const scale = scales[list] ?? 0;
      let squares = 0;
      for (let i = 0; i < stride; i++) squares += (values[list * stride + i] ?? 0) ** 2;
      floats[at.halves / 4 + list] = (squares * scale * scale) / 2;
      words[at.heads / 4 + list * 8] = EMPTY;
    }
  }

  /** Groups the lists around some of them, spread evenly: each with the one that its middle is closest to. */
  function putGroups(): void {
    const { bytes, floats, words } = viewsNow();
    for (let group = 0; group < groups; group++) {
      const list = Math.floor((group * count) / groups);
      const row = at.centroids + list * stride;
      bytes.copyWithin(at.pivots + group * stride, row, row + stride);
      floats[at.pivotScales / 4 + group] = scales[list] ?? 0;
      floats[at.pivotHalves / 4 + group] = floats[at.halves / 4 + list] ?? 0;
    }
    const members = Array.from({ length: groups }, (): number[] => []);
    for (let first = 0; first < count; first += ASSIGNED_MAX) {
      const some = Array.from({ length: Math.min(ASSIGNED_MAX, count - first) }, (_, i) => ({
        values: values.subarray((first + i) * stride, (first + i + 1) * stride),
        scale: scales[first + i] ?? 0,
      }));
      const found = closest(some, at.pivots, groups, at.pivotScales, at.pivotHalves);
      for (const [i, group] of found.entries()) members[group]?.push(first + i);
    }
    let start = 0;
    for (const [group, lists] of members.entries()) {
      words[at.starts / 4 + group] = start;
      words.set(lists, at.members / 4 + start);
      start += lists.length;
    }
    words[at.starts / 4 + groups] = start;
  }

  /** Puts vectors where the kernel reads them. */
  function bring(vectors: readonly Quantised[]): void {
    const { bytes, floats, integers } = viewsNow();
    for (const [i, { values: own, scale }] of vectors.entries()) {
      bytes.set(new Uint8Array(own.buffer, own.byteOffset, stride), at.scratch + i * stride);
      floats[at.dots / 4 + i] = scale;
      integers[at.heap / 4 + i] = biasOf(own);
    }
  }

  function closest(
    vectors: readonly Quantised[],
    middles: number,
    lists: number,
    scalesAt: number,
    halves: number,
  ): Uint32Array {
    bring(vectors);
    const { length } = vectors;
    const { scratch, dots, heap, nears } = at;
    wasm.closest(middles, stride, lists, scalesAt, halves, scratch, length, dots, heap, nears);
    return viewsNow().words.slice(nears / 4, nears / 4 + length);
  }

  return {
    /** The lists that vectors, at most `ASSIGNED_MAX`, belong to; of very many lists, mostly. */
    listsOf(vectors: readonly Quantised[]): Uint32Array {
      if (count === 1) return new Uint32Array(vectors.length);
      if (groups === 0) return closest(vectors, at.centroids, count, at.scales, at.halves);
      bring(vectors);
      wasm.closestAmong(
        at.centroids,
        stride,
        at.scales,
        at.halves,
        at.pivots,
        groups,
        at.pivotScales,
        at.pivotHalves,
        at.starts,
        at.members,
        at.scratch,
        vectors.length,
        at.dots,
        at.heap,
        Math.min(GROUPS_TAKEN, groups),
        at.chosen,
        at.nears,
      );
      return viewsNow().words.slice(at.nears / 4, at.nears / 4 + vectors.length);
    },
  };
}
