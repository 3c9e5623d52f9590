import { spawn } from "node:child_process";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { ownerOf } from "./owner.ts";

// Key ring, audit log and erasure as whoever runs the product meets them: by the command line, over restarts, and with a
// backup that is older than an erasure.

const ROOT = join(import.meta.dirname, "..", "..");
const START_MS = 120_000;

let state: ReturnType<typeof temporaryState>;
let work: ReturnType<typeof temporaryState>;
let product: Launched;
const ring = () => `${state.path}.keyring.json`;
const ringKeys = () =>
  Object.keys((JSON.parse(readFileSync(ring(), "utf8")) as { keys: object }).keys);

async function start(): Promise<void> {
  product = launch({ state: state.path, port: await freePort() });
  await product.ready();
}

async function stop(): Promise<void> {
  product.process.kill("SIGTERM");
  await product.ended;
}

beforeAll(async () => {
  [state, work] = [temporaryState(), temporaryState()];
  await start();
}, START_MS);
afterAll(async () => {
  await stop();
  state.remove();
  work.remove();
});

async function run(program: string, args: string[], env: Record<string, string>) {
  const child = spawn(program, args, {
    cwd: work.path,
    env: { PATH: process.env["PATH"] ?? "", WISHUB_STATE: state.path, ...env },
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  return { code, out, err };
}
const wishub = (...args: string[]) =>
  run(process.execPath, [join(ROOT, "cli", "bin.mjs"), ...args], { WISHUB_URL: product.url });
const keyRing = (change: string) =>
  run(process.execPath, [join(ROOT, "scripts", "key-ring.ts"), change], {});

const credentials = () => ownerOf(state.path);

async function api<T>(method: string, path: string, body?: object): Promise<T> {
  const headers = {
    authorization: `Bearer ${credentials().apiKey}`,
    "content-type": "application/json",
  };
  const response = await fetch(`${product.url}${path}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as T;
}

type Member = { id: string; name: string; email: string | null };
const members = async () => (await api<{ items: Member[] }>("GET", "/v1/members")).items;

/** Somebody who was invited and came, by the mail that waits in the outbox. */
async function joined(email: string): Promise<Member> {
  await api("POST", "/v1/invitations", { email, role: "member" });
  const { items } = await api<{ items: { to: string; text: string }[] }>("GET", "/v1/outbox");
  const mail = items.find(({ to }) => to === email)?.text ?? "";
  const token = /wl0_\w+/.exec(mail)?.[0];
  await api("POST", "/v1/invitations/accept", {
    token,
    password: "violet anvil motorway",
    name: "Otto Member",
  });
  const member = (await members()).find((one) => one.email === email);
  if (member === undefined) throw new Error("nobody came");
  return member;
}

describe("what is protected", { timeout: START_MS }, () => {
  it("is in a log that the command line shows, verifies and exports", async () => {
    await wishub("keys", "create", "reader", "--scopes", "search");
    const shown = await wishub("audit", "--action", "key.make", "--json");
    const { items } = JSON.parse(shown.out) as { items: { phase: string }[] };
    expect(items.map(({ phase }) => phase)).toEqual(["outcome", "intent"]);
    expect((await wishub("audit")).out).toMatch(/ 201 .*key\.make/);
    expect(await wishub("audit", "verify")).toMatchObject({ code: 0, err: "" });
    expect((await wishub("audit", "export")).out.trim().split("\n").length).toBeGreaterThan(1);
    const archive = await wishub("account", "export", "account.tar.gz");
    expect(archive).toMatchObject({ code: 0, err: "" });
    const listed = await run("tar", ["tzf", "account.tar.gz"], {});
    expect(listed.out).toContain("manifest.json");
    expect((await wishub("account", "export", "account.tar.gz")).code).toBe(2);
  });

  it("stays erased when a backup from before comes back", async () => {
    const member = await joined("otto@example.org");
    await stop();
    const backup = join(work.path, "backup");
    cpSync(state.path, backup, { recursive: true });
    await start();
    const erased = await wishub("members", "erase", member.id, "--units", "keep", "--json");
    expect(erased).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(erased.out)).toMatchObject({ signature: { algorithm: "Ed25519" } });
    expect(await members()).toHaveLength(1);
    // The ring hears of it with the next start at the latest.
    await stop();
    await start();
    await stop();
    expect(readFileSync(ring(), "utf8")).toContain(member.id);
    rmSync(state.path, { recursive: true });
    cpSync(backup, state.path, { recursive: true });
    await start();
    expect((await members()).map(({ name }) => name)).toEqual(["Owner"]);
    expect((await wishub("audit", "verify")).code).toBe(0);
  });

  it("can be read after root keys were rotated, and the old ones pruned", async () => {
    const { id } = await joined("grete@example.org");
    await stop();
    expect((await keyRing("rotate")).code).toBe(0);
    expect(ringKeys()).toHaveLength(2);
    expect((await keyRing("prune")).code).toBe(1);
    await start();
    const settled = () => {
      const { settled: under, current } = JSON.parse(readFileSync(ring(), "utf8")) as {
        settled: string;
        current: string;
      };
      return under === current;
    };
    await expect.poll(settled, { timeout: 10_000 }).toBe(true);
    await stop();
    expect((await keyRing("prune")).code).toBe(0);
    expect(ringKeys()).toHaveLength(1);
    await start();
    const member = (await members()).find((one) => one.id === id);
    expect(member).toMatchObject({ name: "Otto Member", email: "grete@example.org" });
  });

  it("is not started without its key ring, nor with another", async () => {
    await stop();
    const text = readFileSync(ring(), "utf8");
    rmSync(ring());
    const without = launch({ state: state.path, port: await freePort() });
    expect((await without.ended).code).toBe(1);
    expect(without.output()).toContain("the key ring of this state is not at");
    const other = launch({
      state: state.path,
      port: await freePort(),
      env: { WISHUB_KEY_RING: JSON.stringify({ ...JSON.parse(text), id: "a".repeat(16) }) },
    });
    expect((await other.ended).code).toBe(1);
    expect(other.output()).toContain("another state");
    product = launch({
      state: state.path,
      port: await freePort(),
      env: { WISHUB_KEY_RING: text },
    });
    await product.ready();
    expect(await members()).toHaveLength(2);
  });
});
