import type { GivenRole } from "#domain/federation/roles.ts";

type Rule = { attribute: string; value: string; role: GivenRole };

/**
 * What was typed of rules, `attribute = value = role` a line: a value may hold `=` itself, as names of directories do. What
 * is no role is left for the schema to say.
 */
export const rulesOf = (typed: string): Rule[] =>
  typed
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [attribute = "", ...rest] = line.split("=");
      const role = rest.length > 1 ? (rest.pop() ?? "").trim() : "";
      return {
        attribute: attribute.trim(),
        value: rest.join("=").trim(),
        role: role as GivenRole,
      };
    });
