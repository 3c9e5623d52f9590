import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WisHub } from "#sdk/client.ts";
import type { ChannelType } from "#domain/channels/kinds.ts";
import { freePort } from "#scripts/launch/free-port.ts";
import { commandLine } from "./command-line.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { brought, type ServedVendor, vendorServer } from "./vendor-server.ts";
import { asOwnerOf } from "./owner.ts";

const TYPES = ["slack", "telegram", "feishu", "wecom", "email"] as const;
const vendors = {} as Record<(typeof TYPES)[number], ServedVendor>;
let state: ReturnType<typeof temporaryState>;
let port: number;
let product: Launched;

beforeAll(async () => {
  state = temporaryState();
  port = await freePort();
  for (const type of TYPES) vendors[type] = await vendorServer(type);
  const origins = Object.values(vendors).map(({ url }) => url);
  product = launch({
    state: state.path,
    port,
    env: { WISHUB_EGRESS_ALLOW: origins.join() },
  });
  await product.ready();
}, 60_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  for (const vendor of Object.values(vendors)) await vendor.close();
  state.remove();
});

const api = asOwnerOf(() => state.path);

type Id = { id: string };
type Message = Id & {
  fencingToken: number;
  body: { channelId: string; conversationId: string; text: string };
};

/** An agent with a key of its own. */
async function newAgent(name: string) {
  const about = { name, type: "query", description: "Answers.", capabilities: [] };
  const { id } = await api<Id>("POST", "/v1/agents", about);
  const key = { name: "Its own", scopes: ["agents"] };
  const { apiKey } = await api<{ apiKey: string }>("POST", `/v1/agents/${id}/keys`, key);
  return {
    id,
    apiKey,
    async leased(waitMs: number): Promise<Message[]> {
      const path = `/v1/agents/${id}/messages/lease`;
      return (await api<{ messages: Message[] }>("POST", path, { limit: 1, waitMs }, apiKey))
        .messages;
    },
    /** Answers each message with what it says of it, until it has done so many. */
    async answers(count: number, say: (text: string) => string): Promise<void> {
      for (let done = 0; done < count;) {
        for (const message of await this.leased(10_000)) {
          const { channelId, conversationId, text } = message.body;
          const body = { conversationId, body: { text: say(text) } };
          await api("POST", `/v1/channels/${channelId}/messages`, body, apiKey);
          const path = `/v1/agents/${id}/messages/${message.id}/ack`;
          await api("POST", path, { fencingToken: message.fencingToken }, apiKey);
          done++;
        }
      }
    },
  };
}

async function connect(type: (typeof TYPES)[number], agentId: string) {
  const vendor = vendors[type];
  const body = {
    type: type as ChannelType,
    name: type,
    agentId,
    config: vendor.config(vendor.url),
  };
  const made = await api<Id & { inboundUrl: string }>("POST", "/v1/channels", body);
  const say = async (text: string, id: number): Promise<number> =>
    (await brought(made.inboundUrl, await vendor.says({ text, id }, Date.now()))).status;
  return { ...made, vendor, say };
}

describe("a conversation with an agent", () => {
  it.each(["slack", "telegram", "feishu", "email"] as const)(
    "is held over %s, in order, though the vendor sends everything twice",
    async (type) => {
      const agent = await newAgent(`Otter on ${type}`);
      const { vendor, say } = await connect(type, agent.id);
      const said = [
        "Hello!",
        "Where do otters sleep?",
        "And in winter?",
        "水獭睡在哪里？",
        "Thanks.",
      ];
      const answering = agent.answers(said.length, (text) => `You said: ${text}`);
      for (const [id, text] of said.entries())
        for (const _ of [1, 2]) expect(await say(text, id + 1)).toBe(200);
      await answering;
      const { conversation } = vendor;
      const answers = said.map((text) => ({ conversation, text: `You said: ${text}` }));
      await vi.waitFor(() => expect(vendor.heard).toEqual(answers), {
        timeout: 15_000,
        interval: 50,
      });
      expect(vendor.strangers).toBe(0);
      expect(await agent.leased(0)).toEqual([]);
    },
    60_000,
  );

  it("is held by the SDK's agent, which says on the channel what its handler returns", async () => {
    const agent = await newAgent("Otter of the SDK");
    const { vendor, say } = await connect("slack", agent.id);
    const before = vendor.heard.length;
    const stop = new AbortController();
    const client = new WisHub({ url: product.url, apiKey: agent.apiKey }).agent(agent.id);
    const serving = client.serve(({ body }) => `Aye: ${(body as { text: string }).text}`, {
      signal: stop.signal,
    });
    for (const id of [501, 502]) expect(await say(`question ${id}`, id)).toBe(200);
    await vi.waitFor(
      () =>
        expect(vendor.heard.slice(before).map(({ text }) => text)).toEqual([
          "Aye: question 501",
          "Aye: question 502",
        ]),
      { timeout: 15_000, interval: 50 },
    );
    stop.abort();
    await serving;
  }, 60_000);

  it("waits while the vendor is down, and then goes on where it was", async () => {
    const agent = await newAgent("Patient otter");
    const { id, vendor } = await connect("wecom", agent.id);
    const conversationId = `${id}:${vendor.conversation}`;
    const texts = ["one", "two", "three"];
    vendor.mood = "down";
    for (const text of texts)
      await api("POST", `/v1/channels/${id}/messages`, { conversationId, body: { text } });
    type Traffic = { outbound: { waiting: number; failures: number; deadLetters: number } };
    const traffic = () => api<Traffic>("GET", `/v1/channels/${id}/traffic`);
    await vi.waitFor(async () => expect((await traffic()).outbound.failures).toBeGreaterThan(1), {
      timeout: 15_000,
      interval: 100,
    });
    expect((await traffic()).outbound).toMatchObject({ waiting: 3, deadLetters: 0 });
    vendor.mood = "well";
    await vi.waitFor(() => expect(vendor.heard.map(({ text }) => text)).toEqual(texts), {
      timeout: 20_000,
      interval: 50,
    });
    await vi.waitFor(async () => expect((await traffic()).outbound.waiting).toBe(0));
  }, 60_000);
});

it("sends nothing for as long as the vendor says that it takes nothing", async () => {
  const agent = await newAgent("Slow otter");
  const { id, vendor } = await connect("slack", agent.id);
  const before = vendor.heard.length;
  const conversationId = `${id}:${vendor.conversation}`;
  let asked = 0;
  const answer = vendor.answer.bind(vendor);
  vendor.answer = async (request) => {
    asked++;
    return await answer(request);
  };
  vendor.mood = "busy";
  vendor.retryAfterS = 4;
  const body = { conversationId, body: { text: "patience" } };
  await api("POST", `/v1/channels/${id}/messages`, body);
  await vi.waitFor(() => expect(asked).toBe(1), { timeout: 10_000, interval: 20 });
  const fromMs = Date.now();
  vendor.mood = "well";
  await vi.waitFor(() => expect(vendor.heard.length).toBe(before + 1), {
    timeout: 20_000,
    interval: 20,
  });
  expect(Date.now() - fromMs).toBeGreaterThan(3_500);
  expect(asked).toBe(2);
}, 60_000);

it("gives up what no mailbox takes after three retries, and sends it again once it may", async () => {
  const agent = await newAgent("Held otter");
  const { id, say } = await connect("telegram", agent.id);
  await api("POST", `/v1/agents/${agent.id}/quarantine`, { reason: "for a while" });
  expect(await say("is anybody there?", 900_001)).toBe(200);
  type Dead = {
    items: { reason: string; attempts: number; direction: string; body: { text: string } }[];
  };
  const dead = () => api<Dead>("GET", `/v1/channels/${id}/dead-letters`);
  const [letter] = await vi.waitFor(
    async () => {
      const { items } = await dead();
      expect(items).toHaveLength(1);
      return items;
    },
    { timeout: 40_000, interval: 200 },
  );
  expect(letter).toMatchObject({
    attempts: 4,
    direction: "inbound",
    reason: expect.stringContaining("quarantined") as string,
    body: { text: "is anybody there?" },
  });
  await api("POST", `/v1/agents/${agent.id}/release`);
  await api("POST", `/v1/agents/${agent.id}/start`).catch(() => null);
  await vi.waitFor(
    async () => {
      await api("POST", `/v1/channels/${id}/redrive`);
      expect((await agent.leased(500)).map(({ body }) => body.text)).toEqual(["is anybody there?"]);
    },
    { timeout: 30_000, interval: 500 },
  );
  expect((await dead()).items).toEqual([]);
}, 90_000);

it("is connected, watched and ended from the command line", async () => {
  const wishub = commandLine(state.path, product.url);
  const agent = await newAgent("Otter at the terminal");
  const vendor = vendors.slack;
  const settings = {
    type: "slack",
    name: "Otters",
    agentId: agent.id,
    config: vendor.config(vendor.url),
  };
  const told = await wishub.says(["channels", "add", "-"], JSON.stringify(settings));
  const [, id = ""] = /^(x0_\w+) is connected/.exec(told) ?? [];
  expect(told).toContain(`/v1/channels/${id}/inbound`);
  expect(await wishub.says(["channels", "list"])).toContain(id);
  const heard = vendor.heard.length;
  const conversation = `${id}:${vendor.conversation}`;
  expect(await wishub.says(["channels", "say", id, conversation, "High water."])).toContain(
    "on its way",
  );
  await vi.waitFor(() => expect(vendor.heard[heard]?.text).toBe("High water."), {
    timeout: 10_000,
  });
  expect(await wishub.says(["channels", "pause", id])).toContain("paused");
  expect(await wishub.says(["channels", "resume", id])).toContain("active");
  expect(await wishub.says(["channels", "show", id])).toMatch(/in: 0 waiting, 0 given up/);
  expect(await wishub.says(["channels", "dead", id])).toBe("no dead letters\n");
  expect(await wishub.says(["channels", "redrive", id])).toBe("0 are worked on again\n");
  expect(await wishub.says(["channels", "remove", id])).toContain("disconnected");
  expect((await wishub.run(["channels", "show", id])).code).toBe(1);
}, 60_000);
