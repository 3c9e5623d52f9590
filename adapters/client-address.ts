import { clientAddressOf, trustFrom } from "#domain/accounts/client-address.ts";

/** Requests that we made for somebody: where that is. */
const told = new WeakMap<Request, string | null>();

/** Says where a request comes from that no client has sent. */
export const cameFrom = (request: Request, address: string | null): void =>
  void told.set(request, address);

/**
 * Where requests come from, as far as anybody who is believed tells (WISHUB_TRUSTED_PROXY; derived configurations for
 * Cloudflare say `cloudflare`). workerd puts its peer into `request.cf.clientIp`, which no client can write.
 */
export function clientAddresses(env: Pick<Env, "WISHUB_TRUSTED_PROXY">) {
  const trusted = trustFrom(env.WISHUB_TRUSTED_PROXY ?? "");
  const trust = trusted.ok ? trusted.value : null;
  return {
    /** Whether client addresses are known here at all. */
    hasAddresses: trust !== null,
    addressOf(request: Request): string | null {
      if (trust === null) return null;
      const known = told.get(request);
      if (known !== undefined) return known;
      const peer: unknown = (request.cf as { clientIp?: unknown } | undefined)?.clientIp;
      return clientAddressOf(trust, {
        peer: typeof peer === "string" ? peer : null,
        connecting: request.headers.get("CF-Connecting-IP"),
        forwarded: request.headers.get("X-Forwarded-For"),
      });
    },
  };
}
