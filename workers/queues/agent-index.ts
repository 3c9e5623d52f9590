import { servicesOf } from "#adapters/index.ts";

/**
 * Agents whose cards are to be taken into search once more. The catalog keeps what is open and its relay sends it again,
 * later each time, so a message is done with whatever becomes of it.
 */
export async function indexAgents(batch: MessageBatch, env: Env): Promise<void> {
  const agentIds = batch.messages.flatMap(({ body }) => agentIdOf(body) ?? []);
  batch.ackAll();
  await servicesOf(env).cards.changed([...new Set(agentIds)]);
}

function agentIdOf(body: unknown): string | null {
  const { agentId } = (typeof body === "object" && body !== null ? body : {}) as {
    agentId?: unknown;
  };
  return typeof agentId === "string" ? agentId : null;
}
