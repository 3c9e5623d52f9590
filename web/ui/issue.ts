import type { z } from "zod";
import type { Say } from "#web/app/language.ts";
import type { issueWords } from "#web/ui/issue-messages.ts";

type Issue = Parameters<z.core.$ZodErrorMap>[0];

/**
 * What a schema's finding is called beside its field, in the viewer's language; undefined leaves it to the schema, whose
 * own sentences say more than its bounds.
 */
export function sayIssue(t: Say<typeof issueWords>, issue: Issue): string | undefined {
  if (issue.code === "too_small") {
    const n = Number(issue.minimum);
    if (issue.origin === "string") return n <= 1 ? t("empty") : t("short", { n });
    if (issue.origin === "array") return t("few", { n });
    return isNumber(issue.origin) ? t("small", { n }) : undefined;
  }
  if (issue.code === "too_big") {
    const n = Number(issue.maximum);
    if (issue.origin === "string") return t("long", { n });
    if (issue.origin === "array") return t("many", { n });
    return isNumber(issue.origin) ? t("large", { n }) : undefined;
  }
  if (issue.code === "invalid_type") {
    if (issue.expected === "int") return t("whole");
    return issue.expected === "number" ? t("number") : undefined;
  }
  if (issue.code !== "invalid_format") return undefined;
  if (issue.format === "url") return t("address");
  if (issue.format === "email") return t("email");
  return issue.format === "datetime" ? t("time") : undefined;
}

const isNumber = (origin: string): boolean => origin === "number" || origin === "int";
