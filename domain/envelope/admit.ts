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

type Deps = {
  agentOf(id: string): Promise<AgentRecord | null>;
  /** Remembers it until then, for this target. */
  admit(name: string, untilMs: number): Promise<"taken" | "seen" | "full">;
};
type Asking = { accountId: string; agentId: string | null };

/**
 * Why a message that says it carries an envelope is not taken, or null. Nobody opens it on the way: it is judged by what
 * stands on it, by the keys that its source publishes, and by whether it came before.
 */
export async function envelopeRefusal(
  { agentOf, admit }: Deps,
  message: Message,
  target: AgentRecord,
  asking: Asking,
  nowMs: number,
): Promise<Problem<"envelope-refused" | "overloaded"> | null> {
  const carried = message.parts.filter(({ mediaType }) => mediaType === ENVELOPE_MEDIA_TYPE);
  const isSaid = message.extensions?.includes(ENVELOPE_URI) === true;
  if (carried.length === 0 && !isSaid) return null;
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
  if (!verified.ok) return verified.error;
  const untilMs = nowMs + ENVELOPE_LIFE_MS + ENVELOPE_SKEW_MS;
  switch (await admit(await envelopeName(verified.value), untilMs)) {
    case "taken":
      return null;
    case "seen":
      return refused("it came before");
    case "full":
      return { code: "overloaded", retryAfterS: 60 };
  }
}

const refused = (detail: string): Problem<"envelope-refused"> => ({
  code: "envelope-refused",
  detail,
});
