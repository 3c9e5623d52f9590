import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linkFrom, nextFrom } from "./next.ts";

describe("where the console goes on after signing in", () => {
  it("is the page of ours that sent somebody, with what it was asked", () => {
    const asked = "/oauth/authorize?client_id=a&redirect_uri=https%3A%2F%2Felsewhere.example%2F";
    expect(nextFrom(asked)).toBe(asked);
    expect(nextFrom("/oauth/device")).toBe("/oauth/device");
    expect(nextFrom("/oauth/device?user_code=BCDF-GHJK")).toBe("/oauth/device?user_code=BCDF-GHJK");
  });

  it("is nothing else, however it is written", () => {
    for (const asked of [
      null,
      "",
      "/",
      "https://elsewhere.example/oauth/authorize",
      "//elsewhere.example/oauth/authorize",
      "/\\elsewhere.example/oauth/authorize",
      "/\t/elsewhere.example/oauth/authorize",
      "\\\\elsewhere.example/oauth/device",
      "javascript:alert(1)//oauth/device",
      " /oauth/device",
      "/oauth/device/../../docs",
      "/oauth/authorize/",
      "/OAUTH/DEVICE",
      "/oauth/token?x=1",
      "/oauth%2Fdevice",
      "?/oauth/device",
      "oauth/device",
    ])
      expect({ asked, next: nextFrom(asked) }).toEqual({ asked, next: null });
  });

  it("never leaves our origin", () => {
    const ours = "http://127.0.0.1:8787";
    const start = fc.constantFrom("/oauth/authorize", "/oauth/device", "//", "/\\", "http:", "");
    fc.assert(
      fc.property(start, fc.string({ unit: "binary" }), (begin, rest) => {
        const next = nextFrom(begin + rest);
        if (next === null) return;
        const { origin, pathname } = new URL(next, ours);
        expect(origin).toBe(ours);
        expect(["/oauth/authorize", "/oauth/device"]).toContain(pathname);
      }),
    );
  });
});

describe("the link of a mail", () => {
  it("is read with what it is for", () => {
    expect(linkFrom("#link=wl0_a_b&for=sign-up")).toEqual({ token: "wl0_a_b", kind: "sign-up" });
  });

  it("is for nothing where only part of it was opened", () => {
    expect(linkFrom("#link=wl0_a_b")).toEqual({ token: "wl0_a_b", kind: null });
    expect(linkFrom("#link=wl0_a_b&for=everything")).toEqual({ token: "wl0_a_b", kind: null });
    expect(linkFrom("#unit=x")).toBeNull();
  });
});
