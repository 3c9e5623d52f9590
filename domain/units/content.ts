import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Invalid, Problem } from "#domain/shared/problem.ts";
import { detectLanguage } from "#domain/units/language.ts";
import type { UnitContent, UnitInput, UnitPatch } from "#domain/units/model.ts";

const KIND_DEFAULT = "note";

/** The content a publication means, every default filled in. */
export function contentOf(input: UnitInput): UnitContent {
  return {
    title: input.title,
    body: input.body,
    kind: input.kind ?? KIND_DEFAULT,
    language: input.language ?? detectLanguage(input.title, input.body),
    tags: distinct(input.tags ?? []),
    sources: input.sources ?? [],
    appliesTo: input.appliesTo ?? [],
    links: input.links ?? [],
  };
}

/** The content after a change; what the patch leaves out stays as it was, but for a language that the text told. */
export function patched(content: UnitContent, patch: UnitPatch): UnitContent {
  const { visibility: _, ...changes } = patch;
  const next = { ...content, ...changes };
  const wasDetected = content.language === detectLanguage(content.title, content.body);
  const language =
    patch.language ?? (wasDetected ? detectLanguage(next.title, next.body) : content.language);
  return { ...next, language, tags: distinct(next.tags) };
}

/** Links may only name units that exist and that the author may see. */
export function checkLinks(
  links: UnitContent["links"],
  visibleIds: ReadonlySet<string>,
): Result<undefined, Problem<"invalid-request">> {
  const errors: Invalid[] = links.flatMap((link, index) =>
    visibleIds.has(link.unitId)
      ? []
      : [{ pointer: `/links/${index}/unitId`, detail: "names no unit that you may see" }],
  );
  return errors.length > 0 ? err({ code: "invalid-request", errors }) : ok(undefined);
}

const distinct = (tags: string[]): string[] => [...new Set(tags)].sort();
