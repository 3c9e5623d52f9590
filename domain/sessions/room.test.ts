import fc from "fast-check";
import { expect, it } from "vitest";
import { agentPlace, FILES, SessionRoom, sessionsIn } from "#domain/sessions/room.ts";

it("keeps files for everything else, however few there are", () => {
  expect(sessionsIn(20_000)).toBe(3_600);
  expect(sessionsIn(1_024)).toBe(102);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000_000 }), (files) => {
      const kept = files - sessionsIn(files) * 5;
      expect(kept).toBeGreaterThanOrEqual(Math.min(2_000, files / 2));
    }),
  );
});

it("has room again when a session ends, and counts an agent once", () => {
  const room = new SessionRoom();
  const take = (agent: string, id: string) => room.take(agentPlace(agent), id, 2);
  expect(take("a", "1")).toBe(true);
  expect(take("b", "2")).toBe(true);
  expect(take("c", "3")).toBe(false);
  expect(take("a", "4")).toBe(true);
  room.leave(agentPlace("a"), "1"); // the older one ends after the newer one began
  expect(take("c", "5")).toBe(false);
  room.leave(agentPlace("a"), "4");
  expect(take("c", "6")).toBe(true);
});

it("never counts more files than there are, and all that were taken", () => {
  const step = fc.record({
    leaves: fc.boolean(),
    name: fc.constantFrom("a", "b", "c", "d", "e"),
    files: fc.constantFrom(FILES.socket, FILES.object, FILES.socket + FILES.object),
    id: fc.constantFrom("1", "2"),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const room = new SessionRoom();
      const taken = new Map<string, { id: string; files: number }>();
      const all = () => [...taken.values()].reduce((sum, { files }) => sum + files, 0);
      for (const { leaves, name, files, id } of steps) {
        if (leaves) {
          room.leave({ name }, id);
          if (taken.get(name)?.id === id) taken.delete(name);
        } else {
          const isRoom = taken.has(name) || all() + files <= 15;
          expect(room.take({ name, files }, id, 3)).toBe(isRoom);
          if (isRoom) taken.set(name, { id, files });
        }
      }
    }),
  );
});
