import { expect, it } from "vitest";
import { anything, array, assert, property, string } from "fast-check";
import { wantedBy } from "./platform.ts";

const asked = (text: string) => wantedBy({ parts: [{ text }] });

it("takes the skill that a text begins with, and a search where it names none", () => {
  expect(asked("match: translate this")).toMatchObject({
    value: { skill: "match", wanted: { body: { task: "translate this" } } },
  });
  for (const text of ["tides at night", "note: tides at night", "Search tides: how?"])
    expect(asked(text)).toMatchObject({
      value: { skill: "search", wanted: { body: { query: text } } },
    });
  expect(asked("publish: Tides\nThey come twice.")).toMatchObject({
    value: { wanted: { path: "/v1/units", body: { title: "Tides", body: "They come twice." } } },
  });
});

it("passes the fields of a data part on as they are", () => {
  const data = { skill: "search", query: "tides", limit: 3, unknown: true };
  expect(wantedBy({ parts: [{ data }] })).toMatchObject({
    value: { wanted: { body: { query: "tides", limit: 3, unknown: true } } },
  });
});

it("lets no id of a unit lead elsewhere", () => {
  for (const id of ["../keys", "a/b", "", "a?b", "%2e%2e"]) {
    expect(asked(`verify: ${id}`).ok, id).toBe(false);
    expect(wantedBy({ parts: [{ data: { skill: "verify", unitId: id } }] }).ok, id).toBe(false);
  }
});

it("answers whatever it is sent, and asks for nothing but its own operations", () => {
  const paths = /^\/v1\/(search|units|agents\/match|units\/[A-Za-z0-9_-]{1,64}\/evidence)$/;
  assert(
    property(array(anything(), { maxLength: 3 }), string(), (data, text) => {
      const parts = [...data.map((one) => ({ data: one })), { text }];
      for (const some of [parts, data.map((one) => ({ data: one })), [{ text }]]) {
        const result = wantedBy({ parts: some });
        if (result.ok) expect(result.value.wanted.path).toMatch(paths);
      }
    }),
  );
});
