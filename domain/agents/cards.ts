import type { AgentVisibility } from "#domain/agents/model.ts";
import { type AgentHappened, tellAgents } from "#domain/agents/happenings.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import type { Collection, ContentClaim, IndexedUnit } from "#domain/search/model.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { ok, type Result } from "#domain/shared/result.ts";
import { detectLanguage } from "#domain/units/language.ts";
import { embeddable, passagesOf } from "#domain/units/passages.ts";

/** The cards that everybody's matches look through. */
export const LISTED_CARDS = "agents";

/** Whose collection a card is in; listed cards are in one for all. */
export const cardsOwner = (accountId: string, visibility: AgentVisibility): string =>
  visibility === "listed" ? LISTED_CARDS : `${LISTED_CARDS}.${accountId}`;

/** What is open of one agent: `seqs` are its changes, oldest first, and `agent` is how it stands at the last; null where it is gone. */
export type AgentChange = {
  agentId: string;
  accountId: string;
  agent: AgentRecord | null;
  /** It has stopped answering. */
  isOut: boolean;
  seqs: number[];
  /** Among whose cards it may still be. */
  was: AgentVisibility[];
  /** What its topic was not told of yet. */
  happened: AgentHappened[];
};

/** Whether its card is to be found at all. */
export const isFindable = (agent: Pick<AgentRecord, "state">): boolean => agent.state === "active";

type EmbedProblem = Problem<"no-model-bound" | "overloaded">;
type Deps = {
  agents: {
    changesOf(agentIds: readonly string[]): Promise<AgentChange[]>;
    changesTold(told: readonly AgentHappened[]): Promise<void>;
    changesDone(changes: readonly AgentChange[]): Promise<void>;
  };
  topics: Parameters<typeof tellAgents>[0]["topics"];
  search: {
    index(collection: Collection, units: IndexedUnit[]): Promise<void>;
    remove(collection: Collection, claims: ContentClaim[]): Promise<void>;
  };
  spaces: {
    writeSpacesOf(owner: string): Promise<{ id: string }[]>;
    indexSpacesOf(owner: string): Promise<{ id: string }[]>;
  };
  embed: {
    documents(space: string, texts: string[]): Promise<Result<Float32Array[], EmbedProblem>>;
  };
  sha256Hex(text: string): Promise<string>;
};

/**
 * Tells of what changed of these agents, and makes the search over cards say what the catalog says of them. A change's
 * number is the card's version, so doing it twice, late or beside another one leaves the newest. What cannot be embedded
 * or told now stays open.
 */
export async function indexCards(
  deps: Deps,
  agentIds: readonly string[],
): Promise<Result<undefined, EmbedProblem>> {
  const changes = await deps.agents.changesOf(agentIds);
  const open = changes.flatMap(({ happened }) => happened);
  const [told, indexed] = await Promise.all([tellAgents(deps, open), index(deps, changes)]);
  const all = new Set(told);
  const done = changes.filter(({ happened }) => happened.every((one) => all.has(one)));
  if (indexed.ok && done.length > 0) await deps.agents.changesDone(done);
  // Where no model is bound they stay open for as long: they are told only once.
  if (!indexed.ok && told.length > 0) await deps.agents.changesTold(told);
  return indexed;
}

async function index(
  deps: Deps,
  changes: readonly AgentChange[],
): Promise<Result<undefined, EmbedProblem>> {
  const cards = await Promise.all(
    changes.map(async (change) => ({ change, contentKey: await deps.sha256Hex(change.agentId) })),
  );
  for (const [owner, members] of Map.groupBy(cards, ({ change }) => ownerNow(change) ?? "")) {
    if (owner === "") continue;
    for (const { id: space } of await deps.spaces.indexSpacesOf(owner)) {
      const units = await documentsOf(deps, space, members);
      if (!units.ok) return units;
      await deps.search.index({ owner, space }, units.value);
    }
  }
  const left = cards.flatMap((card) =>
    ownersBefore(card.change).map((owner) => ({ owner, claim: claimOf(card) })),
  );
  for (const [owner, members] of Map.groupBy(left, (each) => each.owner)) {
    const claims = members.map(({ claim }) => claim);
    for (const { id: space } of await deps.spaces.writeSpacesOf(owner))
      await deps.search.remove({ owner, space }, claims);
  }
  return ok(undefined);
}

type Card = { change: AgentChange; contentKey: string };

/** Where the card belongs now; null where it is not to be found. */
const ownerNow = ({ agent, isOut }: AgentChange): string | null =>
  agent !== null && isFindable(agent) && !isOut
    ? cardsOwner(agent.accountId, agent.visibility)
    : null;

function ownersBefore(change: AgentChange): string[] {
  const now = ownerNow(change);
  const before = change.was.map((visibility) => cardsOwner(change.accountId, visibility));
  return before.filter((owner) => owner !== now);
}

const versionOf = ({ seqs }: AgentChange): number => seqs.at(-1) ?? 0;

const claimOf = ({ change, contentKey }: Card): ContentClaim => ({
  contentKey,
  unitId: change.agentId,
  version: versionOf(change),
});

async function documentsOf(
  { embed }: Deps,
  space: string,
  cards: readonly Card[],
): Promise<Result<IndexedUnit[], EmbedProblem>> {
  const drafts = cards.flatMap((card) =>
    card.change.agent === null
      ? []
      : [{ card, agent: card.change.agent, passages: cardPassages(card.change.agent) }],
  );
  const texts = drafts.flatMap(({ agent, passages }) =>
    passages.map((passage) => embeddable(agent.name, passage)),
  );
  const embedded = await embed.documents(space, texts);
  if (!embedded.ok) return embedded;
  let at = 0;
  return ok(
    drafts.map(({ card, agent, passages }) => ({
      ...claimOf(card),
      title: agent.name,
      kind: agent.type,
      language: detectLanguage(agent.name, agent.description),
      tags: agent.capabilities,
      level: "L0",
      passages: passages.map((text) => ({ text, vector: vectorAt(embedded.value, at++) })),
    })),
  );
}

function vectorAt(vectors: readonly Float32Array[], at: number): Float32Array {
  const vector = vectors[at];
  if (vector === undefined) throw new Error("fewer vectors than texts were answered");
  return vector;
}

/** What a card is found by: what it says, and the words of its capabilities. */
export function cardPassages({
  name,
  description,
  capabilities,
}: Pick<AgentRecord, "name" | "description" | "capabilities">): string[] {
  const words = capabilities.map((one) => one.replaceAll(/[.:/-]/g, " ")).join(", ");
  return passagesOf(name, words === "" ? description : `${description}\n${words}`);
}
