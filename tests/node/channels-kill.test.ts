import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { killable } from "./killable.ts";
import { brought, type ServedVendor, vendorServer } from "./vendor-server.ts";

// What a channel has taken is not lost, nor out of order, though the product is killed again and again.

let vendor: ServedVendor;
beforeAll(async () => {
  vendor = await vendorServer("slack");
});
afterAll(() => vendor.close());
const product = killable(async () => ({ WISHUB_EGRESS_ALLOW: vendor.url }));

type Id = { id: string };
type Message = Id & { fencingToken: number; body: { conversationId: string; text: string } };

it("goes on after kill -9 where it was, in both directions", async () => {
  await product.start();
  const about = { name: "Otter", type: "query", description: "Answers.", capabilities: [] };
  const { id: agentId } = await product.post<Id>("/v1/agents", about);
  const channel = { type: "slack", name: "Otters", agentId, config: vendor.config(vendor.url) };
  const { id, ...made } = await product.post<Id & { inboundUrl: string }>("/v1/channels", channel);
  const inbound = `${product.url}${new URL(made.inboundUrl).pathname}`;
  const conversationId = `${id}:${vendor.conversation}`;

  vendor.mood = "down";
  const [said, answers]: [string[], string[]] = [[], []];
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 5; i++) {
      const [text, answer] = [`said ${round} ${i}`, `answered ${round} ${i}`];
      const call = await vendor.says({ text, id: round * 10 + i + 1 }, Date.now());
      expect((await brought(inbound, call)).status).toBe(200);
      said.push(text);
      const body = { conversationId, body: { text: answer } };
      await product.post(`/v1/channels/${id}/messages`, body);
      answers.push(answer);
    }
    await product.kill();
    await product.start();
  }
  vendor.mood = "well";
  // What was sent but not noted before a kill may come again; never out of order.
  const unique = () => [...new Set(vendor.heard.map(({ text }) => text))];
  await vi.waitFor(() => expect(unique()).toEqual(answers), { timeout: 60_000, interval: 200 });

  const heard: string[] = [];
  const path = `/v1/agents/${agentId}/messages`;
  while (heard.length < said.length) {
    const { messages } = await product.post<{ messages: Message[] }>(`${path}/lease`, {
      limit: 1,
      waitMs: 20_000,
    });
    expect(messages.length).toBe(1);
    for (const { id: message, fencingToken, body } of messages) {
      heard.push(body.text);
      await product.post(`${path}/${message}/ack`, { fencingToken });
    }
  }
  expect(heard).toEqual(said);
}, 180_000);
