import fc from "fast-check";
import { expect, it } from "vitest";
import { pathRouter } from "#workers/http/router.ts";

const names = ["v1", "units", "agents", ":id", ":key", "import"];
const path = fc
  .array(fc.constantFrom(...names), { minLength: 1, maxLength: 4 })
  .map((parts) => `/${parts.join("/")}`);
const asked = fc
  .array(fc.constantFrom("v1", "units", "agents", "import", "7", ""), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => `/${parts.join("/")}`);

/** What is promised, looked for one after the other. */
function first(paths: readonly string[], wanted: string): string | undefined {
  const fits = (pattern: string) =>
    new RegExp(`^${pattern.replaceAll(/:\w+/g, "[^/]+")}$`).test(wanted);
  return paths.find((one) => one === wanted) ?? paths.find((one) => one.includes(":") && fits(one));
}

it("finds a literal path before a pattern, and of patterns the one that came first", () => {
  fc.assert(
    fc.property(fc.array(path, { maxLength: 12 }), asked, (paths, wanted) => {
      const router = pathRouter<string>();
      for (const one of paths) router.add("GET", one, one);
      const [found] = router.match("GET", wanted);
      const handlers = (found as [string, unknown][]).map(([handler]) => handler);
      const expected = first(paths, wanted);
      expect([...new Set(handlers)]).toEqual(expected === undefined ? [] : [expected]);
      expect(handlers.length).toBe(paths.filter((one) => one === expected).length);
      expect(router.match("POST", wanted)).toEqual([[]]);
    }),
    { numRuns: 2_000 },
  );
});

it("tells what stands in a path's parameters", () => {
  const router = pathRouter<string>();
  router.add("GET", "/v1/units/:id/links/:other", "links");
  expect(router.match("GET", "/v1/units/7/links/8")).toEqual([
    [["links", { id: "7", other: "8" }]],
  ]);
});
