import { expect, it } from "vitest";
import { toEnd } from "./to-end.ts";

/** A list of so many pages with a number each, and how often it was asked. */
function listOf(pages: number) {
  const asked: (string | undefined)[] = [];
  const read = (cursor: string | undefined) => {
    asked.push(cursor);
    const at = Number(cursor ?? 0);
    return Promise.resolve({ items: [at], nextCursor: at + 1 < pages ? String(at + 1) : null });
  };
  return { asked, read };
}

it("reads a list to its end, each page once", async () => {
  const { asked, read } = listOf(3);
  expect(await toEnd(read)).toEqual({ items: [0, 1, 2], isCut: false });
  expect(asked).toEqual([undefined, "1", "2"]);
});

it("says where it stopped before the end", async () => {
  expect((await toEnd(listOf(10).read)).isCut).toBe(false);
  const { asked, read } = listOf(11);
  const { items, isCut } = await toEnd(read);
  expect(isCut).toBe(true);
  expect(items).toHaveLength(10);
  expect(asked).toHaveLength(10);
});
