import { agentCardOf, platformCardOf, type AgentCard } from "#domain/a2a/card.ts";
import { signedCard } from "#domain/a2a/card-signature.ts";
import { manifestOf, NAMED_AGENTS_MAX } from "#domain/a2a/discovery.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import { kept } from "#domain/shared/kept.ts";
import type { agentPort } from "#adapters/agents.ts";
import type { signingKeys } from "#adapters/signing.ts";

/** Some 1,000 cards that were signed in this isolate: a signature costs more than everything else about a card. */
const BYTES_MAX = 4_000_000;
/** How old the list of agents in a manifest may be. */
const MANIFEST_LIFE_MS = 60_000;

/** JSON, and what changes whenever it does. Two isolates write the same card with two signatures, so it is a weak ETag. */
export type Published = { text: string; version: string };

type Keys = Pick<ReturnType<typeof signingKeys>, "signer">;
type Agents = Pick<ReturnType<typeof agentPort>, "listedAgents">;

/** What this installation publishes of itself and of its agents, signed with its own keys. */
export function a2aCards(publicUrl: string, keys: Keys, agents: Agents) {
  const signed = kept<Published & { bytes: number }>(BYTES_MAX);
  let manifest: { made: Published; atMs: number } | undefined;

  async function published(name: string, card: AgentCard, nowMs: number): Promise<Published> {
    const signer = await keys.signer(nowMs);
    const version = `${await versionOf(JSON.stringify(card))}.${signer.kid.slice(0, 8)}`;
    const known = signed.get(name);
    if (known?.version === version) return known;
    const made = await signedCard(card, signer, `${publicUrl}/.well-known/jwks.json`);
    const text = JSON.stringify(made);
    signed.set(name, { text, version, bytes: 2 * text.length });
    return { text, version };
  }

  return {
    agentCard: (agent: AgentRecord, nowMs: number): Promise<Published> =>
      published(agent.id, agentCardOf(agent, publicUrl), nowMs),

    platformCard: (nowMs: number): Promise<Published> =>
      published("platform", platformCardOf(publicUrl), nowMs),

    /** As it was at most a minute ago. */
    async manifest(nowMs: number): Promise<Published> {
      if (manifest !== undefined && Math.abs(nowMs - manifest.atMs) < MANIFEST_LIFE_MS)
        return manifest.made;
      const named = await agents.listedAgents(NAMED_AGENTS_MAX);
      const text = JSON.stringify(manifestOf(publicUrl, named));
      const made = { text, version: await versionOf(text) };
      manifest = { made, atMs: nowMs };
      return made;
    },
  };
}

const versionOf = async (text: string): Promise<string> => (await sha256Hex(text)).slice(0, 16);
