import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { PERSON, receivedMail } from "#adapters/channels/fakes/email.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { receiveMail } from "#workers/mail.ts";
import { call, isolate, newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { mailbox, type Message } from "./mailbox.ts";
import { queued } from "./channel-queue.ts";
import { incoming, mailPlatform } from "./mail-platform.ts";

const DOMAIN = "in.wishub.example";
const SERVER = "mx.cloudflare.net";
type Heard = Message & { body: { text: string; subject?: string; conversationId: string } };

let owner: TestAccount;
let box: Awaited<ReturnType<typeof mailbox>>;
let platform: ReturnType<typeof mailPlatform>;
let bindings: Env;
beforeEach(async () => {
  owner = await newAccount();
  box = await mailbox(owner);
  platform = mailPlatform(DOMAIN);
  bindings = {
    ...env,
    WISHUB_OBSERVING: "0",
    WISHUB_MAIL_DOMAIN: DOMAIN,
    SEND_EMAIL: platform.binding,
  } as unknown as Env;
});

/** A channel by mail where the installation has mail of its own. */
async function connected(config: object = {}): Promise<{ id: string; address: string }> {
  const asked = isolate({ WISHUB_MAIL_DOMAIN: DOMAIN });
  const body = { type: "email", name: "Otters", agentId: box.id, config };
  const answer = await asked(owner, "POST", "/v1/channels", body);
  if (answer.status !== 201) throw new Error(await answer.text());
  return await answer.json();
}

/** What the sender's server is told: null where the mail was taken. */
async function mailed(raw: string, to: string): Promise<string | null> {
  const { message, told } = incoming(raw, to);
  await receiveMail(message, bindings);
  return told.reason;
}
const from = (text: string, id: string, headers: Record<string, string> = {}) =>
  receivedMail(Date.now(), { text, id, headers, server: SERVER });

async function heard(): Promise<Heard> {
  return await vi.waitFor(
    async () => {
      const [message] = (await box.leased(1)) as Heard[];
      if (message === undefined) throw new Error("nothing yet");
      await box.settle("ack", message);
      return message;
    },
    { timeout: 5_000, interval: 20 },
  );
}

const set = (id: string, state: string) =>
  owner.call("PATCH", `/v1/channels/${id}`, { body: { state }, headers: { "If-Match": "*" } });
const say = (id: string, conversationId: string, text: string) =>
  owner.call("POST", `/v1/channels/${id}/messages`, { body: { conversationId, body: { text } } });

/** The agent says this, and the queue's consumer, which has the platform's mail, sends it. */
async function answered(id: string, conversationId: string, text: string): Promise<void> {
  await set(id, "paused");
  expect((await say(id, conversationId, text)).status).toBe(202);
  await queued(id, bindings, async ({ channel, handed, carried }) => {
    expect(await carried("channel-outbound", handed)).toEqual([true]);
    expect(channel.traffic().out).toMatchObject({ waiting: 0, dead: 0 });
  });
  await set(id, "active");
}

describe("a conversation by mail", () => {
  it("is held in one thread between a person and an agent, though each mail comes twice", async () => {
    const { id, address } = await connected();
    expect(address).toBe(`${id}@${DOMAIN}`);
    const first = from("Where do otters sleep?", "<m1@tides.example>");
    for (const _ of [1, 2]) expect(await mailed(first, address.toUpperCase())).toBeNull();
    const question = await heard();
    expect(question.body).toMatchObject({ text: "Where do otters sleep?", subject: "Otters 水獺" });
    await answered(id, question.body.conversationId, "On their backs.");
    const thread = {
      "In-Reply-To": "<1@mail.cloudflare.example>",
      References: "<m1@tides.example> <1@mail.cloudflare.example>",
    };
    expect(await mailed(from("And in winter?", "<m2@tides.example>", thread), address)).toBeNull();
    const second = await heard();
    expect(second.body.conversationId).toBe(question.body.conversationId);
    await answered(id, second.body.conversationId, "In a den.");
    expect(platform.sent).toEqual([
      {
        from: { name: "Otters", email: address },
        to: PERSON,
        subject: "Re: Otters 水獺",
        text: "On their backs.",
        headers: {
          "In-Reply-To": "<m1@tides.example>",
          References: "<m1@tides.example>",
          "Auto-Submitted": "auto-replied",
        },
      },
      expect.objectContaining({
        text: "In a den.",
        headers: {
          "In-Reply-To": "<m2@tides.example>",
          References: "<m1@tides.example> <1@mail.cloudflare.example> <m2@tides.example>",
          "Auto-Submitted": "auto-replied",
        },
      }),
    ]);
    expect(await box.leased(1)).toEqual([]);
  });

  it("is no way to write to whoever never wrote", async () => {
    const { id } = await connected();
    await set(id, "paused");
    expect((await say(id, `${id}:victim@bank.example/1`, "Buy!")).status).toBe(202);
    await queued(id, bindings, async ({ channel, handed, carried }) => {
      const [ref] = handed;
      for (let i = 0; i < 4; i++)
        expect(await carried("channel-outbound", handed)).toEqual([false]);
      expect(await carried("channel-dead-letters", handed)).toEqual([true]);
      expect(ref?.way).toBe("out");
      expect(channel.deadLetters(0, 10)).toMatchObject([{ attempts: 4 }]);
    });
    expect(platform.sent).toEqual([]);
  });
});

describe("mail that is not taken", () => {
  it("is told to its sender's server, with the reason", async () => {
    const { address } = await connected();
    const forged = receivedMail(Date.now(), {
      text: "Pay now.",
      id: "<f@tides.example>",
      server: SERVER,
      results: "dmarc=fail header.from=tides.example",
    });
    expect(await mailed(forged, address)).toContain("DMARC");
    const good = from("Hello.", "<g@tides.example>");
    expect(await mailed(`${good}${"x".repeat(LIMITS.mailBytesMax)}`, address)).toContain("bytes");
    for (const to of [
      `x0_0000000000000000@${DOMAIN}`,
      `nobody@${DOMAIN}`,
      address.replace(DOMAIN, "other.example"),
      "x0_",
      "",
    ])
      expect(await mailed(good, to), to).toContain("no such mailbox");
    expect(await box.leased(1)).toEqual([]);
  });

  it("is that of a machine: it is taken, and nobody hears of it", async () => {
    const { address } = await connected();
    const away = from("I am away.", "<a@tides.example>", { "Auto-Submitted": "auto-replied" });
    expect(await mailed(away, address)).toBeNull();
    expect(await box.leased(1)).toEqual([]);
  });

  it("is what a machine that does not say so answers again and again", async () => {
    const { address } = await connected();
    const told = [];
    for (let i = 0; i < 30; i++)
      told.push(
        await mailed(
          from("Thank you for your mail.", `<loop${i}@tides.example>`, {
            References: "<r@tides.example>",
          }),
          address,
        ),
      );
    expect(told.filter((one) => one === null).length).toBeLessThanOrEqual(21);
    expect(told.at(-1)).toContain("too much comes in this conversation");
    // Others go on.
    expect(await mailed(from("Hello.", "<other@tides.example>"), address)).toBeNull();
  });

  it("is for a channel that another mail server takes mail in for, or that is no channel by mail", async () => {
    const own = {
      relayUrl: "https://mx.river.example/mail",
      address: "otter@river.example",
      authservId: "mx.river.example",
    };
    const { id, address } = await connected(own);
    expect(address).toBe("otter@river.example");
    const good = from("Hello.", "<g@tides.example>");
    expect(await mailed(good, `${id}@${DOMAIN}`)).toContain("no such mailbox");
  });
});

describe("a channel by mail", () => {
  it("needs a mail server of the account's own where the installation has none, with all that belongs to it", async () => {
    const body = (config: object) => ({
      body: { type: "email", name: "Otters", agentId: box.id, config },
    });
    const alone = await problemOf(await owner.call("POST", "/v1/channels", body({})));
    expect(alone.errors?.map(({ pointer }) => pointer)).toEqual(["/config/relayUrl"]);
    const torn = await problemOf(
      await owner.call("POST", "/v1/channels", body({ relayUrl: "https://mx.example/" })),
    );
    expect(torn.errors?.map(({ pointer }) => pointer)).toEqual([
      "/config/address",
      "/config/authservId",
    ]);
    const inside = { relayUrl: "https://10.0.0.1/", address: "a@b.example", authservId: "b" };
    const refused = await problemOf(await owner.call("POST", "/v1/channels", body(inside)));
    expect(refused.code).toBe("egress-refused");
  });

  it("opens no door: what comes over HTTP is signed with its secret, whatever it says of itself", async () => {
    const { id } = await connected();
    const forged = await call("POST", `/v1/channels/${id}/inbound`, {
      body: from("Hello.", "<g@tides.example>"),
      headers: { "Content-Type": "message/rfc822" },
    });
    expect((await problemOf(forged)).code).toBe("unauthenticated");
    const handler = await call(
      "POST",
      `/cdn-cgi/handler/email?from=a@b.example&to=${id}@${DOMAIN}`,
      {
        body: from("Hello.", "<g@tides.example>"),
        headers: { "Content-Type": "message/rfc822" },
      },
    );
    expect(handler.status).toBe(404);
  });
});
