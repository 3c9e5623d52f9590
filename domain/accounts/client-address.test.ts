import { describe, expect, it } from "vitest";
import { clientAddressOf, type Said, trustFrom } from "./client-address.ts";

const nothing: Said = { peer: null, connecting: null, forwarded: null };
const trustOf = (text: string) => {
  const trust = trustFrom(text);
  if (!trust.ok) throw new Error(trust.error);
  return trust.value;
};
const proxies = trustOf("10.0.0.0/8, 2001:db8::5");

describe("a client's address", () => {
  it.each<[string, string, Partial<Said>, string | null]>([
    ["is nobody's word where no proxy is trusted", "", { forwarded: "192.0.2.1" }, null],
    [
      "is not what the client says to us directly",
      "10.0.0.0/8",
      { peer: "192.0.2.9:50", forwarded: "10.0.0.1" },
      null,
    ],
    ["is nothing where the system tells no peer", "10.0.0.0/8", { forwarded: "192.0.2.1" }, null],
    [
      "is the last in the chain that is no proxy of ours",
      "10.0.0.0/8",
      { peer: "10.0.0.2:99", forwarded: "1.1.1.1, 192.0.2.1, 10.9.9.9" },
      "192.0.2.1",
    ],
    [
      "is nothing where that one makes no sense",
      "10.0.0.0/8",
      { peer: "10.0.0.2:99", forwarded: "192.0.2.1, unknown" },
      null,
    ],
    ["is nothing where the proxy says nothing", "10.0.0.0/8", { peer: "10.0.0.2:99" }, null],
    [
      "may come with a port",
      "10.0.0.0/8",
      { peer: "10.0.0.2:99", forwarded: "[2001:db8::7]:443" },
      "2001:db8::7",
    ],
    [
      "is what Cloudflare says, and no other header",
      "cloudflare",
      { peer: "10.0.0.2:99", connecting: "192.0.2.3", forwarded: "192.0.2.1" },
      "192.0.2.3",
    ],
    ["is nothing where Cloudflare says none", "cloudflare", { forwarded: "192.0.2.1" }, null],
  ])("%s", (_, trust, said, expected) => {
    expect(clientAddressOf(trustOf(trust), { ...nothing, ...said })).toBe(expected);
  });

  it("is told by a proxy that speaks IPv6, also where it is an IPv4 one inside", () => {
    const from = (peer: string) =>
      clientAddressOf(proxies, { ...nothing, peer, forwarded: "192.0.2.1" });
    expect(from("[2001:db8::5]:1")).toBe("192.0.2.1");
    expect(from("[::ffff:10.0.0.2]:1")).toBe("192.0.2.1");
    expect(from("[2001:db8::6]:1")).toBeNull();
  });
});

it("names the part of a setting that is no network", () => {
  expect(trustFrom("10.0.0.0/8, proxy.example")).toEqual({ ok: false, error: "proxy.example" });
});
