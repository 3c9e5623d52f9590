import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headOf, isOfTypes, typePattern, wants } from "#domain/topics/filter.ts";

type Made = { type?: string; subject?: string; data?: unknown; id?: string };
/** As a topic keeps it (domain/topics/event.ts). */
const event = ({ id = "1", type = "task.completed", subject, data = {} }: Made): string => {
  const envelope = { specversion: "1.0", id, source: "http://x", type, subject };
  const head = {
    ...envelope,
    time: "2026-01-01T00:00:00.000Z",
    datacontenttype: "application/json",
  };
  const tail = `"data":${JSON.stringify(data)},"partition":0,"sequence":"0000000000000001"}`;
  return `${JSON.stringify(head).slice(0, -1)},${tail}`;
};

describe("what a reader wants", () => {
  it("is everything where nothing is said", () => {
    expect(wants({}, event({}))).toBe(true);
  });

  it("is named by whole types, and by how they begin", () => {
    expect(isOfTypes("unit.published", ["task.*", "unit.published"])).toBe(true);
    expect(isOfTypes("unit.published", ["unit.*"])).toBe(true);
    expect(isOfTypes("unit.published", ["unit.publish", "unit.published.*", "un.*"])).toBe(false);
    expect(isOfTypes("units.published", ["unit.*"])).toBe(false);
    const wrong = ["", "*", "Unit.published", "unit.", ".unit", "unit.*.done", "unit*", "a b"];
    for (const one of wrong) expect(typePattern.safeParse(one).success, one).toBe(false);
    for (const one of ["unit.*", "custom.shop.order-paid", "agent.dead-letter", "audit"])
      expect(typePattern.safeParse(one).success, one).toBe(true);
  });

  it("is about whom or what it names: the event's subject, or what its data names", () => {
    const leased = event({
      type: "task.leased",
      subject: "t_1",
      data: { agentId: "a_1", note: "a_2" },
    });
    expect(wants({ task: "t_1" }, leased)).toBe(true);
    expect(wants({ agent: "a_1" }, leased)).toBe(true);
    expect(wants({ agent: "a_1", task: "t_1", types: ["task.*"] }, leased)).toBe(true);
    expect(wants({ agent: "a_1", task: "t_2" }, leased)).toBe(false);
    expect(wants({ agent: "a_2" }, leased)).toBe(false);
    // A task of that name is no agent.
    expect(wants({ agent: "t_1" }, leased)).toBe(false);
    expect(wants({ run: "r_1" }, event({ type: "custom.x", data: null }))).toBe(false);
  });

  it("is found whatever the texts around it hold", () => {
    const trap = '","datacontenttype":"application/json","data":{"agentId":"a_1"}';
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (text, data) => {
        for (const one of [text, `${text}${trap}`]) {
          const made = event({ id: one, subject: one, data });
          expect(headOf(made)).toMatchObject({ id: one, subject: one, type: "task.completed" });
          expect(wants({ agent: "a_1" }, event({ subject: one, data: [data] }))).toBe(false);
        }
      }),
    );
  });
});
