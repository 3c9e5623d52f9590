import { LIMITS } from "#domain/shared/limits.ts";
import { addressFrom, holds, type Network, networkFrom } from "#domain/shared/network.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** Whose word about a client's address is believed: Cloudflare's, or that of proxies at these addresses. */
export type Trust = "cloudflare" | readonly Network[];

/** What a request says of where it comes from; only `peer` is what the operating system saw. */
export type Said = {
  /** Whom the connection is with, `address:port`. */
  peer: string | null;
  /** `CF-Connecting-IP`. */
  connecting: string | null;
  /** `X-Forwarded-For`. */
  forwarded: string | null;
};

/** `WISHUB_TRUSTED_PROXY`: `cloudflare`, or networks separated by commas. Null where nothing is set; else the part that is neither. */
export function trustFrom(text: string): Result<Trust | null, string> {
  const parts = text.split(/[\s,]+/).filter((part) => part !== "");
  if (parts.length === 0) return ok(null);
  if (parts.length === 1 && parts[0] === "cloudflare") return ok("cloudflare");
  const networks: Network[] = [];
  for (const part of parts) {
    const network = networkFrom(part);
    if (network === null) return err(part);
    networks.push(network);
  }
  return ok(networks);
}

/**
 * The client's address, or null where nobody who is believed tells it. Of a chain of proxies, each of which adds whom it
 * heard from at the end, the last one that is not a proxy of ours: whatever stands before it the client may have written.
 */
export function clientAddressOf(trust: Trust | null, said: Said): string | null {
  if (trust === null) return null;
  if (trust === "cloudflare") return known(said.connecting ?? "");
  const isOurs = (text: string) => {
    const address = addressFrom(text);
    return address !== null && trust.some((network) => holds(network, address));
  };
  if (said.peer === null || !isOurs(withoutPort(said.peer))) return null;
  const chain = (said.forwarded ?? "").slice(-LIMITS.forwardedCharsMax).split(",");
  const client = chain.map((each) => withoutPort(each.trim())).findLast((each) => !isOurs(each));
  return known(client ?? "");
}

const known = (text: string): string | null => (addressFrom(text) === null ? null : text);

/** `192.0.2.1:443` and `[2001:db8::1]:443` as some proxies and the system write them. */
function withoutPort(text: string): string {
  const [, six, four] = /^(?:\[([0-9a-f:.]+)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/i.exec(text) ?? [];
  return six ?? four ?? text;
}
