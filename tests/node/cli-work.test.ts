import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { commandLine } from "./command-line.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { type OutsideAgent, outsideAgent } from "./outside-agent.ts";
import { type Receiver, webhookReceiver } from "./webhook-receiver.ts";
import { asOwnerOf } from "./owner.ts";

// What the `wishub` command does with tasks and their queues, and for agents that run elsewhere or whose messages go to
// a webhook.

// Each runs the command a dozen times.
vi.setConfig({ testTimeout: 60_000 });
const state = temporaryState();
let product: Launched;
let receiver: Receiver;
let elsewhere: OutsideAgent;
let wishub: ReturnType<typeof commandLine>;

beforeAll(async () => {
  [receiver, elsewhere] = [await webhookReceiver(), await outsideAgent()];
  const allowed = `${receiver.url},${elsewhere.url}`;
  const env = { WISHUB_EGRESS_ALLOW: allowed, WISHUB_TRACE_SAMPLE: "1" };
  product = launch({ state: state.path, port: await freePort(), env });
  await product.ready();
  wishub = commandLine(state.path, product.url);
}, 60_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  await receiver.close();
  await elsewhere.close();
  state.remove();
});

type Delivery = { url: string; state: string; waiting: number; secret?: string };
type Dead = { items: { id: string }[] };

it("sends an agent's messages to a webhook, tells how that goes, and ends it", async () => {
  const said = ["--type", "query", "--about", "Waits."];
  const { id } = await wishub.document<{ id: string }>(["agents", "register", "Heron", ...said]);
  const hook = (verb: string, ...more: string[]) => ["agents", "webhook", verb, id, ...more];
  const url = `${receiver.url}/hook`;
  const made = await wishub.document<Delivery>(hook("set", url));
  expect(made).toMatchObject({ url, state: "active" });
  receiver.secret = made.secret ?? "";
  expect(await wishub.says(hook("ping"))).toMatch(/^ping_\S+ is on its way\n$/);
  await wishub.says(["send", id, "high water"]);
  await vi.waitFor(() => expect(receiver.received).toHaveLength(2), { timeout: 20_000 });
  expect(receiver.forged).toBe(0);
  expect(await wishub.says(hook("show"))).toContain("active, last answer 204");
  expect(await wishub.says(hook("dead"))).toBe("no dead letters\n");
  expect((await wishub.document<Dead>(hook("dead"))).items).toEqual([]);
  expect(await wishub.says(hook("redrive"))).toBe("0 are sent again\n");
  // A secret of one's own comes from standard input, and is not shown again.
  const own = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
  expect(await wishub.says(hook("set", url, "--secret"), `${own}\n`)).not.toContain("whsec_");
  await wishub.says(hook("end"));
  expect((await wishub.run(hook("show"))).code).toBe(1);
});

type Agent = { id: string; outside: { endpoint: string; cardVersion: string } };

it("registers an agent by its card, and reads the card again", async () => {
  const command = ["agents", "register-card", elsewhere.cardUrl];
  expect((await wishub.run(command)).code).toBe(2);
  const words = ["--type", "generation", "--about", "In our own words."];
  const made = await wishub.document<Agent>([...command, ...words]);
  expect(made.outside.endpoint).toContain(elsewhere.url);
  const shown = await wishub.says(["agents", "show", made.id]);
  expect(shown).toContain("In our own words.");
  expect(shown).toContain(`runs at: ${made.outside.endpoint}`);
  await elsewhere.publish({ version: "2.7.0" });
  const again = await wishub.document<Agent>(["agents", "refresh", made.id]);
  expect([again.id, again.outside.cardVersion]).toEqual([made.id, "2.7.0"]);
  const nowhere = await wishub.run(["agents", "register-card", "http://10.0.0.1/", ...words]);
  expect([nowhere.code, nowhere.err]).toEqual([
    1,
    expect.stringContaining("not on the public network"),
  ]);
});

const asOwner = asOwnerOf(() => state.path);
const post = <T>(path: string, body: unknown) => asOwner<T>("POST", path, body);

type Task = { id: string; state: string; priority: number };
type Leased = { tasks: { id: string; fencingToken: number }[] };

async function finish(type: string, how: "complete" | "fail", more: object): Promise<string> {
  const ask = { types: [type], limit: 1, waitMs: 10_000 };
  const { tasks } = await post<Leased>("/v1/tasks/lease", ask);
  const [task] = tasks;
  if (task === undefined) throw new Error("nothing was leased");
  await post(`/v1/tasks/${task.id}/${how}`, { fencingToken: task.fencingToken, ...more });
  return task.id;
}

it("puts a task into the queue, shows it, lists it and writes its result", async () => {
  const command = ["task", "create", "tides", '{"port":"Kiel"}', "--priority", "7"];
  const made = await wishub.document<Task>(command);
  expect(made).toMatchObject({ state: "submitted", priority: 7 });
  expect(await wishub.says(["task", "show", made.id])).toContain("submitted");
  expect(await wishub.says(["task", "list", "--type", "tides"])).toContain(made.id);
  expect(await wishub.says(["queue"])).toMatch(/account .*1 waiting/s);
  expect(await finish("tides", "complete", { result: { high: "12:40" } })).toBe(made.id);
  expect(await wishub.says(["task", "show", made.id])).toContain("completed");
  expect(JSON.parse(await wishub.says(["task", "result", made.id]))).toEqual({ high: "12:40" });
  expect(await wishub.says(["task", "list", "--state", "failed"])).toBe("no tasks\n");
});

it("tells within a terminal's width what is promised, and which requests were traced", async () => {
  expect(await wishub.says(["slos"])).toContain("100 % of the budget left");
  await vi.waitFor(async () => expect(await wishub.says(["traces"])).toContain("/v1/"), {
    timeout: 20_000,
    interval: 500,
  });
});

it("follows a task to its end, and says by its exit code how that was", async () => {
  const good = wishub.run(["task", "create", "watched", "1", "--watch"]);
  await finish("watched", "complete", { result: 2 });
  expect((await good).code).toBe(0);
  const bad = wishub.run(["task", "create", "watched", "1", "--watch"]);
  await finish("watched", "fail", { reason: "no tide gauge", final: true });
  const { code, out } = await bad;
  expect([code, out]).toEqual([1, expect.stringMatching(/failed.*no tide gauge/s)]);
});

it("cancels a task, puts failed ones back to work, and holds up and drains a queue", async () => {
  const made = await wishub.document<Task>(["task", "create", "later"]);
  expect(await wishub.says(["task", "cancel", made.id, "--why", "not needed"])).toBe("canceled\n");
  expect(await wishub.says(["task", "redrive"])).toBe("1 put back to work\n");
  expect(await wishub.says(["queue", "pause"])).toContain("paused");
  expect(await post("/v1/tasks/lease", { types: ["watched"], limit: 1 })).toEqual({ tasks: [] });
  expect(await wishub.says(["queue", "drain"])).toContain("draining");
  expect((await wishub.run(["task", "create", "refused"])).code).toBe(1);
  expect(await wishub.says(["queue", "resume"])).toContain("open");
  expect((await wishub.run(["task", "show", "t_nothing"])).code).toBe(1);
});

it("has a task's callback delivered, signed by the secret that came with it, and shows one that was given up", async () => {
  const secret = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
  receiver.secret = secret;
  receiver.received.length = 0;
  const signed = ["--callback", `${receiver.url}/done`, "--secret"];
  expect((await wishub.run(["task", "create", "called", "--secret"])).code).toBe(2);
  const ended = async () => {
    const { id } = await wishub.document<Task>(
      ["task", "create", "called", ...signed],
      `${secret}\n`,
    );
    expect(await finish("called", "complete", { result: 2 })).toBe(id);
    return id;
  };
  const taken = await ended();
  await vi.waitFor(() => expect(receiver.received).toHaveLength(1), { timeout: 20_000 });
  expect(receiver.forged).toBe(0);
  expect(receiver.received[0]).toMatchObject({
    type: "task.completed",
    data: { id: taken, state: "completed" },
  });
  receiver.answer = () => 410;
  const refused = await ended();
  await vi.waitFor(
    async () => {
      const text = (await wishub.says(["task", "show", refused])).replaceAll(/\s+/g, " ");
      expect(text).toContain("callback given up: it answered 410");
    },
    { timeout: 20_000, interval: 100 },
  );
});
