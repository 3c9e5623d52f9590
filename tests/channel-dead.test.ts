import { expect, it } from "vitest";
import { fakeTelegram } from "#adapters/channels/fakes/telegram.ts";
import { queued } from "./channel-queue.ts";
import { newAccount } from "./helpers.ts";
import { agentOf } from "./mailbox.ts";

it("what an agent says is tried three times more where the vendor refuses it, then a dead letter that is listed, and said when it is redriven", async () => {
  const account = await newAccount();
  const vendor = fakeTelegram();
  const config = vendor.config("https://vendor.example.com");
  const channel = { type: "telegram", name: "Ours", agentId: await agentOf(account), config };
  const made = await account.call("POST", "/v1/channels", { body: channel });
  const { id } = await made.json<{ id: string }>();
  const patch = { body: { state: "paused" }, headers: { "If-Match": "*" } };
  await account.call("PATCH", `/v1/channels/${id}`, patch);
  const conversationId = `${id}:${vendor.conversation}`;
  const body = { conversationId, body: { text: "Up the river." } };
  await account.call("POST", `/v1/channels/${id}/messages`, { body });
  const answer = (url: string, init: RequestInit) => vendor.answer(new Request(url, init));

  await queued(id, { EGRESS: { fetch: answer } }, async ({ handed, carried }) => {
    const refs = handed.splice(0);
    vendor.mood = "refusing";
    for (let i = 0; i < 4; i++) expect(await carried("channel-outbound", refs)).toEqual([false]);
    expect(await carried("channel-dead-letters", refs)).toEqual([true]);
  });
  const dead = await account.call("GET", `/v1/channels/${id}/dead-letters`);
  expect((await dead.json<{ items: object[] }>()).items).toMatchObject([
    {
      direction: "outbound",
      conversationId,
      attempts: 4,
      reason: "telegram: 400 Bad Request: chat not found",
      body: { text: "Up the river." },
    },
  ]);
  vendor.mood = "well";
  await queued(id, { EGRESS: { fetch: answer } }, async ({ channel: own, handed, carried }) => {
    expect(await own.redrive()).toBe(1);
    expect(await carried("channel-outbound", handed)).toEqual([true]);
    expect(own.deadLetters(0, 10)).toEqual([]);
  });
  expect(vendor.heard.map(({ text }) => text)).toEqual(["Up the river."]);
});
