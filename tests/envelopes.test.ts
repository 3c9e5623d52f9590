import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type CryptoKey, exportJWK, generateKeyPair } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { type EnvelopeKey, envelopeKey } from "#domain/envelope/keys.ts";
import { type Envelope, ENVELOPE_MEDIA_TYPE, ENVELOPE_URI } from "#domain/envelope/model.ts";
import { openEnvelope } from "#domain/envelope/open.ts";
import { type Outside, sealEnvelope } from "#domain/envelope/seal.ts";
import { newAccount, type TestAccount } from "./helpers.ts";

type Pair = { private: CryptoKey; published: EnvelopeKey };
type Agent = { id: string; sign: Pair; open: Pair };

async function pair(kid: string, use: "sig" | "enc"): Promise<Pair> {
  const [algorithm, crv] = use === "sig" ? ["EdDSA", "Ed25519"] : ["ECDH-ES", "X25519"];
  const made = await generateKeyPair(algorithm, { crv, extractable: true });
  const jwk = { ...(await exportJWK(made.publicKey)), kid, use };
  return { private: made.privateKey, published: envelopeKey.parse(jwk) };
}
async function agentOf(account: TestAccount, type: string, capability: string): Promise<Agent> {
  const [sign, open] = [await pair("s1", "sig"), await pair("e1", "enc")];
  const made = await account.call("POST", "/v1/agents", {
    body: {
      name: `Sealed ${type}`,
      type,
      description: "Talks in envelopes.",
      capabilities: [capability],
      visibility: "listed",
      accepts: "listed",
      envelopeKeys: [sign.published, open.published],
    },
  });
  return { id: (await made.json<{ id: string }>()).id, sign, open };
}

let owner: TestAccount;
let caller: TestAccount;
let source: Agent;
let target: Agent;
beforeAll(async () => {
  [owner, caller] = [await newAccount(), await newAccount()];
  source = await agentOf(caller, "coordination", "plan");
  target = await agentOf(owner, "query", "find-otters");
});

const outside = (): Outside => ({
  messageType: "task",
  sourceAgent: { id: source.id, type: "coordination", capabilities: ["plan"] },
  targetAgent: { id: target.id, type: "query", requiredCapabilities: ["find-otters"] },
});
const PAYLOAD = { task: "Find otters", data: { river: "Spey" }, context: null };
const seal = (of = outside(), nowMs = Date.now()) => {
  const by = { key: source.sign.private, published: source.sign.published };
  return sealEnvelope(of, PAYLOAD, by, target.open.published, nowMs);
};
type Answer = { result?: { task: { id: string } }; error?: { code: number; message: string } };
async function send(data: unknown, from = caller, more: object[] = []): Promise<Answer> {
  const message = {
    messageId: crypto.randomUUID(),
    role: "ROLE_USER",
    extensions: [ENVELOPE_URI],
    parts: [{ data, mediaType: ENVELOPE_MEDIA_TYPE }, ...more],
  };
  const params = { message, configuration: { returnImmediately: true } };
  const body = { jsonrpc: "2.0", id: 1, method: "SendMessage", params };
  const headers = { "A2A-Version": "1.0" };
  return await (await from.call("POST", `/a2a/${target.id}`, { body, headers })).json<Answer>();
}
const why = async (data: unknown, from = caller) => (await send(data, from)).error?.message;

describe("an envelope between agents of two accounts", () => {
  it("reaches the target's program as it was sealed, which alone opens it with the keys of the cards", async () => {
    const card = await (
      await caller.call("GET", `/v1/agents/${target.id}/card`)
    ).json<{
      capabilities: { extensions: { uri: string; params: { keys: EnvelopeKey[] } }[] };
    }>();
    expect(card.capabilities.extensions).toMatchObject([
      {
        uri: ENVELOPE_URI,
        params: { keys: [source.sign.published.kid, "e1"].map((kid) => ({ kid })) },
      },
    ]);
    const sealed = await seal();
    expect((await send(sealed)).result?.task.id).toBeDefined();
    const lease = await owner.call("POST", `/v1/agents/${target.id}/messages/lease`, { body: {} });
    const { messages } = await lease.json<{
      messages: { body: { message: { parts: { data: Envelope }[] } } }[];
    }>();
    const arrived = messages[0]?.body.message.parts[0]?.data;
    expect(arrived).toEqual(sealed);
    if (arrived === undefined) throw new Error("nothing arrived");
    const opened = await openEnvelope(arrived, target.open.private);
    expect(opened).toEqual({ ok: true, value: PAYLOAD });
    expect(JSON.stringify(messages)).not.toContain("Spey");
  });

  it("is refused where it was changed, comes again, is late, or is somebody else's", async () => {
    const sealed = await seal();
    expect(await why({ ...sealed, messageType: "other" })).toBe(
      "it was changed after it was signed",
    );
    expect((await send(sealed)).error).toBeUndefined();
    expect(await why(sealed)).toBe("it came before");
    expect(await why(await seal(outside(), Date.now() - 301_000))).toBe("it has expired");
    expect(await why(await seal(), owner)).toBe("its source is not who sends it");
    const of = outside();
    expect(
      await why(await seal({ ...of, targetAgent: { ...of.targetAgent, id: "n0_other" } })),
    ).toBe("it is for another agent");
    const better = { ...of.sourceAgent, capabilities: ["plan", "rule"] };
    expect(await why(await seal({ ...of, sourceAgent: better }))).toBe(
      "its source is registered as something else",
    );
    const more = { ...of.targetAgent, requiredCapabilities: ["fly"] };
    expect(await why(await seal({ ...of, targetAgent: more }))).toBe(
      "its target lacks a capability that it needs",
    );
    for (const none of [null, {}, "envelope", []])
      expect(await why(none), JSON.stringify(none)).toBeDefined();
  });

  it("comes for the first time again where what it begins could not be stored", async () => {
    const sealed = await seal();
    const tooMuch = [{ text: "x".repeat(262_144) }];
    expect((await send(sealed, caller, tooMuch)).error).toBeDefined();
    expect((await send(sealed)).result?.task.id).toBeDefined();
    expect(await why(sealed)).toBe("it came before");
  });

  it("is forgotten once it could come again no more", async () => {
    const stub = env.AGENT.getByName(target.id);
    const rows = () =>
      runInDurableObject(stub, (_, { storage }) => {
        const { n } = storage.sql
          .exec<{ n: number }>("SELECT count(*) AS n FROM envelope_seen")
          .one();
        storage.sql.exec("UPDATE envelope_seen SET until_ms = 1");
        return n;
      });
    expect(await rows()).toBeGreaterThan(0);
    await evictDurableObject(stub);
    await runDurableObjectAlarm(stub);
    expect(await rows()).toBe(0);
  });
});
