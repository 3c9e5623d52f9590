import fc from "fast-check";
import { BlockList } from "node:net";
import { expect, it } from "vitest";
import { kindOfHost, NOT_PUBLIC } from "#domain/egress/address.ts";

const hostOf = (text: string) => URL.parse(`http://${text}/`)?.hostname ?? null;
const ipv4 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const dotted = (n: number) => [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join(".");

/** Node's own reading of the same ranges; a list of both kinds would take an IPv4 address for a mapped one. */
const oracles = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const range of NOT_PUBLIC) {
  const [address = "", bits] = range.split("/");
  const kind = address.includes(":") ? "ipv6" : "ipv4";
  oracles[kind].addSubnet(address, Number(bits), kind);
}

it("agrees with Node about every IPv4 address, also next to the edges of a range", () => {
  const edges = NOT_PUBLIC.filter((range) => !range.includes(":")).flatMap((range) => {
    const [address = "", bits] = range.split("/");
    const first = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    const last = first + 2 ** (32 - Number(bits)) - 1;
    return [first - 1, first, last, last + 1].filter((n) => n >= 0 && n < 2 ** 32);
  });
  const check = (n: number) => {
    const expected = oracles.ipv4.check(dotted(n)) ? "private" : "public";
    expect(kindOfHost(dotted(n)), dotted(n)).toBe(expected);
  };
  for (const n of edges) check(n);
  fc.assert(fc.property(ipv4, check), { numRuns: 1_000 });
});

it("agrees with Node about every IPv6 address, as a URL writes it", () => {
  const group = fc.oneof(
    fc.constant(0),
    fc.constantFrom(0x2001, 0x2002, 0x3fff, 0xdb8, 0xfe80, 0xfc00, 0xff02, 0x64, 0xff9b, 0xffff),
    fc.integer({ min: 0, max: 0xffff }),
  );
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const text = groups.map((each) => each.toString(16)).join(":");
      const host = hostOf(`[${text}]`);
      if (host === null) throw new Error(text);
      expect(kindOfHost(host), host).toBe(oracles.ipv6.check(text, "ipv6") ? "private" : "public");
    }),
    { numRuns: 2_000 },
  );
});

it("knows one address in each of its forms: decimal, hex, octal, short, full-width, percent-encoded, dotted end", () => {
  const forms = (n: number) => {
    const [a = 0, b = 0, c = 0, d = 0] = dotted(n).split(".").map(Number);
    return [
      String(n),
      `0x${n.toString(16)}`,
      `0${n.toString(8)}`,
      `0x${a.toString(16)}.0x${b.toString(16)}.0x${c.toString(16)}.0x${d.toString(16)}`,
      `0${a.toString(8)}.0${b.toString(8)}.0${c.toString(8)}.0${d.toString(8)}`,
      `${a}.${b}.${c * 256 + d}`,
      `${a}.${b * 65_536 + c * 256 + d}`,
      `${dotted(n)}.`,
      dotted(n).replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
      dotted(n).replaceAll(".", "。"),
      dotted(n).replaceAll(/\d/g, (digit) => `%3${digit}`),
    ];
  };
  fc.assert(
    fc.property(ipv4, (n) => {
      for (const form of forms(n)) expect(hostOf(form), form).toBe(dotted(n));
    }),
  );
});

it("takes no IPv6 address that carries an IPv4 one inside, whichever that is", () => {
  fc.assert(
    fc.property(ipv4, (n) => {
      const low = `${(n >>> 16).toString(16)}:${(n & 0xffff).toString(16)}`;
      const carriers = [
        `::ffff:${dotted(n)}`,
        `::ffff:${low}`,
        `::${low}`,
        `64:ff9b::${low}`,
        `2002:${low}::1`,
        `2001:0:${low}::1`,
      ];
      for (const text of carriers)
        expect(kindOfHost(hostOf(`[${text}]`) ?? ""), text).toBe("private");
    }),
  );
});

it("takes names for names and what is in brackets for an address, however broken", () => {
  expect(["example.com", "1.2.3.4.example", "256.256.256.256.x"].map(kindOfHost)).toEqual([
    "name",
    "name",
    "name",
  ]);
  expect(["[2606:4700::1111]", "[2001:4860:4860::8888]"].map(kindOfHost)).toEqual([
    "public",
    "public",
  ]);
  expect(["[fe80::1%25eth0]", "[1:2:3]", "[::1::]", "[x::]"].map(kindOfHost)).toEqual(
    Array(4).fill("private"),
  );
});
