import { expect, test } from "vitest";
import type { EngineDisk, PageKind } from "#domain/search/engine/disk.ts";
import { memoryDisk } from "#domain/search/engine/memory-disk.ts";
import { add, open, settle, vectorsIn } from "./clustered-vectors.ts";

/** A disk that takes no more than `left()` pages of one kind. */
function failing(disk: EngineDisk, kind: PageKind, left: () => number): EngineDisk {
  return {
    ...disk,
    write(written, owner, page, data) {
      if (written === kind && left() <= 0) throw new Error("The disk is full");
      disk.write(written, owner, page, data);
    },
  };
}

test.each<[string, PageKind]>([
  ["merge of segments", "postings"],
  ["regrouping", "columns"],
])("a %s that fails again and again leaves nothing on disk once one succeeds", (_, kind) => {
  const [disk, untroubled] = [memoryDisk(), memoryDisk()];
  let left = Infinity;
  const engine = open(failing(disk, kind, () => left--));
  const other = open(untroubled);
  for (const vector of vectorsIn(7, 120, 1)) {
    for (const each of [engine, other]) {
      add(each, vector);
      if (each.nextSlot() % 30 === 0) each.flush();
    }
  }
  for (let time = 0; time < 3; time++) {
    left = 0;
    expect(() => settle(engine)).toThrow("full");
  }
  expect(disk.rows()).toBeGreaterThan(0);
  left = Infinity;
  settle(engine);
  settle(other);
  expect(engine.lists()).toEqual(other.lists());
  expect(disk.rows()).toBe(untroubled.rows());
  expect(disk.bytes()).toBe(untroubled.bytes());
});
