import { describe, expect, it } from "vitest";
import { linesOf, unitOf } from "./files.ts";

describe("files that are imported", () => {
  it("become units by their first heading, or by their name", () => {
    expect(unitOf("a.md", "# How tides turn\r\n\r\nTwice a day.")).toEqual({
      title: "How tides turn",
      body: "Twice a day.",
    });
    expect(unitOf("spring-tide_notes.txt", "At new moon.")).toEqual({
      title: "spring tide notes",
      body: "At new moon.",
    });
  });

  it("give a line each, NDJSON one a line, and say how many were left out", async () => {
    const { lines, skipped } = await linesOf([
      new File(["# One\nBody."], "one.md"),
      new File(['{"title":"Two"}\n\n{"title":"Three"}\n'], "more.ndjson"),
      new File(["\0"], "picture.png"),
      new File([], "empty.md"),
    ]);
    expect(lines.map(({ from }) => from)).toEqual(["one.md", "more.ndjson:1", "more.ndjson:3"]);
    expect(skipped).toBe(2);
  });
});
