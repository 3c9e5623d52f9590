import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";

/** The A2A extension (A2A 1.0 section 4.6); docs/design/envelope.md is its specification. */
export const ENVELOPE_URI = "urn:wishub:a2a:envelope:1";
/** Of the data part that carries one. */
export const ENVELOPE_MEDIA_TYPE = "application/vnd.wishub.envelope+json";
export const ENVELOPE_ENCRYPTION = "AES-256-GCM";
export const A2A_VERSION = "1.0";

/** An envelope is taken for so long after it was sealed; clocks may differ by the second. */
export const ENVELOPE_LIFE_MS = 300_000;
export const ENVELOPE_SKEW_MS = 60_000;

const word = z.string().min(1).max(LIMITS.cardWordCharsMax);
const words = z.array(word).max(LIMITS.capabilitiesMax);

/** As it is sent. What else stands in it is signed as well, and otherwise ignored. */
export const envelope = z.object({
  a2aVersion: z.literal(A2A_VERSION),
  messageType: word,
  sourceAgent: z.object({ id: word, type: word, capabilities: words }),
  targetAgent: z.object({ id: word, type: word, requiredCapabilities: words }),
  /** A compact JWE (RFC 7516) of `envelopePayload`. */
  payload: z.string().min(1).max(LIMITS.envelopePayloadCharsMax),
  security: z.object({
    encryption: z.literal(ENVELOPE_ENCRYPTION),
    /** A compact JWS without its payload (RFC 7515, appendix F). */
    signature: z.string().min(1).max(LIMITS.envelopeSignatureCharsMax),
    timestamp: z.iso.datetime(),
  }),
});
export type Envelope = z.infer<typeof envelope>;

/** What only the target reads. */
export const envelopePayload = z.object({
  task: z.json(),
  data: z.json(),
  context: z.json(),
});
export type EnvelopePayload = z.infer<typeof envelopePayload>;
