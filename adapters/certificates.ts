import { X509Certificate } from "node:crypto";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

const BITS_MIN = 2_048;

/** Whether each is a certificate of an RSA key that is long enough. When it ends says nothing: a provider's metadata vouches for it. */
export function checkCertificates(
  certificates: readonly string[],
): Result<null, Problem<"invalid-request">> {
  const wrong = certificates.findIndex((pem) => (bitsOf(pem) ?? 0) < BITS_MIN);
  if (wrong < 0) return ok(null);
  const detail = `must be a certificate of an RSA key of at least ${BITS_MIN} bits`;
  return err({
    code: "invalid-request",
    errors: [{ pointer: `/certificates/${wrong}`, detail }],
  });
}

function bitsOf(pem: string): number | undefined {
  try {
    const { publicKey } = new X509Certificate(pem);
    return publicKey.asymmetricKeyType === "rsa"
      ? publicKey.asymmetricKeyDetails?.modulusLength
      : undefined;
  } catch {
    return undefined;
  }
}
