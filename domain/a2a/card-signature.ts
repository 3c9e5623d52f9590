import canonicalize from "canonicalize";
import {
  base64url,
  type CryptoKey,
  decodeProtectedHeader,
  FlattenedSign,
  flattenedVerify,
  type JWK,
} from "jose";
import { agentCard, type AgentCard } from "#domain/a2a/card.ts";
import type { Signer } from "#domain/oauth/access-token.ts";
import { SIGNING_ALGORITHM } from "#domain/oauth/signing-keys.ts";
import { LIMITS } from "#domain/shared/limits.ts";

/** What a card may be signed with: nothing symmetric, and never nothing. */
const ALGORITHMS = ["ES256", "ES384", "ES512", "EdDSA", "Ed25519", "PS256", "PS384", "RS256"];

/**
 * What was found out about a card. `signed`: by a key that its publisher shows. `altered`: one of those keys signed
 * something else. `unsigned`: nobody whose key is known vouches for it.
 */
export type CardStanding = "signed" | "unsigned" | "altered";

/** The key of that name, as the publisher of the card shows it; null where it shows none. `jku` is what the card claims. */
export type FindKey = (kid: string, jku: string | undefined) => Promise<JWK | CryptoKey | null>;

/** The card with the installation's signature (A2A 1.0 section 8.4, RFC 7515 appendix F, RFC 8785). */
export async function signedCard(
  card: AgentCard,
  signer: Signer,
  jwksUrl: string,
): Promise<AgentCard> {
  const bytes = new TextEncoder().encode(canonicalCard(card));
  const made = await new FlattenedSign(bytes)
    .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: "JOSE", kid: signer.kid, jku: jwksUrl })
    .sign(signer.key);
  const { protected: header = "", signature } = made;
  return { ...card, signatures: [{ protected: header, signature }] };
}

/**
 * Whether a card is as its publisher signed it. Some sign the card as it is sent, some without what is empty or unknown
 * to A2A (section 8.4.1): both are looked for, and only what A2A knows is vouched for in the end.
 */
export async function cardStanding(sent: unknown, findKey: FindKey): Promise<CardStanding> {
  const read = agentCard.safeParse(sent);
  const signatures = read.success ? (read.data.signatures ?? []) : [];
  if (!read.success || signatures.length === 0) return "unsigned";
  const payloads = [canonicalCard(read.data), asSent(sent)].map((text) => base64url.encode(text));
  let standing: CardStanding = "unsigned";
  for (const one of signatures.slice(0, LIMITS.cardSignaturesMax)) {
    const key = await keyOf(one, findKey);
    if (key === null) continue;
    for (const payload of payloads) {
      const jws = { protected: one.protected, signature: one.signature, payload };
      const isGood = await flattenedVerify(jws, key, { algorithms: ALGORITHMS }).then(
        () => true,
        () => false,
      );
      if (isGood) return "signed";
    }
    standing = "altered";
  }
  return standing;
}

async function keyOf(signature: { protected: string }, findKey: FindKey) {
  let header;
  try {
    header = decodeProtectedHeader(signature);
  } catch {
    return null;
  }
  const { kid, jku } = header;
  return typeof kid === "string" ? await findKey(kid, jku) : null;
}

/** What is signed: the card without its signatures and without what is empty, in the form of RFC 8785. */
export const canonicalCard = (card: AgentCard): string =>
  canonicalize(full({ ...card, signatures: undefined }) ?? {}) ?? "{}";

function asSent(sent: unknown): string {
  const { signatures: _, ...card } = sent as Record<string, unknown>;
  return canonicalize(card) ?? "{}";
}

/** Members of A2A's that mean the same where they are false and where they are not there. */
const FALSE_UNLESS_SAID = new Set(["required", "pkceRequired"]);

/** Without nulls, empty texts, lists and objects, all the way down; undefined where nothing is left. */
function full(value: unknown): unknown {
  if (value === null || value === undefined || value === "") return undefined;
  if (Array.isArray(value)) {
    const items = value.map(full).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items;
  }
  if (typeof value !== "object") return value;
  const members = Object.entries(value).flatMap(([name, member]) => {
    const kept = member === false && FALSE_UNLESS_SAID.has(name) ? undefined : full(member);
    return kept === undefined ? [] : [[name, kept] as const];
  });
  return members.length === 0 ? undefined : Object.fromEntries(members);
}
