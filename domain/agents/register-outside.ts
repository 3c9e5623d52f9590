import type { CardStanding } from "#domain/a2a/card-signature.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import type { AgentInput } from "#domain/agents/model.ts";
import {
  describedBy,
  type Elsewhere,
  endpointOf,
  type Outside,
  type ReadCard,
  refreshed,
} from "#domain/agents/outside.ts";
import { checkShown } from "#domain/agents/shown-text.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

type Fetched = ReadCard & { etag: string | null; standing: CardStanding };
type FetchProblem = Problem<"egress-refused" | "egress-failed" | "invalid-request">;

type Deps = {
  agents: {
    /** Stores it in the place of the version before it, if that is still the one there. */
    replaceAgent(agent: AgentRecord): Promise<"done" | "stale" | "name-taken">;
  };
  outside: {
    /** The card at an address, with what its signatures are worth; null where it is still the one of that ETag. */
    card(url: string, etag: string | null): Promise<Result<Fetched | null, FetchProblem>>;
    mayCall(url: string): Problem<"egress-refused"> | null;
    seal(accountId: string, text: string): Promise<string>;
  };
};

/** An agent that runs elsewhere as its card describes it, where its account does not say otherwise. */
export async function readElsewhere(
  deps: Pick<Deps, "outside">,
  accountId: string,
  given: Elsewhere,
  nowMs: number,
): Promise<Result<{ input: AgentInput; outside: Outside }, Problem>> {
  const { cardUrl, authorization, name, description, capabilities, ...rest } = given;
  const fetched = await deps.outside.card(cardUrl, null);
  if (!fetched.ok) return fetched;
  if (fetched.value === null) return err({ code: "egress-failed" });
  const endpoint = callable(deps, fetched.value);
  if (!endpoint.ok) return endpoint;
  const described = describedBy(fetched.value.card);
  const outside: Outside = {
    cardUrl,
    ...known(fetched.value, endpoint.value, nowMs),
    ownWords: (["description", "capabilities"] as const).filter(
      (word) => given[word] !== undefined,
    ),
    authorization:
      authorization === undefined
        ? null
        : {
            sealed: await deps.outside.seal(accountId, authorization),
            origin: new URL(endpoint.value).origin,
          },
  };
  const input = {
    ...rest,
    name: name ?? described.name,
    description: description ?? described.description,
    capabilities: capabilities ?? described.capabilities,
  };
  return ok({ input, outside });
}

/**
 * The agent as its publisher shows it now. A card that points where nothing may be called is not taken over; one that
 * was altered is, and marked.
 */
export async function refreshOutside(
  deps: Deps,
  agent: AgentRecord,
  nowMs: number,
): Promise<Result<AgentRecord, Problem>> {
  const { outside } = agent;
  if (outside === null) return err({ code: "conflict", detail: "it is no agent outside" });
  const fetched = await deps.outside.card(outside.cardUrl, outside.etag);
  if (!fetched.ok) return fetched;
  let next: AgentRecord;
  if (fetched.value === null) {
    const checked = { ...outside, checkedAtMs: nowMs };
    next = { ...agent, outside: checked, version: agent.version + 1 };
  } else {
    const endpoint = callable(deps, fetched.value);
    if (!endpoint.ok) return endpoint;
    const now = { ...outside, ...known(fetched.value, endpoint.value, nowMs) };
    next = refreshed(agent, now, fetched.value.card, nowMs);
    const fit = checkShown(next);
    if (!fit.ok) return fit;
  }
  // Whoever changed it meanwhile will have it looked at again.
  return ok((await deps.agents.replaceAgent(next)) === "done" ? next : agent);
}

const known = ({ card, etag, standing }: Fetched, endpoint: string, nowMs: number) => ({
  etag,
  standing,
  cardVersion: card.version.slice(0, 64),
  endpoint,
  checkedAtMs: nowMs,
});

function callable(
  { outside }: Pick<Deps, "outside">,
  { card }: ReadCard,
): Result<string, Problem<"egress-refused" | "invalid-request">> {
  const endpoint = endpointOf(card);
  if (endpoint === null) {
    const detail = "shows no address that takes JSON-RPC of A2A 1.0";
    return err({ code: "invalid-request", errors: [{ pointer: "/cardUrl", detail }] });
  }
  const refusal = outside.mayCall(endpoint);
  return refusal === null ? ok(endpoint) : err(refusal);
}
