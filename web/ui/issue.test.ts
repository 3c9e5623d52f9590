import { describe, expect, it } from "vitest";
import { z } from "zod";
import { issueWords } from "./issue-messages.ts";
import { sayIssue } from "./issue.ts";

const said = (schema: z.ZodType, given: unknown) =>
  schema
    .safeParse(given, {
      error: (issue) =>
        sayIssue((key, values) => `${issueWords[key][0]} ${values?.["n"] ?? ""}`.trim(), issue),
    })
    .error?.issues.map(({ message }) => message);

describe("what a schema finds", () => {
  it("is said of texts, lists and numbers by their bounds", () => {
    expect(said(z.string().min(1), "")).toEqual(["Something has to stand here."]);
    expect(said(z.string().max(3), "long")).toEqual([`${issueWords.long[0]} 3`]);
    expect(said(z.array(z.string()).min(2), [])).toEqual(["At least {n}. 2"]);
    expect(said(z.int().min(5), 1)).toEqual(["Not less than {n}. 5"]);
    expect(said(z.number().max(5), 9)).toEqual(["Not more than {n}. 5"]);
    expect(said(z.number(), Number.NaN)).toEqual(["A number is needed."]);
    expect(said(z.int(), 1.5)).toEqual(["A whole number is needed."]);
    expect(said(z.iso.datetime({ offset: true }), "")).toEqual(["A time is needed."]);
    expect(said(z.url(), "elsewhere")).toEqual(["A whole web address is needed."]);
  });

  it("is left to the schema where that says more", () => {
    const own = z.string().regex(/^a/, "must begin with an a");
    expect(said(own, "b")).toEqual(["must begin with an a"]);
    expect(said(z.string().min(1, "name it"), "")).toEqual(["name it"]);
  });
});
