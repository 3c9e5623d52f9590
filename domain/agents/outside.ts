import { z } from "zod";
import { type AgentCard, agentCard, PROTOCOL_VERSION } from "#domain/a2a/card.ts";
import type { CardStanding } from "#domain/a2a/card-signature.ts";
import { agentInput, type AgentInput } from "#domain/agents/model.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { parseJson } from "#domain/shared/parse.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";

/** What is known of an agent whose program is not ours, from the card that its publisher shows. */
export type Outside = {
  cardUrl: string;
  /** Of the card as it was read last. */
  etag: string | null;
  standing: CardStanding;
  cardVersion: string;
  /** Where it takes JSON-RPC. */
  endpoint: string;
  checkedAtMs: number;
  /** What its account said in place of the card: it stays when the card changes. */
  ownWords: readonly ("description" | "capabilities")[];
  /** What it wants in `Authorization`, sealed, and the origin that this is for: a card that moves does not take it along. */
  authorization: { sealed: string; origin: string } | null;
};

/**
 * Who is registered: an agent that runs here, described in full, or one that runs elsewhere by the address of its card.
 * What is not said of that one is read from the card, and read again when the card changes.
 */
export const registration = z
  .strictObject({
    ...agentInput.shape,
    name: agentInput.shape.name.optional(),
    description: agentInput.shape.description.optional(),
    capabilities: agentInput.shape.capabilities.optional(),
    /** Of its A2A 1.0 card, where it runs elsewhere. */
    cardUrl: text(LIMITS.urlCharsMax).optional(),
    /** Sent to it with every call, for everybody whose calls it takes. */
    authorization: text(LIMITS.clientSecretCharsMax)
      .regex(/^[\x21-\x7e]+( [\x21-\x7e]+)*$/, "must be what a header can hold")
      .optional(),
  })
  .superRefine((given, context) => {
    const isElsewhere = given.cardUrl !== undefined;
    for (const name of DESCRIBED)
      if (!isElsewhere && given[name] === undefined)
        context.addIssue({ code: "custom", path: [name], message: "is needed without a cardUrl" });
    if (!isElsewhere && given.authorization !== undefined)
      context.addIssue({
        code: "custom",
        path: ["authorization"],
        message: "is for an agent that runs elsewhere, with its cardUrl",
      });
  });
type Registration = z.output<typeof registration>;
const DESCRIBED = ["name", "description", "capabilities"] as const;

/** One that runs here, which the schema has seen to be described in full. */
export const hereOf = (given: Registration): AgentInput => ({
  name: given.name ?? "",
  type: given.type,
  description: given.description ?? "",
  capabilities: given.capabilities ?? [],
  visibility: given.visibility,
  accepts: given.accepts,
  envelopeKeys: given.envelopeKeys,
  start: given.start,
});

/** One that runs elsewhere. */
export type Elsewhere = Registration & { cardUrl: string };
export const isElsewhere = (given: Registration): given is Elsewhere => given.cardUrl !== undefined;

/** A card is looked at again when it is used after this long. */
export const CARD_LIFE_MS = 3_600_000;

/** A card as somebody sent it, and what A2A knows of it. */
export type ReadCard = { sent: unknown; card: AgentCard };

/** The card in an answer; unknown fields are passed over. */
export function cardFrom(bytes: Uint8Array): Result<ReadCard, Problem<"invalid-request">> {
  const sent = parseJson(bytes, z.json());
  const card = sent.ok ? agentCard.safeParse(sent.value) : null;
  return sent.ok && card?.success === true
    ? ok({ sent: sent.value, card: card.data })
    : refused("shows no Agent Card of A2A 1.0");
}

/** Where an agent is called, by its card; only JSON-RPC is spoken to agents outside. */
export function endpointOf({ supportedInterfaces }: AgentCard): string | null {
  const found = supportedInterfaces.find(
    ({ protocolBinding, protocolVersion }) =>
      protocolBinding === "JSONRPC" &&
      (protocolVersion === PROTOCOL_VERSION || protocolVersion.startsWith(`${PROTOCOL_VERSION}.`)),
  );
  return found?.url ?? null;
}

/** What the registry shows of a card. All of it is checked like what our own agents say of themselves. */
export function describedBy(
  card: AgentCard,
): Pick<AgentInput, "name" | "description" | "capabilities"> {
  const words = card.skills.map(({ id, name }) => slugOf(id) || slugOf(name));
  const capabilities = [...new Set(words)].filter((one) => one !== "");
  return {
    name: cut(card.name, LIMITS.nameCharsMax),
    description: cut(card.description, LIMITS.agentDescriptionCharsMax),
    capabilities: capabilities.slice(0, LIMITS.capabilitiesMax),
  };
}

/** The agent as a newer card has it; null where nothing that matters has changed. Its name here stays. */
export function refreshed(
  agent: AgentRecord,
  outside: Outside,
  card: AgentCard,
  nowMs: number,
): AgentRecord {
  const { description, capabilities } = describedBy(card);
  const own = Object.fromEntries(outside.ownWords.map((word) => [word, agent[word]]));
  const version = agent.version + 1;
  return { ...agent, description, capabilities, ...own, outside, version, updatedAtMs: nowMs };
}

const slugOf = (words: string): string =>
  words
    .slice(0, LIMITS.capabilityCharsMax * 2)
    .toLowerCase()
    .replaceAll(/[^a-z0-9.:/-]+/g, "-")
    .replaceAll(/[.:/-]+/g, (marks) => marks[0] ?? "")
    .slice(0, LIMITS.capabilityCharsMax)
    .replaceAll(/^[.:/-]|[.:/-]$/g, "");

/** Whole characters, and no blanks at the ends. */
const cut = (words: string, max: number): string =>
  words
    .trim()
    .slice(0, max)
    .replace(/[\uD800-\uDBFF]$/, "")
    .trim();

const refused = (detail: string) =>
  err<Problem<"invalid-request">>({
    code: "invalid-request",
    errors: [{ pointer: "/cardUrl", detail }],
  });
