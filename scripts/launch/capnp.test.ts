import { expect, it } from "vitest";
import { capnpText, embedded, VOID } from "./capnp.ts";

it("structs, lists, booleans, files and set fields are written as Cap'n Proto reads them", () => {
  expect(
    capnpText({ name: "a", on: true, of: [{ in: VOID }, {}], code: embedded("/a.js"), none: [] }),
  ).toBe(`(name = "a", on = true, of = [(in = void), ()], code = embed "/a.js", none = [])`);
});

it("no text ends its own quotes or line", () => {
  expect(capnpText(`"),\n(\\u0041\u0001\u007f字\ud800`)).toBe(
    `"\\x22),\\x0a(\\x5cu0041\\x01\\x7f字\uFFFD"`,
  );
});
