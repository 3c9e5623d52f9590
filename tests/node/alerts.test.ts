import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { fakeOpsgenie, fakePagerDuty } from "./pagers.ts";
import { freePort } from "#scripts/launch/free-port.ts";
import { commandLine } from "./command-line.ts";
import { type Served, served } from "./http-fake.ts";
import { killAll, launch, type Launched, temporaryState } from "./launched.ts";
import { type Receiver, webhookReceiver } from "./webhook-receiver.ts";
import { asOwnerOf } from "./owner.ts";

const ROUTING_KEY = "R0UT1NGKEY00000000000000000000AB";
const API_KEY = "eb243592-faa2-4ba2-a551-1afdf565c889";
const pagerDuty = fakePagerDuty(ROUTING_KEY);
const opsgenie = fakeOpsgenie(API_KEY);
let receiver: Receiver;
let doors: Served[];
let state: ReturnType<typeof temporaryState>;
let port: number;
let product: Launched;
let wishub: ReturnType<typeof commandLine>;

async function start(): Promise<void> {
  const origins = [...doors.map(({ url }) => url), receiver.url].join();
  product = launch({ state: state.path, port, env: { WISHUB_EGRESS_ALLOW: origins } });
  await product.ready();
}
beforeAll(async () => {
  state = temporaryState();
  port = await freePort();
  receiver = await webhookReceiver();
  doors = [
    await served((one) => pagerDuty.answer(one)),
    await served((one) => opsgenie.answer(one)),
  ];
  await start();
  wishub = commandLine(state.path, product.url);
  // It fires with the next sample of this host, and shows in the last test.
  await wishub.says(["alerts", "set", "memory-high", "--above", "0", "--for", "0"]);
}, 60_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  for (const door of [...doors, receiver]) await door.close();
  state.remove();
});

const api = asOwnerOf(() => state.path);
type Id = { id: string };

it("reach PagerDuty and Opsgenie, which take them", async () => {
  const targets = [
    { kind: "pagerduty", routingKey: ROUTING_KEY, url: `${doors[0]?.url}/v2/enqueue` },
    { kind: "opsgenie", apiKey: API_KEY, url: `${doors[1]?.url}/v2/alerts` },
  ];
  for (const target of targets) {
    const { id } = await api<Id>("POST", "/v1/alerts/routes", { target, severities: ["info"] });
    await wishub.says(["alerts", "try", id]);
  }
  await vi.waitFor(
    () => {
      expect(pagerDuty.incidents.size).toBe(1);
      expect(opsgenie.alerts.size).toBe(1);
    },
    { timeout: 15_000, interval: 50 },
  );
  expect([pagerDuty.refused, opsgenie.refused]).toEqual([[], []]);
}, 30_000);

it("are set, silenced and routed from the command line", async () => {
  expect(await wishub.says(["alerts", "rules"])).toMatch(/memory-high.*above 0 %.*\(changed\)/s);
  expect(await wishub.says(["alerts", "set", "backlog", "--off"])).toContain("(off, changed)");
  expect(await wishub.says(["alerts", "reset", "backlog"])).toContain("as it came");
  expect(await wishub.says(["alerts", "rules"])).not.toContain("(off");
  const wrong = await wishub.run(["alerts", "set", "backlog", "--above", "much"]);
  expect([wrong.code, wrong.err.includes("--above is a number")]).toEqual([2, true]);
  expect((await wishub.run(["alerts", "set", "no-such-rule", "--off"])).code).toBe(1);

  const silenced = await wishub.says(["alerts", "silence", "backlog", "--minutes", "5"]);
  const [silence = ""] = silenced.split(" ");
  expect(await wishub.says(["alerts", "silences"])).toContain(silence);
  expect(await wishub.says(["alerts", "unsilence", silence])).toContain("is over");
  expect(await wishub.says(["alerts", "silences"])).toBe("nothing is silenced\n");

  const routed = ["alerts", "route", "email", "ops@example.com", "--severities", "info"];
  const route = (await wishub.says(routed)).trim();
  expect(await wishub.says(["alerts", "routes"])).toContain(route);
  expect(await wishub.says(["alerts", "try", route])).toContain("is on its way");
  await vi.waitFor(
    async () => expect(await wishub.says(["notifications"])).toContain("INFO: test"),
    { timeout: 10_000, interval: 100 },
  );
  expect(await wishub.says(["notifications", "--state", "dead"])).toBe("none\n");
  expect(await wishub.says(["notifications", "redrive"])).toBe("0 are sent again\n");
  expect(await wishub.says(["alerts", "unroute", route])).toContain("is gone");
  expect((await wishub.run(["alerts", "try", route])).code).toBe(1);
  const nowhere = await wishub.run(["alerts", "route", "pigeon", "home"]);
  expect([nowhere.code, nowhere.err.includes("KIND is one of")]).toEqual([2, true]);
  expect(await wishub.says(["slos"])).toContain("% of the budget left");
}, 60_000);

it("are told, each once, though the product is killed while it tells them", async () => {
  const target = { kind: "webhook", url: receiver.url };
  const severities = ["info"];
  const hook = await api<Id & { secret: string }>("POST", "/v1/alerts/routes", {
    target,
    severities,
  });
  receiver.secret = hook.secret;
  const mail = { target: { kind: "email", to: "ops@example.com" }, severities };
  const { id: mailed } = await api<Id>("POST", "/v1/alerts/routes", mail);
  const promised: Record<"hook" | "mail", string[]> = { hook: [], mail: [] };
  const tell = async (to: keyof typeof promised, route: string) => {
    const told = await api<Id>("POST", `/v1/alerts/routes/${route}/test`).catch(() => null);
    if (told !== null) promised[to].push(told.id);
  };
  const telling = Array.from({ length: 20 }, () => [tell("hook", hook.id), tell("mail", mailed)]);
  await vi.waitFor(() => expect(promised.hook.length).toBeGreaterThan(3), {
    timeout: 20_000,
    interval: 1,
  });
  killAll(state.path);
  await product.ended;
  await Promise.all(telling.flat());
  await start();
  await vi.waitFor(
    () => {
      const came = new Set(receiver.received.map(({ data }) => data["id"]));
      expect(promised.hook.filter((id) => !came.has(id))).toEqual([]);
    },
    { timeout: 60_000, interval: 100 },
  );
  // What was sent but not noted before the kill may come again, and says so by its id.
  const names = new Map(receiver.received.map(({ id, data }) => [data["id"], id]));
  for (const { id, data } of receiver.received) expect(id).toBe(names.get(data["id"]));
  await vi.waitFor(
    async () => {
      const { items } = await api<{ items: Id[] }>("GET", "/v1/notifications?limit=100");
      const came = items.map(({ id }) => id).filter((id) => id.endsWith(mailed));
      expect(new Set(came).size).toBe(came.length);
      expect(promised.mail.filter((id) => !came.some((one) => one.startsWith(id)))).toEqual([]);
    },
    { timeout: 60_000, interval: 200 },
  );
  expect(receiver.forged).toBe(0);
}, 180_000);

it("show what is wrong, and that it is over once it is", async () => {
  const shown = (args: string[]) => wishub.says(["alerts", ...args]);
  await vi.waitFor(
    async () => expect(await shown(["--state", "firing"])).toMatch(/firing[\s\S]*memory-high/),
    { timeout: 40_000, interval: 500 },
  );
  await wishub.says(["alerts", "reset", "memory-high"]);
  expect(await shown(["--state", "resolved"])).toMatch(/resolved[\s\S]*memory-high/);
  const page = await wishub.document<{ items: { rule: string }[] }>(["alerts"]);
  expect(page.items.map(({ rule }) => rule)).toContain("memory-high");
}, 60_000);
