import fc from "fast-check";
import { type CryptoKey, exportJWK, generateKeyPair } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { type EnvelopeKey, envelopeKey, envelopeKeys } from "./keys.ts";
import type { Envelope } from "./model.ts";
import { envelopeName, openEnvelope, verifyEnvelope } from "./open.ts";
import { type Outside, sealEnvelope, signedBytes } from "./seal.ts";

type Pair = { private: CryptoKey; published: EnvelopeKey };
const NOW_MS = 1_790_000_000_000;
const OUTSIDE: Outside = {
  messageType: "task",
  sourceAgent: { id: "g0_source", type: "coordination", capabilities: ["plan"] },
  targetAgent: { id: "g0_target", type: "query", requiredCapabilities: ["find-otters"] },
};
const PAYLOAD = { task: "Find otters", data: { river: "Spey" }, context: null };
const EXPECTED = { sourceId: "g0_source", targetId: "g0_target", atMs: NOW_MS };

async function pair(crv: "P-256" | "Ed25519" | "X25519", use: "sig" | "enc"): Promise<Pair> {
  const algorithm = use === "enc" ? "ECDH-ES" : crv === "P-256" ? "ES256" : "EdDSA";
  const options = { crv, extractable: true } as const;
  const { publicKey, privateKey } = await generateKeyPair(algorithm, options);
  const jwk = { ...(await exportJWK(publicKey)), kid: `${crv}.${use}`, use };
  return { private: privateKey, published: envelopeKey.parse(jwk) };
}

let signer: Pair;
let target: Pair;
let stranger: Pair;
let sealed: Envelope;
beforeAll(async () => {
  [signer, target, stranger] = await Promise.all([
    pair("Ed25519", "sig"),
    pair("X25519", "enc"),
    pair("Ed25519", "sig"),
  ]);
  sealed = await seal();
});
const seal = (from = signer, to = target, outside = OUTSIDE, nowMs = NOW_MS) => {
  const by = { key: from.private, published: from.published };
  return sealEnvelope(outside, PAYLOAD, by, to.published, nowMs);
};
const verified = (sent: unknown, atMs = NOW_MS, keys = [signer.published]) =>
  verifyEnvelope(sent, keys, { ...EXPECTED, atMs });
const why = async (sent: unknown, atMs?: number) => {
  const outcome = await verified(sent, atMs);
  return outcome.ok ? "taken" : outcome.error.detail;
};

describe("an envelope", () => {
  it("is opened by its target alone, whichever of the published kinds of key they use", async () => {
    for (const [signs, opens] of [
      ["Ed25519", "X25519"],
      ["P-256", "P-256"],
    ] as const) {
      const [from, to] = [await pair(signs, "sig"), await pair(opens, "enc")];
      const sent = JSON.parse(JSON.stringify(await seal(from, to))) as unknown;
      const outcome = await verified(sent, NOW_MS, [to.published, from.published]);
      if (!outcome.ok) throw new Error(outcome.error.detail);
      expect(await openEnvelope(outcome.value, to.private)).toEqual({ ok: true, value: PAYLOAD });
      expect(JSON.stringify(sent)).not.toContain("Spey");
      const other = await pair(opens, "enc");
      expect((await openEnvelope(outcome.value, other.private)).ok).toBe(false);
    }
  });

  it("is refused after any change of any text in it", async () => {
    const places: [string, (changed: Envelope, text: string) => void][] = [
      ["messageType", (e, text) => (e.messageType += text)],
      ["source type", (e, text) => (e.sourceAgent.type += text)],
      ["capabilities", (e, text) => e.sourceAgent.capabilities.push(text)],
      ["required", (e, text) => e.targetAgent.requiredCapabilities.push(text)],
      ["payload", (e, text) => (e.payload += text)],
      ["unknown field", (e, text) => Object.assign(e, { extra: text })],
    ];
    const input = fc.tuple(fc.constantFrom(...places), fc.stringMatching(/^[a-z]{1,8}$/));
    await fc.assert(
      fc.asyncProperty(input, async ([[, change], text]) => {
        const changed = structuredClone(sealed);
        change(changed, text);
        expect(await why(changed)).toBe("it was changed after it was signed");
      }),
      { numRuns: 60 },
    );
  });

  it("is refused where a bit of its signature or ciphertext is another", async () => {
    const input = fc.tuple(fc.constantFrom("payload", "signature"), fc.nat());
    await fc.assert(
      fc.asyncProperty(input, async ([where, at]) => {
        const changed = structuredClone(sealed);
        const text = where === "payload" ? changed.payload : changed.security.signature;
        // The last letter of base64url has bits that mean nothing.
        const i = at % (text.length - 1);
        const flipped = `${text.slice(0, i)}${text[i] === "A" ? "B" : "A"}${text.slice(i + 1)}`;
        if (where === "payload") changed.payload = flipped;
        else changed.security.signature = flipped;
        expect(await why(changed)).not.toBe("taken");
      }),
      { numRuns: 100 },
    );
  });

  it("is refused once it is too old, and before it was sealed", async () => {
    expect(await why(sealed, NOW_MS + 300_000)).toBe("taken");
    expect(await why(sealed, NOW_MS + 300_001)).toBe("it has expired");
    expect(await why(sealed, NOW_MS - 60_000)).toBe("taken");
    expect(await why(sealed, NOW_MS - 60_001)).toBe("it was sealed in the future");
    const later = {
      ...sealed,
      security: { ...sealed.security, timestamp: new Date(NOW_MS + 9e5).toISOString() },
    };
    expect(await why(later, NOW_MS + 9e5)).toBe("it was changed after it was signed");
  });

  it("is refused from another source, for another target, and by a key that is not the source's", async () => {
    const elsewhere = { ...OUTSIDE, targetAgent: { ...OUTSIDE.targetAgent, id: "g0_other" } };
    expect(await why(await seal(signer, target, elsewhere))).toBe("it is for another agent");
    const forged = { ...OUTSIDE, sourceAgent: { ...OUTSIDE.sourceAgent, id: "g0_other" } };
    expect(await why(await seal(signer, target, forged))).toBe("its source is not who sends it");
    const named = { ...stranger.published, kid: "unknown" } as EnvelopeKey;
    expect(await why(await seal({ ...stranger, published: named }))).toBe(
      "it is signed by no key that its source publishes",
    );
    const posing = { ...stranger.published, kid: signer.published.kid } as EnvelopeKey;
    expect(await why(await seal({ ...stranger, published: posing }))).toBe(
      "it was changed after it was signed",
    );
  });

  it("gives nobody the words of another: a ciphertext that is signed anew by somebody else does not open", async () => {
    const thief = { ...OUTSIDE, sourceAgent: { ...OUTSIDE.sourceAgent, id: "g0_thief" } };
    const own = await seal(stranger, target, thief);
    const { FlattenedSign } = await import("jose");
    const stolen = { ...own, payload: sealed.payload };
    const { protected: head = "", signature } = await new FlattenedSign(signedBytes(stolen))
      .setProtectedHeader({ alg: "EdDSA", kid: stranger.published.kid })
      .sign(stranger.private);
    stolen.security.signature = `${head}..${signature}`;
    const outcome = await verifyEnvelope(stolen, [stranger.published], {
      ...EXPECTED,
      sourceId: "g0_thief",
    });
    if (!outcome.ok) throw new Error(outcome.error.detail);
    expect(await openEnvelope(outcome.value, target.private)).toMatchObject({
      ok: false,
      error: { detail: "its payload was sealed for another envelope" },
    });
  });

  it("has a name of its own each time, the same in every repetition", async () => {
    const again = structuredClone(sealed);
    expect(await envelopeName(again)).toBe(await envelopeName(sealed));
    expect(await envelopeName(await seal())).not.toBe(await envelopeName(sealed));
  });

  it("is refused, not failed on, whatever is sent as one", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        expect((await verified(value)).ok).toBe(false);
      }),
    );
    const none = { ...sealed, security: { ...sealed.security, signature: "a.b.c" } };
    expect(await why(none)).toBe("its signature has no payload of its own");
    for (const signature of ["..", "e30..", "bm9uZQ..x", "a..b..c"])
      expect(await why({ ...sealed, security: { ...sealed.security, signature } })).not.toBe(
        "taken",
      );
  });
});

it("takes public keys only, each once", () => {
  const { published } = signer;
  expect(envelopeKeys.safeParse([published, target.published]).success).toBe(true);
  expect(envelopeKeys.safeParse([published, published]).success).toBe(false);
  for (const bad of [
    { ...published, d: published.x },
    { ...published, crv: "X25519" },
    { ...published, kty: "oct", k: published.x },
    { ...published, x: "" },
    { ...published, kid: "" },
  ])
    expect(envelopeKey.safeParse(bad).success).toBe(false);
});
