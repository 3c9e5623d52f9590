import type { CardStanding } from "#domain/a2a/card-signature.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import {
  describedBy,
  endpointOf,
  type Outside,
  type OutsideInput,
  type ReadCard,
  refreshed,
} from "#domain/agents/outside.ts";
import { registerAgent } from "#domain/agents/register.ts";
import { checkShown } from "#domain/agents/shown-text.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

type Fetched = ReadCard & { etag: string | null; standing: CardStanding };
type FetchProblem = Problem<"egress-refused" | "egress-failed" | "invalid-request">;

type Deps = {
  agents: Parameters<typeof registerAgent>[0]["agents"] & {
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

/** Registers an agent that runs elsewhere by the address of its card. */
export async function registerOutside(
  deps: Deps,
  by: { accountId: string; principalId: string },
  input: OutsideInput,
  idBytes: Uint8Array,
  nowMs: number,
): Promise<Result<AgentRecord, Problem>> {
  const { cardUrl, name, authorization, ...rest } = input;
  const fetched = await deps.outside.card(cardUrl, null);
  if (!fetched.ok) return fetched;
  if (fetched.value === null) return err({ code: "egress-failed" });
  const endpoint = callable(deps, fetched.value);
  if (!endpoint.ok) return endpoint;
  const outside: Outside = {
    cardUrl,
    ...known(fetched.value, endpoint.value, nowMs),
    authorization:
      authorization === undefined
        ? null
        : {
            sealed: await deps.outside.seal(by.accountId, authorization),
            origin: new URL(endpoint.value).origin,
          },
  };
  const described = describedBy(fetched.value.card);
  const made = {
    ...rest,
    ...described,
    name: name ?? described.name,
    start: true,
    envelopeKeys: [],
  };
  return await registerAgent(deps, by, made, idBytes, nowMs, outside);
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
  { outside }: Deps,
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
