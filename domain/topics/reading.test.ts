import fc from "fast-check";
import { expect, it } from "vitest";
import { lanesOf, movedTo, offsetIn } from "#domain/topics/reading.ts";
import type { Parents } from "#domain/topics/groups.ts";
import { childOf, hashOf, partitionOf } from "#domain/topics/partitions.ts";
import { type Position, positionFrom, positionText } from "#domain/topics/position.ts";

const TOPIC = "unit.events";
type Event = { key: string; n: number };

/** A topic that grows: its partitions' events, and where each goes on from. */
class Growing {
  readonly partitions: Event[][] = [[]];
  readonly parents: Parents[number][] = [null];

  append(event: Event): void {
    this.partitions[partitionOf(hashOf(event.key), this.partitions.length)]?.push(event);
  }

  grow(): void {
    const count = this.partitions.length;
    if (count >= 8) return;
    for (let partition = 0; partition < count; partition++) {
      const child = childOf(partition, 2 * count);
      this.partitions[child] = [];
      this.parents[child] = { partition, offset: this.partitions[partition]?.length ?? 0 };
    }
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ append: fc.constantFrom("a", "b", "c", "d", "e") }) },
  { weight: 1, arbitrary: fc.constant({ grow: true }) },
  { weight: 6, arbitrary: fc.record({ read: fc.nat(7), events: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.constant({ resume: true }) },
);

it("gives every event once and each key's in order, however a topic grows and often it is resumed", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const topic = new Growing();
      let position: Position = {};
      const given: Event[] = [];
      const appended: Event[] = [];
      const read = (which: number, events: number): boolean => {
        const lanes = lanesOf(position, new Map([[TOPIC, topic.parents]]));
        const lane = lanes[which % lanes.length];
        if (lane === undefined) return false;
        const from = offsetIn(position, lane);
        const some = topic.partitions[lane.partition]?.slice(from, from + events) ?? [];
        given.push(...some);
        if (some.length > 0) position = movedTo(position, lane, from + some.length);
        return some.length > 0;
      };
      for (const one of steps) {
        if ("append" in one) {
          const event = { key: one.append, n: appended.length };
          appended.push(event);
          topic.append(event);
        } else if ("grow" in one) topic.grow();
        else if ("resume" in one) position = positionFrom(positionText(position)) ?? {};
        else read(one.read, one.events);
      }
      for (let idle = 0; idle < 16;) idle = read(idle, 2) ? 0 : idle + 1;
      expect(given.toSorted((a, b) => a.n - b.n)).toEqual(appended);
      for (const key of ["a", "b", "c", "d", "e"]) {
        const order = given.filter((one) => one.key === key).map(({ n }) => n);
        expect(order).toEqual(order.toSorted((a, b) => a - b));
      }
    }),
  );
});
