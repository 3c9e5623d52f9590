import { v4, v6 } from "#domain/shared/network.ts";

/** What the world's routers do not carry, or carry to somebody else's inside (IANA special-purpose registry, RFC 6890). */
const NOT_PUBLIC_V4 = [
  "0.0.0.0/8", // this network (RFC 791)
  "10.0.0.0/8",
  "100.64.0.0/10", // carriers' own (RFC 6598)
  "127.0.0.0/8",
  "169.254.0.0/16", // link-local, with the clouds' metadata services
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24", // documentation
  "192.88.99.0/24", // 6to4 relays, withdrawn
  "192.168.0.0/16",
  "198.18.0.0/15", // benchmarks
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, and broadcast
] as const;

/** The only IPv6 addresses that are given out (RFC 4291); mapped, translated, local and multicast ones lie outside. */
const GLOBAL_V6 = "2000::/3";
const NOT_PUBLIC_V6 = [
  "2001::/23", // protocol assignments: Teredo carries an IPv4 address inside
  "2001:db8::/32", // documentation
  "2002::/16", // 6to4 carries an IPv4 address inside
  "3fff::/20", // documentation
] as const;

/** For a network layer that checks what a name resolved to; it takes no exceptions inside a range. */
export const NOT_PUBLIC: readonly string[] = [
  ...NOT_PUBLIC_V4,
  ...NOT_PUBLIC_V6,
  "::/3",
  "4000::/2",
  "8000::/1",
];

type Range = { base: bigint; bits: number };
const V4 = NOT_PUBLIC_V4.map((text) => range(text, 32));
const V6 = NOT_PUBLIC_V6.map((text) => range(text, 128));
const GIVEN_OUT = range(GLOBAL_V6, 128);

/** Whether a host, as a URL parser writes it, is an address; then, whether it is one of the public network's. */
export function kindOfHost(host: string): "name" | "public" | "private" {
  const inside = host.startsWith("[") ? host.slice(1, -1) : host;
  if (inside.includes(":")) {
    const address = v6(inside);
    if (address === null || !isIn(address, GIVEN_OUT, 128)) return "private";
    return V6.some((each) => isIn(address, each, 128)) ? "private" : "public";
  }
  const address = v4(inside);
  if (address === null) return "name";
  return V4.some((each) => isIn(address, each, 32)) ? "private" : "public";
}

function isIn(address: bigint, { base, bits }: Range, width: number): boolean {
  return address >> BigInt(width - bits) === base >> BigInt(width - bits);
}

function range(text: string, width: 32 | 128): Range {
  const [address = "", bits = ""] = text.split("/");
  const base = width === 32 ? v4(address) : v6(address);
  if (base === null) throw new Error(`${text} is not a range`);
  return { base, bits: Number(bits) };
}
