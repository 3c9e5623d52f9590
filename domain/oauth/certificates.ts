import { base64url } from "jose";
import { z } from "zod";

/** The client certificate of a connection, as whoever ended its TLS saw it; possession of its key is proven by the handshake. */
export type Certificate = {
  /** SHA-256 of the certificate in DER, base64url: `x5t#S256` (RFC 8705 section 3.1). */
  thumbprint: string;
  /** RFC 2253 or 4514, of a certificate that an authority we were told to trust has signed; null for any other. */
  subject: string | null;
};

/** What Cloudflare tells of it (`request.cf.tlsClientAuth`); no client can write there. */
const told = z.object({
  certPresented: z.literal("1"),
  certVerified: z.string(),
  certFingerprintSHA256: z.string().regex(/^[0-9a-f]{64}$/i),
  certSubjectDNRFC2253: z.string().max(1_024).optional(),
  certRevoked: z.string().optional(),
});

/** The certificate of a request, or null where there is none that counts. */
export function certificateIn(tlsClientAuth: unknown): Certificate | null {
  const outcome = told.safeParse(tlsClientAuth);
  if (!outcome.success || outcome.data.certRevoked === "1") return null;
  const { certFingerprintSHA256, certVerified, certSubjectDNRFC2253 } = outcome.data;
  const hex = certFingerprintSHA256.toLowerCase();
  const bytes = Uint8Array.from({ length: 32 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
  return {
    thumbprint: base64url.encode(bytes),
    subject: certVerified === "SUCCESS" ? (certSubjectDNRFC2253 ?? null) : null,
  };
}
