import type { Identity } from "#domain/federation/identity.ts";
import { NAME_ID, type SamlSettings } from "#domain/federation/provider.ts";
import { acsUrlOf, entityIdOf, samlRequestUrl, type SamlSubject } from "#domain/federation/saml.ts";
import type { Prove } from "#domain/proofs/model.ts";
import { base32 } from "#domain/shared/base32.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

const REQUEST_ID_BYTES = 20;
/** What providers say by these is that a second factor was proven. */
const SECOND_FACTOR = new Set([
  "http://schemas.microsoft.com/claims/multipleauthn",
  "https://refeds.org/profile/mfa",
]);
const FACTORS = "http://schemas.microsoft.com/claims/authnmethodsreferences";
const NAMES = ["displayName", "name", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"];
const EMAILS = [
  "email",
  "mail",
  "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
];

/** The service provider of SAML 2.0: requests by redirect, responses by post, verified in the Worker of proofs. */
export function saml(prove: Prove, publicUrl: string) {
  const forUs = (id: string) => ({
    audience: entityIdOf(publicUrl, id),
    acsUrl: acsUrlOf(publicUrl, id),
  });
  return {
    async begin(id: string, { ssoUrl }: SamlSettings, nowMs: number) {
      // An XML id begins with a letter or an underscore.
      const requestId = `_${base32(crypto.getRandomValues(new Uint8Array(REQUEST_ID_BYTES)))}`;
      const url = await samlRequestUrl(ssoUrl, { ...forUs(id), requestId }, nowMs);
      return { state: requestId, url };
    },

    /** Whom the response vouches for; `once` is what may sign in but once. */
    async finish(
      id: string,
      { entityId, certificates }: SamlSettings,
      { response, requestId }: { response: string; requestId: string },
      nowMs: number,
    ): Promise<
      Result<
        { identity: Identity; once: { id: string; untilMs: number } },
        Problem<"sign-in-refused" | "overloaded">
      >
    > {
      const expected = { issuer: entityId, ...forUs(id), requestId };
      const proof = await prove("saml-response", { response, certificates, expected, nowMs });
      if (!proof.ok) return err({ code: "overloaded", retryAfterS: proof.error.retryAfterS });
      if ("refused" in proof.value)
        return err({ code: "sign-in-refused", detail: proof.value.refused });
      const { assertionId, untilMs } = proof.value;
      return ok({ identity: identityOf(proof.value), once: { id: assertionId, untilMs } });
    },
  };
}

function identityOf({ nameId, attributes }: SamlSubject): Identity {
  const found = new Map<string, readonly string[]>(attributes);
  found.set(NAME_ID, [nameId]);
  const first = (names: readonly string[]) =>
    names.flatMap((name) => found.get(name)?.[0] ?? [])[0] ?? "";
  return {
    subject: nameId,
    attributes: found,
    name: first(NAMES),
    email: first(EMAILS),
    secondFactor: (found.get(FACTORS) ?? []).some((method) => SECOND_FACTOR.has(method)),
  };
}
