import type { Message } from "#domain/a2a/wire.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import {
  ENVELOPE_LIFE_MS,
  ENVELOPE_MEDIA_TYPE,
  ENVELOPE_SKEW_MS,
  ENVELOPE_URI,
  envelope,
} from "#domain/envelope/model.ts";
import { envelopeName, verifyEnvelope } from "#domain/envelope/open.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

type AgentOf = (id: string) => Promise<AgentRecord | null>;
/** `seen`: it came before. `full`: too many came to remember another one. */
export type Admitted = "taken" | "seen" | "full";
/** By what it is known, and until when it could come again. */
export type EnvelopeName = { name: string; untilMs: number };
type Asking = { accountId: string; agentId: string | null };

/**
 * What the envelope that a message says it carries is to be known by for as long as it could come again; null where it
 * carries none. Nobody opens it on the way: it is judged by what stands on it and by the keys that its source publishes,
 * and by whoever stores the message, in one go with that, by whether it came before (`admissionRefusal`).
 */
export async function envelopeIn(
  agentOf: AgentOf,
  message: Message,
  target: AgentRecord,
  asking: Asking,
  nowMs: number,
): Promise<Result<EnvelopeName | null, Problem<"envelope-refused">>> {
  const carried = message.parts.filter(({ mediaType }) => mediaType === ENVELOPE_MEDIA_TYPE);
  const isSaid = message.extensions?.includes(ENVELOPE_URI) === true;
  if (carried.length === 0 && !isSaid) return ok(null);
  const [part] = carried;
  if (part === undefined || carried.length > 1) return refused("it carries one envelope, or none");
  const read = envelope.safeParse(part.data);
  if (!read.success) return refused("it is no envelope of A2A 1.0");
  const { sourceAgent, targetAgent } = read.data;
  const source = await agentOf(sourceAgent.id);
  const isSender =
    source?.accountId === asking.accountId &&
    (asking.agentId === null || asking.agentId === source.id);
  if (source === null || !isSender) return refused("its source is not who sends it");
  const says = sourceAgent.capabilities.every((one) => source.capabilities.includes(one));
  if (sourceAgent.type !== source.type || !says)
    return refused("its source is registered as something else");
  if (!targetAgent.requiredCapabilities.every((one) => target.capabilities.includes(one)))
    return refused("its target lacks a capability that it needs");
  const expected = { sourceId: source.id, targetId: target.id, atMs: nowMs };
  const verified = await verifyEnvelope(part.data, source.envelopeKeys, expected);
  if (!verified.ok) return verified;
  const untilMs = nowMs + ENVELOPE_LIFE_MS + ENVELOPE_SKEW_MS;
  return ok({ name: await envelopeName(verified.value), untilMs });
}

/** Why an envelope is not taken by what is remembered of those before it. */
export function admissionRefusal(
  admitted: Admitted,
): Problem<"envelope-refused" | "overloaded"> | null {
  switch (admitted) {
    case "taken":
      return null;
    case "seen":
      return notTaken("it came before");
    case "full":
      return { code: "overloaded", retryAfterS: 60 };
  }
}

const notTaken = (detail: string): Problem<"envelope-refused"> => ({
  code: "envelope-refused",
  detail,
});
const refused = (detail: string) => err(notTaken(detail));
