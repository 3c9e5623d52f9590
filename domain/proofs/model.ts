import type { SamlExpectation, SamlSubject } from "#domain/federation/saml.ts";
import type { Result } from "#domain/shared/result.ts";

/** A passkey as it is kept: `publicKey` is COSE in base64url, `counter` what its authenticator counted last. */
export type PasskeyRecord = {
  id: string;
  publicKey: string;
  counter: number;
  transports: string[];
};

/** What a browser's ceremony answered (WebAuthn 5.1), and what it must have been about. */
export type Ceremony = {
  response: Record<string, unknown>;
  challenge: string;
  origin: string;
  /** The relying party: the host of the public URL. */
  rpId: string;
};

/** Each proof by name: what it is given and what it answers. Every one is a pure function of its input. */
export type Proofs = {
  /** bcrypt of a password's digest (domain/people/password.ts). */
  "hash-password": { input: { digest: string }; output: string };
  "verify-password": { input: { digest: string; hash: string }; output: boolean };
  /** The passkey that was made, or null where the ceremony proves nothing. */
  "passkey-registration": { input: Ceremony; output: PasskeyRecord | null };
  /** What the authenticator counted, or null. */
  "passkey-sign-in": {
    input: Ceremony & { passkey: PasskeyRecord };
    output: { counter: number } | null;
  };
  /** A posted response, base64; `certificates` are the provider's, PEM. */
  "saml-response": {
    input: { response: string; certificates: string[]; expected: SamlExpectation; nowMs: number };
    output: SamlSubject | { refused: string };
  };
};
export type ProofKind = keyof Proofs;

/** Too many proofs are being worked on; nothing was begun. */
export type Busy = { busy: true; retryAfterS: number };
export type Proven<K extends ProofKind> = Result<Proofs[K]["output"], Busy>;

/** The port: asks for one proof. */
export type Prove = <K extends ProofKind>(kind: K, input: Proofs[K]["input"]) => Promise<Proven<K>>;
