import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

const kid = text(LIMITS.keyIdCharsMax).regex(
  /^[A-Za-z0-9._~-]+$/,
  "must be letters, digits, . _ ~ -",
);
/** 32 bytes in base64url. */
const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "must be 32 bytes in base64url");
const use = z.enum(["sig", "enc"]);

/** A public key of an agent (RFC 7517, 7518 section 6.2, 8037). What is private in a key is an unknown field, and refused. */
export const envelopeKey = z.union([
  z.strictObject({
    kty: z.literal("EC"),
    crv: z.literal("P-256"),
    kid,
    use,
    x: coordinate,
    y: coordinate,
  }),
  z.strictObject({
    kty: z.literal("OKP"),
    crv: z.literal("Ed25519"),
    kid,
    use: z.literal("sig"),
    x: coordinate,
  }),
  z.strictObject({
    kty: z.literal("OKP"),
    crv: z.literal("X25519"),
    kid,
    use: z.literal("enc"),
    x: coordinate,
  }),
]);
export type EnvelopeKey = z.infer<typeof envelopeKey>;

/** What an agent's envelopes are signed and encrypted with, the newest first: an older one goes on opening what is on its way. */
export const envelopeKeys = z
  .array(envelopeKey)
  .max(LIMITS.envelopeKeysMax)
  .refine(
    (keys) => new Set(keys.map((key) => key.kid)).size === keys.length,
    "must name each key once",
  );

/** What a key signs with: the key decides, never the header of what is to be verified. */
export const signatureAlgorithmOf = ({ crv }: EnvelopeKey): "ES256" | "EdDSA" =>
  crv === "P-256" ? "ES256" : "EdDSA";
