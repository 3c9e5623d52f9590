import fc from "fast-check";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { type AgentCard, platformCardOf } from "#domain/a2a/card.ts";
import { cardStanding, signedCard } from "#domain/a2a/card-signature.ts";

const AT = "https://hub.example/.well-known/jwks.json";
let card: AgentCard;
let key: JWK;
const find = async (kid: string) => (kid === "k1" ? key : null);

beforeAll(async () => {
  const pair = await generateKeyPair("ES256", { extractable: true });
  key = await exportJWK(pair.publicKey);
  card = await signedCard(
    platformCardOf("https://hub.example"),
    { kid: "k1", key: pair.privateKey },
    AT,
  );
});

describe("a card", () => {
  it("is signed as it was signed, in whatever order its members come", async () => {
    const turned = Object.fromEntries(Object.entries(card).toReversed());
    expect(await cardStanding(turned, find)).toBe("signed");
  });

  it("is altered by any other text in any of its members", async () => {
    const names = ["name", "description", "version", "documentationUrl"] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.string({ minLength: 1 }),
        async (name, text) => {
          fc.pre(card[name] !== text);
          expect(await cardStanding({ ...card, [name]: text }, find)).toBe("altered");
        },
      ),
      { numRuns: 30 },
    );
  });

  it("is altered by another address to call", async () => {
    const supportedInterfaces = card.supportedInterfaces.map((one) => ({
      ...one,
      url: "https://evil.example/a2a",
    }));
    expect(await cardStanding({ ...card, supportedInterfaces }, find)).toBe("altered");
  });

  it("is unsigned without a signature, or with one whose key nobody shows", async () => {
    expect(await cardStanding({ ...card, signatures: [] }, find)).toBe("unsigned");
    expect(await cardStanding(card, async () => null)).toBe("unsigned");
    expect(await cardStanding({ name: "no card" }, find)).toBe("unsigned");
    expect(await cardStanding(null, find)).toBe("unsigned");
  });

  it("is not signed by none, and not by a shared secret", async () => {
    const header = (alg: string) => btoa(JSON.stringify({ alg, kid: "k1", typ: "JOSE" }));
    for (const alg of ["none", "HS256"]) {
      const signatures = [{ protected: header(alg).replaceAll("=", ""), signature: "" }];
      expect(await cardStanding({ ...card, signatures }, find)).toBe("altered");
    }
  });

  it("is signed where one signature of several is good", async () => {
    const [good] = card.signatures ?? [];
    const signatures = [{ protected: "e30", signature: "AA" }, good];
    expect(await cardStanding({ ...card, signatures }, find)).toBe("signed");
  });
});
