/** An address of the Internet as a number, with the bits its family has. */
export type Address = { value: bigint; width: 32 | 128 };
/** A range of addresses: those that share the first `bits` bits. */
export type Network = Address & { bits: number };

const MAPPED = 0xffffn; // ::ffff:0:0/96 (RFC 4291, 2.5.5.2)

/** Dotted decimal, or RFC 4291 text without a zone. An IPv4 address inside IPv6 is that IPv4 address; null is no address. */
export function addressFrom(text: string): Address | null {
  const four = v4(text);
  if (four !== null) return { value: four, width: 32 };
  const six = v6(text);
  if (six === null) return null;
  return six >> 32n === MAPPED
    ? { value: six & 0xffffffffn, width: 32 }
    : { value: six, width: 128 };
}

/** `192.0.2.0/24`, `2001:db8::/32`, or one address. Null where bits beyond the prefix are set, or it is none. */
export function networkFrom(text: string): Network | null {
  const [host = "", prefix, ...more] = text.split("/");
  const address = addressFrom(host);
  if (address === null || more.length > 0) return null;
  const { value, width } = address;
  if (prefix === undefined) return { value, width, bits: width };
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > width) return null;
  const bits = Number(prefix);
  return (value & ((1n << BigInt(width - bits)) - 1n)) === 0n ? { value, width, bits } : null;
}

/** Whether the network holds the address, or all of the other network. */
export function holds(network: Network, other: Address | Network): boolean {
  if (network.width !== other.width || ("bits" in other && other.bits < network.bits)) return false;
  const rest = BigInt(network.width - network.bits);
  return network.value >> rest === other.value >> rest;
}

/** Dotted decimal only: octal and other forms mean different addresses to different readers. */
export function v4(text: string): bigint | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1);
  if (parts === undefined || parts.some((part) => Number(part) > 255 || /^0\d/.test(part)))
    return null;
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

/** RFC 4291 text, with an IPv4 ending where it has one. */
export function v6(text: string): bigint | null {
  const ending = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (ending !== null) {
    const low = v4(ending[2] ?? "");
    if (low === null) return null;
    const hex = `${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
    return v6(`${ending[1]}${hex}`);
  }
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...Array<string>(missing).fill("0"), ...tail];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return groups.reduce((sum, group) => sum * 65_536n + BigInt(Number.parseInt(group, 16)), 0n);
}
