import { type Hop, nextHop } from "#domain/delegation/hop.ts";
import type { DelegationInput } from "#domain/delegation/model.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** Why a hop is refused, before anything is stored at whoever would be given the work. */
export const DELEGATION_REFUSALS = [
  "delegation-loop",
  "delegation-too-deep",
  "delegation-over",
  "delegation-unclear",
  "budget-exhausted",
] as const;

/** Work that an agent, or a person or service (`from` null), hands to an agent. */
type Work = {
  from: string | null;
  to: string;
  asked: DelegationInput;
  /** The same for every repetition of one request; null where nothing is repeated. */
  repeatKey: string | null;
};

/** The hop by which work goes on, made or refused where its sender's own hops are kept; nothing has been given to anybody. */
export async function hopFor(
  env: Env,
  { from, to, asked, repeatKey }: Work,
  nowMs: number,
): Promise<Result<{ hop: Hop; isNew: boolean }, Problem>> {
  const deadlineMs = asked.deadline === undefined ? undefined : Date.parse(asked.deadline);
  const wanted = {
    id: await idOf(repeatKey && `${from} ${to} ${repeatKey}`),
    to,
    ...(asked.budget !== undefined && { budget: asked.budget }),
    ...(deadlineMs !== undefined && { deadlineMs }),
  };
  if (from !== null)
    return await env.AGENT.getByName(from).delegate(from, { ...wanted, of: asked.of ?? null });
  if (asked.of !== undefined)
    return err({ code: "delegation-over", detail: "only an agent hands work on" });
  const first = nextHop(null, null, wanted, nowMs);
  return first.ok ? ok({ hop: first.value.hop, isNew: true }) : first;
}

/** The work found no taker: it has cost nothing. One that was made before may have found one. */
export async function notTaken(
  env: Env,
  from: string | null,
  { hop, isNew }: { hop: Hop; isNew: boolean },
): Promise<void> {
  if (from !== null && isNew) await env.AGENT.getByName(from).takeBackHop(hop.id);
}

async function idOf(repeatKey: string | null): Promise<string> {
  const hex =
    repeatKey === null
      ? crypto.randomUUID().replaceAll("-", "")
      : (await sha256Hex(repeatKey)).slice(0, 32);
  return `hop_${hex}`;
}
