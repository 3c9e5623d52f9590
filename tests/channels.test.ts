import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { FAKES } from "#adapters/channels/fakes/all.ts";
import { type FakeVendor, posted, type VendorCall } from "#adapters/channels/fakes/vendor.ts";
import { CHANNEL_TYPES, type ChannelType } from "#domain/channels/kinds.ts";
import { call, newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { agentOf, keyedAgent, mailbox, type Message } from "./mailbox.ts";

type Made = { id: string; version: number; inboundUrl: string; made?: Record<string, string> };
const VENDOR = "https://vendor.example.com";

async function connected(
  account: TestAccount,
  type: ChannelType,
  agentId: string,
  more: object = {},
): Promise<{
  vendor: FakeVendor;
  id: string;
  says: (text: string, id?: number) => Promise<Response>;
}> {
  const vendor = FAKES[type]();
  const body = { type, name: "Ours", agentId, config: vendor.config(VENDOR), ...more };
  const answer = await account.call("POST", "/v1/channels", { body });
  if (answer.status !== 201) throw new Error(await answer.text());
  const { id } = await answer.json<Made>();
  const says = async (text: string, number = 1) =>
    brought(id, await vendor.says({ text, id: number }, Date.now()));
  return { vendor, id, says };
}
const brought = (id: string, { method, query, headers, body }: VendorCall) =>
  call(method, `/v1/channels/${id}/inbound${query}`, {
    headers,
    ...(method === "POST" && { body }),
  });

type Heard = Message & { kind: string; body: { text: string; conversationId: string } };
type Box = Awaited<ReturnType<typeof mailbox>>;
async function heard(box: Box): Promise<Heard> {
  return await vi.waitFor(
    async () => {
      const [message] = (await box.leased(1)) as Heard[];
      if (message === undefined) throw new Error("nothing yet");
      return message;
    },
    { timeout: 5_000, interval: 20 },
  );
}

describe("a channel", () => {
  it("is made, read, listed, changed and removed; its secrets are shown to nobody", async () => {
    const account = await newAccount();
    const agentId = await agentOf(account);
    const config = { signingSecret: "sign-secret-7", botToken: "xoxb-secret-8" };
    const body = { type: "slack", name: "Otters", agentId, config };
    const answer = await account.call("POST", "/v1/channels", { body });
    const made = await answer.json<Made>();
    expect(answer.status).toBe(201);
    expect(made).toMatchObject({
      type: "slack",
      state: "active",
      config: {},
      secrets: ["signingSecret", "botToken"],
      limits: { outboundPerMinute: 60, inboundPerMinute: 600 },
    });
    expect(made.inboundUrl).toMatch(new RegExp(`/v1/channels/${made.id}/inbound$`));
    const path = `/v1/channels/${made.id}`;
    const changes = {
      name: "Rivers",
      config: { ...config, apiUrl: VENDOR },
      limits: { outboundPerMinute: 5 },
    };
    const changed = await account.call("PATCH", path, {
      body: changes,
      headers: { "If-Match": '"1"' },
    });
    expect(await changed.json()).toMatchObject({
      version: 2,
      name: "Rivers",
      config: { apiUrl: VENDOR },
      limits: { outboundPerMinute: 5, inboundPerMinute: 600 },
    });
    const stale = await account.call("PATCH", path, {
      body: { name: "Late" },
      headers: { "If-Match": '"1"' },
    });
    expect((await problemOf(stale)).code).toBe("version-stale");
    const shown = `${await (await account.call("GET", path)).text()}${await (await account.call("GET", "/v1/channels")).text()}`;
    expect(shown).toContain(made.id);
    expect(shown).not.toContain("secret-");
    const { results } = await env.CATALOG_0.prepare("SELECT * FROM channel").all();
    expect(JSON.stringify(results)).not.toContain("secret-");
    expect((await account.call("DELETE", path)).status).toBe(204);
    expect((await account.call("GET", path)).status).toBe(404);
  });

  it("sends no secret to another address than it was given for", async () => {
    const account = await newAccount();
    const config = { signingSecret: "s", botToken: "b" };
    const body = { type: "slack", name: "Otters", agentId: await agentOf(account), config };
    const { id } = await (await account.call("POST", "/v1/channels", { body })).json<Made>();
    const to = async (more: object) =>
      await account.call("PATCH", `/v1/channels/${id}`, {
        body: { config: { apiUrl: VENDOR, ...more } },
        headers: { "If-Match": "*" },
      });
    const { code, errors } = await problemOf(await to({ signingSecret: "s" }));
    expect([code, errors?.[0]?.pointer]).toEqual(["invalid-request", "/config/botToken"]);
    expect((await to(config)).status).toBe(200);
    // The same address is no other.
    expect((await to({})).status).toBe(200);
  });

  it("makes the secrets that are its own, and shows them once", async () => {
    const account = await newAccount();
    const agentId = await agentOf(account);
    const body = { type: "webhook", name: "Ours", agentId, config: { url: VENDOR } };
    const made = await (await account.call("POST", "/v1/channels", { body })).json<Made>();
    expect(made.made?.["secret"]).toMatch(/^whsec_/);
    const read = await account.call("GET", `/v1/channels/${made.id}`);
    expect(await read.json()).not.toHaveProperty("made");
  });

  it("says what is wrong with what it is given", async () => {
    const account = await newAccount();
    const agentId = await agentOf(account);
    const stranger = await agentOf(await newAccount());
    const good = {
      type: "slack",
      name: "Otters",
      agentId,
      config: { signingSecret: "s", botToken: "b" },
    };
    const wrong: [object, string, string?][] = [
      [{ ...good, type: "pigeon" }, "invalid-request"],
      [{ ...good, agentId: stranger }, "invalid-request", "/agentId"],
      [{ ...good, config: { botToken: "b" } }, "invalid-request", "/config/signingSecret"],
      [{ ...good, config: { ...good.config, colour: "red" } }, "invalid-request", "/config/colour"],
      [
        { ...good, limits: { outboundPerMinute: 0 } },
        "invalid-request",
        "/limits/outboundPerMinute",
      ],
      [{ ...good, config: { ...good.config, apiUrl: "http://169.254.169.254" } }, "egress-refused"],
    ];
    for (const [body, code, pointer] of wrong) {
      const problem = await problemOf(await account.call("POST", "/v1/channels", { body }));
      expect(problem.code, JSON.stringify(body)).toBe(code);
      if (pointer !== undefined)
        expect(problem.errors?.map((one) => one.pointer)).toContain(pointer);
    }
    const { id } = await (await account.call("POST", "/v1/channels", { body: good })).json<Made>();
    const headers = { "If-Match": "*" };
    const patch = { config: { botToken: "", nothing: "x" } };
    const changed = await account.call("PATCH", `/v1/channels/${id}`, { body: patch, headers });
    expect((await problemOf(changed)).errors?.map(({ pointer }) => pointer)).toContain(
      "/config/botToken",
    );
  });

  it("is another account's to nobody, and to an agent's key only where it is the agent's", async () => {
    const account = await newAccount();
    const mine = await keyedAgent(account);
    const { id } = await connected(account, "slack", mine.id);
    const other = await connected(account, "slack", await agentOf(account));
    // Where nothing is sent.
    for (const channel of [id, other.id])
      await account.call("PATCH", `/v1/channels/${channel}`, {
        body: { state: "paused" },
        headers: { "If-Match": "*" },
      });
    const path = (channel: string) => `/v1/channels/${channel}/messages`;
    const said = (channel: string) => ({ conversationId: `${channel}:C1`, body: { text: "hi" } });
    expect((await mine.as("POST", path(id), said(id))).status).toBe(202);
    expect((await mine.as("POST", path(other.id), said(other.id))).status).toBe(404);
    const stranger = await newAccount();
    expect((await stranger.call("POST", path(id), { body: said(id) })).status).toBe(404);
    expect((await mine.as("DELETE", `/v1/channels/${id}`)).status).toBe(403);
  });
});

describe("what is said on a channel", () => {
  it.each(CHANNEL_TYPES)("comes once into the agent's mailbox, and in order: %s", async (type) => {
    const account = await newAccount();
    const box = await mailbox(account);
    const { vendor, id, says } = await connected(account, type, box.id);
    for (const [number, text] of ["one", "two", "two", "three"].entries()) {
      const answer = await says(text, number === 2 ? 1 : number);
      expect(answer.status, await answer.text()).toBe(200);
    }
    const conversationId = `${id}:${vendor.conversation}`;
    for (const text of ["one", "two", "three"]) {
      const message = await heard(box);
      expect(message).toMatchObject({
        kind: "channel",
        conversationId,
        body: { channelId: id, channel: type, conversationId, text },
      });
      await box.settle("ack", message);
    }
    expect(await box.leased(10)).toEqual([]);
  });

  it("is refused without its vendor's signature, and nothing of it is stored", async () => {
    const account = await newAccount();
    const { id } = await connected(account, "slack", await agentOf(account));
    const forged = await brought(id, posted({ type: "event_callback" }));
    expect((await problemOf(forged)).code).toBe("unauthenticated");
    expect((await brought("x0_0000000000000000", posted({}))).status).toBe(404);
    const long = await brought(id, posted(`"${"x".repeat(300_000)}"`));
    expect((await problemOf(long)).code).toBe("body-too-large");
    const kept = await runInDurableObject(env.CHANNEL.getByName(id), (_, state) => [
      ...state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'item'"),
    ]);
    expect(kept).toEqual([]);
  });

  it("answers the vendor's first question", async () => {
    const account = await newAccount();
    for (const type of ["slack", "discord", "feishu", "wecom"] as const) {
      const { vendor, id } = await connected(account, type, await agentOf(account));
      const greeting = await vendor.greets?.(Date.now());
      if (greeting === undefined) throw new Error("it asks nothing");
      const answer = await brought(id, greeting.call);
      expect([answer.status, await answer.text()], type).toEqual([200, greeting.hears]);
    }
  });

  it("waits while the channel is paused, also when its object is evicted", async () => {
    const account = await newAccount();
    const box = await mailbox(account);
    const { id, says } = await connected(account, "telegram", box.id);
    const headers = { "If-Match": "*" };
    const set = (state: string) =>
      account.call("PATCH", `/v1/channels/${id}`, { body: { state }, headers });
    expect((await set("paused")).status).toBe(200);
    expect((await says("while it slept")).status).toBe(200);
    await evictDurableObject(env.CHANNEL.getByName(id));
    const traffic = await account.call("GET", `/v1/channels/${id}/traffic`);
    expect(await traffic.json()).toMatchObject({ inbound: { waiting: 1, deadLetters: 0 } });
    expect((await set("active")).status).toBe(200);
    expect((await heard(box)).body.text).toBe("while it slept");
  });

  it("is nobody's to send but the platform's", async () => {
    const box = await mailbox(await newAccount());
    expect((await box.send({ body: "hi", kind: "channel" })).status).toBe(400);
  });
});

describe("what an agent says", () => {
  it("is refused where it is too long for the vendor, or in no conversation of the channel", async () => {
    const account = await newAccount();
    const { id } = await connected(account, "telegram", await agentOf(account));
    const say = (conversationId: string, text: string) =>
      account.call("POST", `/v1/channels/${id}/messages`, {
        body: { conversationId, body: { text } },
      });
    const long = await problemOf(await say(`${id}:1`, "x".repeat(4_097)));
    expect(long.errors).toEqual([
      { pointer: "/body/text", detail: "telegram takes at most 4096 characters" },
    ]);
    for (const conversation of ["1", `${id}:`, `x0_0000000000000000:1`])
      expect((await problemOf(await say(conversation, "hi"))).errors?.[0]?.pointer).toBe(
        "/conversationId",
      );
  });

  it("is said once where it is asked for twice", async () => {
    const account = await newAccount();
    const { id } = await connected(account, "slack", await agentOf(account));
    const headers = { "If-Match": "*" };
    await account.call("PATCH", `/v1/channels/${id}`, { body: { state: "paused" }, headers });
    const body = { conversationId: `${id}:C1/1.2`, body: { text: "Up the river." } };
    const key = { "Idempotency-Key": "once" };
    const ids = [];
    for (const _ of [1, 2]) {
      const answer = await account.call("POST", `/v1/channels/${id}/messages`, {
        body,
        headers: key,
      });
      ids.push((await answer.json<{ id: string }>()).id);
    }
    expect(ids[0]).toBe(ids[1]);
    const traffic = await account.call("GET", `/v1/channels/${id}/traffic`);
    expect(await traffic.json()).toMatchObject({ outbound: { waiting: 1 } });
  });
});
