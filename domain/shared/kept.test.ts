import fc from "fast-check";
import { expect, it } from "vitest";
import { kept } from "./kept.ts";

it("keeps what was used last, as much as there is room for, and counts it right", () => {
  const step = fc.record({
    name: fc.constantFrom("a", "b", "c", "d", "e"),
    bytes: fc.integer({ min: 1, max: 12 }),
    what: fc.constantFrom("set", "get", "drop"),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const cache = kept<{ bytes: number }>(10);
      let model: { name: string; bytes: number }[] = [];
      for (const { name, bytes, what } of steps) {
        const held = model.find((each) => each.name === name);
        if (what === "get") expect(cache.get(name)?.bytes).toBe(held?.bytes);
        else if (what === "set") cache.set(name, { bytes });
        else cache.drop(name);
        model = model.filter((each) => each !== held);
        if (what === "set") model.push({ name, bytes });
        else if (what === "get" && held !== undefined) model.push(held);
        while (model.reduce((sum, each) => sum + each.bytes, 0) > 10) model.shift();
        expect([...cache.names()]).toEqual(model.map((each) => each.name));
        expect(cache.bytes()).toBe(model.reduce((sum, each) => sum + each.bytes, 0));
      }
    }),
  );
});
