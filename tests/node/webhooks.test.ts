import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { commandLine } from "./command-line.ts";
import { killAll, launch, type Launched, temporaryState } from "./launched.ts";
import { type Receiver, webhookReceiver } from "./webhook-receiver.ts";
import { asOwnerOf } from "./owner.ts";

// An account's webhooks against a receiver that verifies by the specification's own library, through the `wishub`
// command where a person would; and over a kill.

const state = temporaryState();
let product: Launched;
let port: number;
let receiver: Receiver;
let wishub: ReturnType<typeof commandLine>;
let id: string;

beforeAll(async () => {
  receiver = await webhookReceiver();
  port = await freePort();
  product = await started();
  wishub = commandLine(state.path, product.url);
}, 60_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  await receiver.close();
  state.remove();
});

async function started(): Promise<Launched> {
  const one = launch({ state: state.path, port, env: { WISHUB_EGRESS_ALLOW: receiver.url } });
  await one.ready();
  return one;
}

type Event = { id: string; type: string; data: unknown };
const asOwner = asOwnerOf(() => state.path);
const append = (events: Event[]) => asOwner("POST", "/v1/topics/agent.events/events", { events });
const numbered = (from: number, count: number): Event[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `tide-${from + i}`,
    type: "custom.tide",
    data: { n: from + i },
  }));
const numbers = () => receiver.received.map(({ data }) => data["n"]);
const arrived = (count: number) =>
  vi.waitFor(() => expect(receiver.received).toHaveLength(count), {
    timeout: 30_000,
    interval: 50,
  });

type Made = { id: string; secret: string; state: string };
type Tried = { items: { outcome: string; attempt: number; type: string }[] };

it("sends events to an address that the command line names, and tells how that goes", async () => {
  expect(await wishub.says(["webhooks", "list"])).toBe("no webhooks\n");
  const url = `${receiver.url}/events`;
  const made = await wishub.document<Made>(["webhooks", "create", url, "custom.*,unit.searchable"]);
  expect(made.state).toBe("active");
  id = made.id;
  receiver.secret = made.secret;
  expect(await wishub.says(["webhooks", "ping", id])).toMatch(/^ping_\S+ is on its way\n$/);
  await arrived(1);
  expect(receiver.received[0]).toMatchObject({ type: "webhook.ping", data: { webhookId: id } });
  await append(numbered(0, 20));
  await arrived(21);
  expect(new Set(numbers().slice(1)).size).toBe(20);
  expect(receiver.forged).toBe(0);
  expect(await wishub.says(["webhooks", "list"])).toContain(id);
  expect(await wishub.says(["webhooks", "show", id])).toContain("well  last answer 204");
  const { items } = await wishub.document<Tried>(["webhooks", "deliveries", id, "--limit", "5"]);
  expect(items).toHaveLength(5);
  expect(
    items.every(({ outcome, type }) => outcome === "delivered" && type === "custom.tide"),
  ).toBe(true);
  expect(await wishub.says(["webhooks", "deliveries", id])).toContain("attempt 1");
});

it("is woken by an event at once, and rests when there is none", async () => {
  const waits: number[] = [];
  for (let i = 0; i < 5; i++) {
    const before = receiver.received.length;
    const beganMs = Date.now();
    await append(numbered(100 + i, 1));
    await arrived(before + 1);
    waits.push(Date.now() - beganMs);
    await new Promise((done) => setTimeout(done, 100));
  }
  expect(waits.toSorted((a, b) => a - b)[2]).toBeLessThan(1_000);
});

it("tries again what was not taken, while all else goes on", async () => {
  receiver.received.length = 0;
  const seen = new Set<string>();
  receiver.answer = (webhookId) => {
    const isFirst = !seen.has(webhookId);
    seen.add(webhookId);
    return isFirst && webhookId.endsWith("3") ? 503 : 204;
  };
  await append(numbered(200, 30));
  await arrived(30);
  expect(new Set(numbers()).size).toBe(30);
  receiver.answer = () => 204;
});

it("goes on after a kill where it was: nothing that was acknowledged is missing, and in order nothing overtakes", async () => {
  receiver.received.length = 0;
  await wishub.says(["webhooks", "pause", id]);
  const url = `${receiver.url}/ordered`;
  const made = await wishub.document<Made>(["webhooks", "create", url, "custom.*", "--ordered"]);
  receiver.secret = made.secret;
  receiver.answer = () => (receiver.received.length < 60 ? 204 : 503);
  await append(numbered(300, 200));
  await vi.waitFor(() => expect(receiver.received.length).toBeGreaterThan(50), {
    timeout: 20_000,
    interval: 5,
  });
  killAll(state.path);
  await product.ended;
  receiver.answer = () => 204;
  product = await started();
  const all = () => [...new Set(numbers())];
  await vi.waitFor(() => expect(all()).toHaveLength(200), { timeout: 30_000, interval: 50 });
  expect(all()).toEqual(Array.from({ length: 200 }, (_, i) => 300 + i));
  // What was on its way when it was killed may come twice, under the same id.
  expect(receiver.received.length).toBeLessThan(200 + 60);
  await wishub.says(["webhooks", "delete", made.id]);
}, 90_000);

it("sends again what is asked for, takes a new secret, and ends", async () => {
  const rotated = await wishub.document<Made>(["webhooks", "rotate", id]);
  receiver.secret = rotated.secret;
  receiver.received.length = 0;
  expect(await wishub.says(["webhooks", "resume", id])).toContain("active");
  // It kept its place.
  await arrived(200);
  receiver.received.length = 0;
  const said = await wishub.says(["webhooks", "replay", id, "evt_agent-events_0_21"]);
  expect(said).toContain("evt_agent-events_0_21");
  await vi.waitFor(() => expect(numbers().length).toBeGreaterThan(230), { timeout: 30_000 });
  expect(receiver.forged).toBe(0);
  expect(await wishub.says(["webhooks", "change", id, "--events", "unit.*"])).toContain("unit.*");
  expect(await wishub.says(["webhooks", "dead", id])).toBe("no dead letters\n");
  expect(await wishub.says(["webhooks", "redrive", id])).toBe("0 are sent again\n");
  expect(await wishub.says(["webhooks", "delete", id])).toBe("ended\n");
  expect((await wishub.run(["webhooks", "show", id])).code).toBe(1);
}, 60_000);
