import fc from "fast-check";
import { BlockList, isIPv4, isIPv6 } from "node:net";
import { describe, expect, it } from "vitest";
import { addressFrom, holds, networkFrom } from "./network.ts";

const parsed = (text: string) => {
  const network = networkFrom(text);
  if (network === null) throw new Error(text);
  return network;
};

it("takes exactly the addresses that Node takes", () => {
  const digits = fc.stringMatching(/^[0-9a-f:.]{1,20}$/);
  const text = fc.oneof(fc.ipV4(), fc.ipV6(), digits, fc.string({ maxLength: 20 }));
  fc.assert(
    fc.property(text, (one) => {
      expect(addressFrom(one) !== null, one).toBe(
        isIPv4(one) || (isIPv6(one) && !one.includes("%")),
      );
    }),
    { numRuns: 3_000 },
  );
});

it("agrees with Node about what a network holds", () => {
  const cases = fc.oneof(
    fc.tuple(fc.ipV4(), fc.nat(32), fc.ipV4(), fc.constant<"ipv4">("ipv4")),
    fc.tuple(fc.ipV6(), fc.nat(128), fc.ipV6(), fc.constant<"ipv6">("ipv6")),
  );
  fc.assert(
    fc.property(cases, ([base, bits, other, family]) => {
      const [of, address] = [addressFrom(base), addressFrom(other)];
      if (of === null || address === null || of.width !== (family === "ipv4" ? 32 : 128)) return;
      const list = new BlockList();
      list.addSubnet(base, bits, family);
      const value = (of.value >> BigInt(of.width - bits)) << BigInt(of.width - bits);
      const network = { value, width: of.width, bits };
      if (address.width === of.width)
        expect(holds(network, address)).toBe(list.check(other, family));
      expect(holds(network, of)).toBe(true);
    }),
  );
});

it("takes an IPv4 address inside IPv6 for that IPv4 address", () => {
  expect(addressFrom("::ffff:192.0.2.7")).toEqual(addressFrom("192.0.2.7"));
});

describe("a network is refused", () => {
  it.each([
    "10.0.0.1/8",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/08",
    "10.0.0.0/8/8",
    "::/129",
    "x",
    "",
  ])("%s", (text) => expect(networkFrom(text)).toBeNull());
});

it("knows when one network lies in another", () => {
  expect(holds(parsed("10.0.0.0/8"), parsed("10.1.0.0/16"))).toBe(true);
  expect(holds(parsed("10.1.0.0/16"), parsed("10.0.0.0/8"))).toBe(false);
  expect(holds(parsed("::/0"), parsed("10.0.0.0/8"))).toBe(false);
});
