import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";
import type {
  AnswerText,
  Collection,
  SearchHit,
  SearchMode,
  SearchRequest,
} from "#domain/search/model.ts";
import { unitVector, vectorInput } from "#domain/units/vector.ts";
import { LEVELS } from "#domain/verification/model.ts";

const HITS_DEFAULT = 10;
const NOTHING: AnswerText = { hits: "[]", partial: false };

export const searchInput = z
  .strictObject({
    query: text(LIMITS.queryCharsMax).optional(),
    /** An embedding of the question made by the caller, in `space`; beside `query` it replaces the product's own. */
    vector: vectorInput.optional(),
    space: text(LIMITS.idCharsMax).optional(),
    limit: z.int().min(1).max(LIMITS.searchHitsMax).optional(),
    mode: z.enum(["hybrid", "semantic", "lexical"]).optional(),
    filter: z
      .strictObject({
        tags: z.array(text(LIMITS.tagCharsMax)).max(LIMITS.tagsMax).optional(),
        kind: text(LIMITS.kindCharsMax).optional(),
        language: text(LIMITS.languageCharsMax).optional(),
        minLevel: z.enum(LEVELS).optional(),
        visibility: z.enum(["private", "public"]).optional(),
      })
      .optional(),
    explain: z.boolean().optional(),
  })
  .superRefine((input, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    if (input.query === undefined && input.vector === undefined)
      refuse("query", "a query or a vector is needed");
    if ((input.vector === undefined) !== (input.space === undefined)) {
      refuse("space", "vector and space are given together or not at all");
    }
    if (input.query === undefined && input.mode !== undefined && input.mode !== "semantic") {
      refuse("query", `the mode ${input.mode} needs words to look for`);
    }
    if (input.vector !== undefined && input.mode === "lexical")
      refuse("vector", "a lexical search takes no vector");
  });
export type SearchInput = z.infer<typeof searchInput>;

const term = z.object({
  term: z.string(),
  idf: z.number(),
  tf: z.number(),
  score: z.number(),
  gloss: z.literal(true).optional(),
});
const explanation = z.object({
  semantic: z.object({ weight: z.number(), cosine: z.number(), normalised: z.number() }).nullable(),
  lexical: z
    .object({
      weight: z.number(),
      bm25: z.number(),
      normalised: z.number(),
      length: z.number(),
      averageLength: z.number(),
      terms: z.array(term),
    })
    .nullable(),
  passage: z.int(),
});

export const searchView = z.object({
  hits: z.array(
    z.object({
      unitId: z.string(),
      version: z.int(),
      title: z.string(),
      snippet: z.string(),
      score: z.number(),
      level: z.enum(LEVELS),
      why: explanation.optional(),
    }),
  ),
  /** True when a part of the collection did not answer in time. */
  partial: z.boolean(),
  tookMs: z.number(),
});

/** A `searchView` of hits that are JSON text already. */
export const viewText = (hits: string, partial: boolean, tookMs: number): string =>
  `{"hits":${hits},"partial":${partial},"tookMs":${tookMs}}`;

/** Of a view in UTF-8 that took 0 ms, which is its last character but one, the view that took so long. */
export function tookLonger(view: Uint8Array, tookMs: number): Uint8Array {
  if (tookMs === 0) return view;
  const end = new TextEncoder().encode(`${tookMs}}`);
  const longer = new Uint8Array(view.byteLength - 2 + end.byteLength);
  longer.set(view.subarray(0, -2));
  longer.set(end, view.byteLength - 2);
  return longer;
}

type Deps = {
  search: { answerText(collections: Collection[], request: SearchRequest): Promise<AnswerText> };
  spaces: {
    /** Where new collections begin. */
    preferred: { id: string; dimensions: number };
    /** Null while nothing was ever written to the collection. */
    searchedSpaceOf(owner: string): Promise<{ id: string; dimensions: number } | null>;
    /** Whether it would answer the same space now without having to ask. */
    isStill(owner: string, space: string | null): boolean;
  };
  /** What a query's words mean in English, where the space needs telling; empty where it does not. */
  gloss(space: string, text: string): Promise<string>;
  embed: {
    query(
      space: string,
      text: string,
    ): Promise<Result<Float32Array, Problem<"no-model-bound" | "overloaded">>>;
  };
};

type SearchProblem = Problem<"invalid-request" | "no-model-bound" | "overloaded">;

/** Searches the account's own and the public units; each collection is asked in its own space. */
export async function searchUnits(
  deps: Deps,
  accountId: string,
  input: SearchInput,
): Promise<Result<AnswerText, SearchProblem>> {
  const owners = [
    ...(input.filter?.visibility === "public" ? [] : [accountId]),
    ...(input.filter?.visibility === "private" ? [] : ["public"]),
  ];
  const mode = input.mode ?? (input.query === undefined ? "semantic" : "hybrid");
  const spaces = await Promise.all(
    owners.map(async (owner) => {
      const space = await deps.spaces.searchedSpaceOf(owner);
      return { owner, space: space ?? deps.spaces.preferred, written: space !== null };
    }),
  );
  const bySpace = [...Map.groupBy(spaces, ({ space }) => space.id).values()];
  const known = bySpace.flatMap(([first]) => first?.space.id ?? []);
  if (input.space !== undefined && !known.includes(input.space)) return wrongSpace(known);
  // A vector alone searches the collections of its own space.
  const searchable = bySpace.filter(
    ([first]) => input.query !== undefined || first?.space.id === input.space,
  );
  const asked = await Promise.all(
    searchable.map((members) => searchSpace(deps, input, mode, members)),
  );
  const answer = merged(asked, input.limit ?? HITS_DEFAULT);
  if (!answer.ok || answer.value.stands === undefined) return answer;
  const { stands } = answer.value;
  const areStill = () =>
    spaces.every(({ owner, space, written }) =>
      deps.spaces.isStill(owner, written ? space.id : null),
    );
  return ok({ ...answer.value, stands: () => areStill() && stands() });
}

type Member = { owner: string; space: { id: string; dimensions: number }; written: boolean };

async function searchSpace(
  deps: Deps,
  input: SearchInput,
  mode: SearchMode,
  members: Member[],
): Promise<Result<AnswerText, SearchProblem>> {
  const space = members[0]?.space;
  if (space === undefined) return ok(NOTHING);
  const given = mode === "lexical" ? ok(undefined) : givenVector(input, space);
  if (!given.ok) return given;
  const collections = members
    .filter(({ written }) => written)
    .map(({ owner }) => ({ owner, space: space.id }));
  if (collections.length === 0) return ok(NOTHING);

  const text = mode === "semantic" ? undefined : input.query;
  const [vector, gloss] = await Promise.all([
    given.value === undefined && mode !== "lexical" && input.query !== undefined
      ? deps.embed.query(space.id, input.query)
      : given,
    text === undefined ? "" : deps.gloss(space.id, text),
  ]);
  if (!vector.ok) return vector;
  const { tags, kind, language, minLevel } = input.filter ?? {};
  const answer = await deps.search.answerText(collections, {
    ...(text !== undefined && { text }),
    ...(gloss !== "" && { gloss }),
    ...(vector.value && { vector: vector.value }),
    mode,
    filter: {
      ...(tags && { tags }),
      ...(kind !== undefined && { kind }),
      ...(language !== undefined && { language }),
      ...(minLevel && { minLevel }),
    },
    limit: input.limit ?? HITS_DEFAULT,
    explain: input.explain ?? false,
  });
  if (answer.retryAfterS === undefined) return ok(answer);
  return err({ code: "overloaded", retryAfterS: answer.retryAfterS });
}

const wrongSpace = (spaces: string[]) =>
  err({
    code: "invalid-request" as const,
    errors: [{ pointer: "/space", detail: `the collections are in ${spaces.join(" and ")}` }],
  });

function merged(
  answers: Result<AnswerText, SearchProblem>[],
  limit: number,
): Result<AnswerText, SearchProblem> {
  const found = answers.flatMap((answer) => (answer.ok ? [answer.value] : []));
  const isBusy = ({ code }: SearchProblem) => code === "overloaded";
  // A space that is busy is a part that does not answer, as long as another one does.
  const failed = answers.find(
    (answer) => !answer.ok && (found.length === 0 || !isBusy(answer.error)),
  );
  if (failed) return failed;
  const [only] = found;
  if (answers.length === 1 && only) return ok(only);
  const stands = found.flatMap((answer) => answer.stands ?? []);
  return ok({
    ...(stands.length === answers.length && { stands: () => stands.every((does) => does()) }),
    hits: JSON.stringify(
      found
        .flatMap(({ hits }) => JSON.parse(hits) as SearchHit[])
        .sort((a, b) => b.score - a.score)
        .slice(0, limit),
    ),
    partial: found.length < answers.length || found.some((answer) => answer.partial),
  });
}

/** The caller's vector where it is of this space; undefined where the query is to be embedded. */
function givenVector(
  { query, vector, space: given }: SearchInput,
  space: { id: string; dimensions: number },
): Result<Float32Array | undefined, Problem<"invalid-request">> {
  if (vector !== undefined && given === space.id) return unitVector(vector, space.dimensions);
  return query === undefined ? wrongSpace([space.id]) : ok(undefined);
}
