import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { ownerOf } from "./owner.ts";

// The `wishub` command as a user runs it, against the product as `npm start` serves it.

const LAUNCHER = join(import.meta.dirname, "..", "..", "cli", "bin.mjs");
const START_MS = 120_000;

let state: ReturnType<typeof temporaryState>;
let work: ReturnType<typeof temporaryState>;
let product: Launched;

beforeAll(async () => {
  [state, work] = [temporaryState(), temporaryState()];
  product = launch({ state: state.path, port: await freePort() });
  await product.ready();
}, START_MS);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  state.remove();
  work.remove();
});

async function wishub(args: string[], stdin?: string) {
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    cwd: work.path,
    env: { PATH: process.env["PATH"] ?? "", WISHUB_STATE: state.path },
  });
  child.stdin.end(stdin);
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  return { code, out, err };
}

async function document<T>(args: string[], stdin?: string): Promise<T> {
  const { code, out, err } = await wishub([...args, "--json"], stdin);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return JSON.parse(out) as T;
}

type Unit = { id: string; title: string; status: string; level: string; visibility: string };

describe("the wishub command", { timeout: 60_000 }, () => {
  it("publishes from standard input and finds it by a question in another language", async () => {
    const text =
      "# 水的沸点\n\n在一个标准大气压下，水的沸点是一百摄氏度；海拔越高，气压越低，沸点也越低。";
    const unit = await document<Unit>(["publish", "--public", "--wait"], text);
    expect(unit).toMatchObject({ title: "水的沸点", status: "searchable", visibility: "public" });
    const found = await document<{ hits: { unitId: string; why: object }[] }>([
      "search",
      "at what temperature does water boil?",
      "--explain",
    ]);
    expect(found.hits[0]).toMatchObject({ unitId: unit.id, why: expect.any(Object) as object });
  });

  it("registers an agent, gives it a key, changes it and takes it away again", async () => {
    type Agent = {
      id: string;
      version: number;
      name: string;
      state: string;
      capabilities: string[];
    };
    const said = ["--type", "query", "--about", "Tells the time of tides.", "--can", "tides"];
    const made = await document<Agent>(["agents", "register", "Tide teller", ...said]);
    expect(made).toMatchObject({ name: "Tide teller", capabilities: ["tides"], version: 1 });
    const { items } = await document<{ items: Agent[] }>(["agents", "list", "--can", "tides"]);
    expect(items.map(({ id }) => id)).toEqual([made.id]);
    const changed = await document<Agent>(["agents", "update", made.id, "--name", "Tides"]);
    expect(changed).toMatchObject({ name: "Tides", version: 2 });
    expect((await wishub(["agents", "show", made.id])).out).toContain("Tells the time of tides.");
    const key = await wishub(["agents", "key", made.id]);
    expect(key.out).toMatch(/^wh0_\w+\n$/);
    const theirs = await document<{ items: Agent[] }>(["agents", "list", "--key", key.out.trim()]);
    expect(theirs.items.map(({ id }) => id)).toContain(made.id);
    const states: string[] = [];
    for (const verb of ["pause", "resume", "quarantine", "release", "retire"])
      states.push((await document<Agent>(["agents", verb, made.id])).state);
    expect(states).toEqual(["paused", "active", "quarantined", "active", "retired"]);
    await document(["agents", "delete", made.id]);
    expect((await wishub(["agents", "show", made.id])).code).not.toBe(0);
  });

  it("sends an agent messages, and takes them out of its mailbox in their order", async () => {
    const said = ["--type", "query", "--about", "Reads its mail."];
    const { id } = await document<{ id: string }>(["agents", "register", "Reader", ...said]);
    await wishub(["send", id, "first", "--conversation", "c"]);
    await wishub(["send", id, '{"n":2}', "--priority", "9"]);
    type Messages = { messages: { body: unknown }[] };
    const bodies = async (...flags: string[]) =>
      (await document<Messages>(["inbox", id, ...flags])).messages.map(({ body }) => body);
    expect(await bodies("--peek")).toEqual(["first", { n: 2 }]);
    expect(await bodies("--limit", "1")).toEqual([{ n: 2 }]);
    expect((await wishub(["inbox", id])).out).toContain("first");
    expect((await wishub(["inbox", id])).out).toBe("no messages\n");
  });

  it("finds an agent for a task, and tells people and programs why", async () => {
    const { url, apiKey } = ownerOf(state.path);
    const made = await fetch(`${url}/v1/agents`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({
        name: "Tide clock",
        type: "query",
        description: "Says when the tide is high or low at a harbour.",
        capabilities: ["tides.predict"],
      }),
    });
    const { id } = (await made.json()) as { id: string };
    const task = ["match", "when is high water in Brest?", "--needs", "tides.predict"];
    const { matches } = await document<{ matches: { agentId: string }[] }>(task);
    expect(matches.map(({ agentId }) => agentId)).toEqual([id]);
    const { out } = await wishub(task);
    expect(out).toContain("Tide clock");
    expect(out).toContain("tides.predict (declared)");
    expect(out).toContain(id);
  });

  it("shows a unit and its evidence for people, without colour in a pipe", async () => {
    const { id } = await document<Unit>(
      ["publish", "--title", "Leap years", "--wait"],
      "A year is a leap year when it can be divided by four, except centuries that four hundred does not divide.",
    );
    const shown = await wishub(["show", id]);
    expect(shown.out).toContain("Leap years");
    const evidence = await wishub(["evidence", id]);
    expect(evidence.out).toMatch(/^level L3\npass {2}/);
    expect(shown.out + evidence.out).not.toContain("\u001b");
  });

  it("tells who used a unit and what builds on it", async () => {
    const { url, apiKey } = ownerOf(state.path);
    const made = async (title: string, body: string, links: object[] = []) => {
      const answer = await fetch(`${url}/v1/units`, {
        method: "POST",
        headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
        body: JSON.stringify({ title, body, links }),
      });
      return (await answer.json()) as { id: string };
    };
    const { id } = await made("Neap tides", "They are the smallest, when moon and sun pull apart.");
    expect((await wishub(["uses", id])).out).toBe(
      "used by\n  nobody yet\nbuilt on by\n  nothing yet\n",
    );
    const links = [{ rel: "requires", unitId: id }];
    const other = await made("Spring tides", "They are the largest, twice a month.", links);
    await wishub(["show", id]);
    const { out } = await wishub(["uses", id]);
    expect(out).toMatch(/^used by\n {2}\S.* 1 read, last 20/);
    expect(out).toContain(`${other.id}  L`);
    expect(out).toContain("requires  Spring tides");
    expect(await document(["uses", id])).toMatchObject({ users: [{ reads: 1 }], more: false });
  });

  it("says why a unit was rejected, and exits with 1", async () => {
    const key = ["AKIA", "IOSFODNN7", "EXAMPLK"].join("");
    const { code, err } = await wishub(
      ["publish", "--title", "Deploying", "--wait"],
      `Set AWS_ACCESS_KEY_ID=${key} and run the deploy script from your own machine.`,
    );
    expect(code).toBe(1);
    expect(err).toContain("wishub evidence u");
  });

  it("imports what is good, reports the bad line by its number, and exports what it imported", async () => {
    const line = (n: number) =>
      JSON.stringify({
        title: `Fact ${n}`,
        body: `The number ${n} follows the number ${n - 1} when one counts upwards.`,
      });
    const lines = Array.from({ length: 600 }, (_, index) => line(index + 1));
    lines[499] = '{"title": "cut off';
    writeFileSync(join(work.path, "facts.ndjson"), lines.join("\n"));
    const imported = await wishub(["import", "facts.ndjson"]);
    expect(imported).toMatchObject({ code: 1, out: "599 imported, 1 failed\n" });
    expect(imported.err).toMatch(/^line 500: /);
    const exported = (await wishub(["export"])).out.trim().split("\n");
    const titles = new Set(exported.map((each) => (JSON.parse(each) as Unit).title));
    expect([titles.has("Fact 1"), titles.has("Fact 500"), titles.has("Fact 600")]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("counts no line twice when an import is sent again under its id", async () => {
    const text =
      "A backup that was never restored is a hope; restore one every month and time how long it takes.";
    writeFileSync(join(work.path, "one.ndjson"), JSON.stringify({ title: "Backups", body: text }));
    const first = await wishub(["import", "one.ndjson", "--import-id", "again"]);
    const second = await wishub(["import", "one.ndjson", "--import-id", "again"]);
    expect([first.out, second.out]).toEqual(["1 imported\n", "1 imported\n"]);
    const exported = (await wishub(["export"])).out.trim().split("\n");
    expect(exported.filter((each) => (JSON.parse(each) as Unit).title === "Backups")).toHaveLength(
      1,
    );
  });

  it("imports a folder of Markdown, a unit for each section", async () => {
    mkdirSync(join(work.path, "docs"), { recursive: true });
    const section = (name: string) =>
      `## ${name}\n\nThe ${name} keeps its state in one transaction with the outbox row, and an alarm relays what the queue has missed until the consumer says that it is done.\n`;
    writeFileSync(
      join(work.path, "docs", "guide.md"),
      `# Guide\n\n${section("relay")}\n${section("account")}`,
    );
    const { imported, failed } = await document<{ imported: number; failed: number }>([
      "import",
      "docs",
    ]);
    expect({ imported, failed }).toEqual({ imported: 2, failed: 0 });
  });

  it("makes a key that can do only what it was made for, and revokes it", async () => {
    const key = await document<{ id: string; apiKey: string }>([
      "keys",
      "create",
      "reader",
      "--scopes",
      "search",
    ]);
    const refused = await wishub(["export", "--key", key.apiKey]);
    expect(refused).toMatchObject({ code: 1, out: "" });
    expect((await wishub(["keys", "list"])).out).toContain("reader");
    await document(["keys", "revoke", key.id]);
    const gone = await wishub(["keys", "list"]);
    expect(gone.out).not.toContain(key.id);
  });

  it("shows the capacity there is, the account's own and the shared", async () => {
    expect(await document(["pools"])).toMatchObject({
      items: [
        { name: "account", machines: { ready: 1 }, refusesBelow: 0 },
        { name: "gpu", capacity: { gpuMilli: 1_000 } },
      ],
    });
    expect((await wishub(["pools"])).out).toMatch(/^account .*0 %.*\n {2}machines: 1 ready/);
  });

  it("shows what was used and what was measured", async () => {
    await document(["limits"]);
    const used = await document<{ total: { calls: number } }>(["usage"]);
    expect(used.total.calls).toBeGreaterThan(0);
    const shown = (await wishub(["usage", "--days"])).out;
    expect(shown).toMatch(/still counting[^]*limit\.read +service +\d+ calls[^]*units of cost\n$/);
    expect((await wishub(["metrics"])).out).toMatch(/wishub_http_request_duration_seconds/);
    const name = "wishub_http_request_duration_seconds";
    const one = await wishub(["metrics", name, "--by", "route", "--step", "60"]);
    expect(one.err).toBe("");
    expect(one.out).toMatch(/route GET \/v1\/limits\n.* seen, p50 /);
    const odd = await wishub(["metrics", "nothing"]);
    expect([odd.code, odd.err]).toEqual([
      1,
      expect.stringContaining("/v1/metrics/names lists them"),
    ]);
  });

  it("shows the plan and its limits, of which the first account has none, and gives plans", async () => {
    const limits = { plan: "unlimited", limits: [], auditDays: 365 };
    expect(await document(["limits"])).toEqual(limits);
    const shown = (await wishub(["limits"])).out;
    expect(shown).toMatch(/no request limits.*\nthe audit log is kept for 365 days\n/);
    const nobody = await wishub(["limits", "plan", "a0_0000000000000000", "fleet"]);
    expect([nobody.code, nobody.err]).toEqual([1, expect.stringContaining("nothing here")]);
    const odd = await wishub(["limits", "plan", "a0_0000000000000000", "endless"]);
    expect([odd.code, odd.err]).toEqual([1, expect.stringContaining("/plan")]);
  });

  it("shows topics and sets how long one keeps its events", async () => {
    const { items } = await document<{ items: { topic: string }[] }>(["topics"]);
    expect(items.map(({ topic }) => topic)).toContain("agent.events");
    const set = ["topics", "set", "agent.events", "--days", "3", "--compact", "on"];
    expect(await document(set)).toMatchObject({ retentionDays: 3, compact: true });
    expect((await wishub(["topics"])).out).toMatch(
      /agent\.events.*the newest of each key after 3 days/s,
    );
    const nothing = await wishub(["topics", "set", "agent.events"]);
    expect([nothing.code, nothing.err]).toEqual([2, expect.stringContaining("say what to set")]);
    const unknown = await wishub(["topics", "set", "agent.dreams", "--days", "3"]);
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining("no such topic")]);
  });

  it("shows and redrives dead letters, of which a healthy product has none", async () => {
    expect(await document(["queue", "dead"])).toEqual({ items: [] });
    expect(await document(["queue", "redrive"])).toEqual({ redriven: 0 });
  });
});
