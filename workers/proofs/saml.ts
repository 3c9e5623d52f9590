import { SAML, ValidateInResponseTo } from "@node-saml/node-saml";
import { samlSubject, samlXml } from "#domain/federation/saml.ts";
import type { Proofs } from "#domain/proofs/model.ts";
import { base64Of } from "#domain/shared/bytes.ts";

/**
 * Whom a posted SAML response vouches for. The library checks the signature and hands over the bytes that were signed; what
 * they must say is checked by ourselves, because it lets several of those things pass that only its caller can know.
 */
export async function verifySaml({
  response,
  certificates,
  expected,
  nowMs,
}: Proofs["saml-response"]["input"]): Promise<Proofs["saml-response"]["output"]> {
  const xml = samlXml(response);
  if (!xml.ok) return { refused: xml.error };
  const saml = new SAML({
    idpCert: certificates,
    issuer: expected.audience,
    callbackUrl: expected.acsUrl,
    // Either signature will do where it covers the assertion; what is read are the signed bytes alone.
    wantAssertionsSigned: false,
    wantAuthnResponseSigned: false,
    // Below, all of it, and of the signed part alone.
    validateInResponseTo: ValidateInResponseTo.never,
    audience: false,
    acceptedClockSkewMs: -1,
  });
  const SAMLResponse = base64Of(new TextEncoder().encode(xml.value));
  const outcome = await saml.validatePostResponseAsync({ SAMLResponse }).catch(() => null);
  const signed = outcome?.profile?.getAssertion?.()["Assertion"];
  if (signed === undefined) return { refused: "no key of the provider has signed it" };
  const subject = samlSubject(signed, expected, nowMs);
  return subject.ok ? subject.value : { refused: subject.error };
}
