import { z } from "zod";
import { cardsOwner } from "#domain/agents/cards.ts";
import { AGENT_TYPES, capabilities } from "#domain/agents/model.ts";
import { type AgentRecord, isVisibleTo, takesFrom } from "#domain/agents/record.ts";
import { GRADES, gradeOf, type Quality, qualityFor, qualityView } from "#domain/agents/quality.ts";
import type { Collection, SearchAnswer, SearchHit, SearchRequest } from "#domain/search/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";

const MATCHES_DEFAULT = 10;
/** So many more cards are taken by similarity than are shown, and ranked by what their agents did. */
const TAKEN_PER_MATCH = 3;

export const matchInput = z.strictObject({
  /** The work, in words: any language finds any language where the space allows it. */
  task: text(LIMITS.queryCharsMax),
  /** An agent without one of these is no match. */
  requiredCapabilities: capabilities.optional(),
  type: z.enum(AGENT_TYPES).optional(),
  limit: z.int().min(1).max(LIMITS.matchesMax).optional(),
});
export type MatchInput = z.infer<typeof matchInput>;

export const matchView = z.object({
  matches: z.array(
    z.object({
      agentId: z.string(),
      accountId: z.string(),
      name: z.string(),
      type: z.enum(AGENT_TYPES),
      /** `why.similarity` × `why.quality.value`. */
      score: z.number(),
      why: z.object({
        /** How near the card is to the task, 0 to 1, and what it is made of. */
        similarity: z.number(),
        cosine: z.number().nullable(),
        words: z.number().nullable(),
        /** Those required; all of the agent's where none is. */
        capabilities: z.array(z.object({ capability: z.string(), grade: z.enum(GRADES) })),
        quality: qualityView,
        /** Whether it takes messages from your account. Those that do come first. */
        takesMessages: z.boolean(),
      }),
    }),
  ),
  /** True when a part of the cards did not answer in time. */
  partial: z.boolean(),
  tookMs: z.number(),
});
export type Match = z.infer<typeof matchView>["matches"][number];

type Space = { id: string };
type Deps = {
  agents: {
    /** Each as it was a few seconds ago at most. */
    manyLately(ids: readonly string[]): Promise<Map<string, AgentRecord>>;
  };
  quality: {
    /** What is known of what they did; those of which nothing is known are left out. */
    manyLately(ids: readonly string[]): Promise<Map<string, Quality>>;
  };
  search: { search(collections: Collection[], request: SearchRequest): Promise<SearchAnswer> };
  spaces: { searchedSpaceOf(owner: string): Promise<Space | null> };
  gloss(space: string, words: string): Promise<string>;
  embed: {
    query(space: string, words: string): Promise<Result<Float32Array, MatchProblem>>;
  };
};
type MatchProblem = Problem<"no-model-bound" | "overloaded">;

/**
 * The agents that are to be given a task: by how near their cards are to it, and by what they did of such tasks. Only
 * those that the account may see, that are active, answer, and have every capability asked for.
 */
export async function matchAgents(
  deps: Deps,
  asking: { accountId: string },
  input: MatchInput,
  nowMs: number,
  mayShow: (agent: AgentRecord) => boolean = () => true,
): Promise<Result<{ matches: Match[]; partial: boolean }, MatchProblem>> {
  const limit = input.limit ?? MATCHES_DEFAULT;
  const found = await nearest(deps, asking.accountId, input, limit * TAKEN_PER_MATCH);
  if (!found.ok) return found;
  const ids = found.value.hits.map(({ unitId }) => unitId);
  const [agents, qualities] = await Promise.all([
    deps.agents.manyLately(ids),
    deps.quality.manyLately(ids),
  ]);
  const matches = found.value.hits.flatMap((hit) => {
    const agent = agents.get(hit.unitId);
    const quality = qualities.get(hit.unitId) ?? null;
    if (agent === undefined || !isMatch(agent, quality, asking, input)) return [];
    if (!mayShow(agent)) return [];
    return [matchOf(hit, agent, quality, asking, input, nowMs)];
  });
  return ok({ matches: ranked(matches).slice(0, limit), partial: found.value.partial });
}

async function nearest(
  deps: Deps,
  accountId: string,
  { task, requiredCapabilities, type }: MatchInput,
  limit: number,
): Promise<Result<{ hits: SearchHit[]; partial: boolean }, MatchProblem>> {
  const owners = [cardsOwner(accountId, "private"), cardsOwner(accountId, "listed")];
  const written = await Promise.all(
    owners.map(async (owner) => ({ owner, space: await deps.spaces.searchedSpaceOf(owner) })),
  );
  const bySpace = Map.groupBy(
    written.flatMap(({ owner, space }) => (space === null ? [] : [{ owner, space: space.id }])),
    ({ space }) => space,
  );
  const hits: SearchHit[] = [];
  let partial = false;
  for (const [space, collections] of bySpace) {
    const [vector, gloss] = await Promise.all([
      deps.embed.query(space, task),
      deps.gloss(space, task),
    ]);
    if (!vector.ok) return vector;
    const answer = await deps.search.search(collections, {
      text: task,
      ...(gloss !== "" && { gloss }),
      vector: vector.value,
      mode: "cards",
      filter: {
        ...(requiredCapabilities?.length && { tags: requiredCapabilities }),
        ...(type !== undefined && { kind: type }),
      },
      limit,
      explain: true,
    });
    if (answer.retryAfterS !== undefined)
      return err({ code: "overloaded", retryAfterS: answer.retryAfterS });
    hits.push(...answer.hits);
    partial ||= answer.partial;
  }
  return ok({ hits: hits.toSorted((a, b) => b.score - a.score).slice(0, limit), partial });
}

/** Asked again of what the catalog says, since a card in search may be a moment behind it. */
function isMatch(
  agent: AgentRecord,
  quality: Quality | null,
  asking: { accountId: string },
  { requiredCapabilities = [], type }: MatchInput,
): boolean {
  return (
    isVisibleTo(agent, asking) &&
    agent.state === "active" &&
    quality?.isOut !== true &&
    (type === undefined || agent.type === type) &&
    requiredCapabilities.every((one) => agent.capabilities.includes(one))
  );
}

function matchOf(
  { score: similarity, why }: SearchHit,
  agent: AgentRecord,
  observed: Quality | null,
  asking: { accountId: string },
  { requiredCapabilities }: MatchInput,
  nowMs: number,
): Match {
  const quality = qualityFor(observed, requiredCapabilities ?? [], nowMs);
  const shown = requiredCapabilities?.length ? requiredCapabilities : agent.capabilities;
  return {
    agentId: agent.id,
    accountId: agent.accountId,
    name: agent.name,
    type: agent.type,
    score: similarity * quality.value,
    why: {
      similarity,
      cosine: why?.semantic?.cosine ?? null,
      words: why?.lexical?.normalised ?? null,
      capabilities: shown.map((capability) => ({
        capability,
        grade: gradeOf(observed, capability, nowMs),
      })),
      quality,
      takesMessages: takesFrom(agent, asking),
    },
  };
}

/** What takes no messages of the caller's is shown, behind all that do. */
const ranked = (matches: readonly Match[]): Match[] =>
  matches.toSorted(
    (a, b) => Number(b.why.takesMessages) - Number(a.why.takesMessages) || b.score - a.score,
  );
