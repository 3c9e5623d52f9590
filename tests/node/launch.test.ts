import { mkdirSync, statSync, writeFileSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, processesOf, temporaryState } from "./launched.ts";

const START_MS = 60_000;
/** Without a build a start takes two seconds on two quiet cores; this only tells it from one that builds. */
const SECOND_START_MS_MAX = 15_000;
const ORPHANS_MS_MAX = 2_000;
const onLinux = process.platform === "linux";

let state: ReturnType<typeof temporaryState>;
let port: number;
let launched: Launched[];

beforeEach(async () => {
  state = temporaryState();
  port = await freePort();
  launched = [];
});
afterEach(async () => {
  for (const one of launched) one.process.kill("SIGTERM");
  await Promise.all(launched.map((one) => one.ended));
  state.remove();
});

const noneLeft = () =>
  vi.waitFor(() => expect(processesOf(state.path)).toEqual([]), {
    timeout: ORPHANS_MS_MAX,
    interval: 20,
  });

function start(options: Partial<Parameters<typeof launch>[0]> = {}): Launched {
  const one = launch({ state: state.path, port, ...options });
  launched.push(one);
  return one;
}

async function started(options: Partial<Parameters<typeof launch>[0]> = {}): Promise<Launched> {
  const one = start(options);
  await one.ready();
  return one;
}

async function stopped(one: Launched): Promise<number | null> {
  one.process.kill("SIGTERM");
  return (await one.ended).code;
}

/** Refused within a second or so, in one sentence that says what to do. */
async function refusal(one: Launched): Promise<string> {
  const { code } = await one.ended;
  expect(code).toBe(1);
  const lines = one.output().trim().split("\n");
  expect(lines).toHaveLength(1);
  return lines[0] ?? "";
}

const credentials = () =>
  JSON.parse(readFileSync(join(state.path, "credentials.json"), "utf8")) as Record<string, string>;
const asOwner = () => ({ authorization: `Bearer ${credentials()["apiKey"]}` });

describe("a start", { timeout: 2 * START_MS }, () => {
  it("writes credentials that only their owner may read and that sign in, and stops on SIGTERM", async () => {
    const one = await started();
    expect(one.output()).toMatch(/^console http:\/\/127\.0\.0\.1:\d+\/\?code=\S+$/m);
    expect(credentials()).toEqual({
      url: one.url,
      apiKey: expect.any(String),
      accountId: expect.any(String),
    });
    expect(statSync(join(state.path, "credentials.json")).mode & 0o777).toBe(0o600);
    expect((await fetch(`${one.url}/v1/keys`, { headers: asOwner() })).status).toBe(200);
    expect((await fetch(`${one.url}/v1/keys`)).status).toBe(401);
    expect(await stopped(one)).toBe(0);
    if (onLinux) await noneLeft();
  });

  it("keeps data and credentials over a restart, and builds nothing again", async () => {
    const first = await started();
    const made = await fetch(`${first.url}/v1/keys`, {
      method: "POST",
      headers: { ...asOwner(), "content-type": "application/json" },
      body: JSON.stringify({ name: "kept over a restart", scopes: ["search"] }),
    });
    expect(made.status).toBe(201);
    const before = credentials();
    await stopped(first);

    const fromMs = performance.now();
    const second = await started();
    expect(performance.now() - fromMs).toBeLessThan(SECOND_START_MS_MAX);
    expect(second.output()).not.toMatch(/building|bundling|installing/);
    expect(credentials()).toEqual(before);
    const keys = await (await fetch(`${second.url}/v1/keys`, { headers: asOwner() })).text();
    expect(keys).toContain("kept over a restart");
  });
});

describe.skipIf(!onLinux)("after kill -9", { timeout: 2 * START_MS }, () => {
  it("of the launcher nothing lives on, and the next start takes over", async () => {
    const one = await started({
      env: { WISHUB_GPU: "1", WISHUB_GPU_PORT: String(await freePort()) },
    });
    one.process.kill("SIGKILL");
    const next = await started();
    expect(processesOf(state.path).every((pid) => pid !== one.process.pid)).toBe(true);
    expect((await fetch(`${next.url}/v1/keys`, { headers: asOwner() })).status).toBe(200);
    next.process.kill("SIGKILL");
    await noneLeft();
  });

  it("of npm nothing lives on", async () => {
    const one = await started({ by: "npm" });
    one.process.kill("SIGKILL");
    await noneLeft();
  });
});

describe("one sentence tells", { timeout: START_MS }, () => {
  it("that the port is in use", async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(port, "127.0.0.1", done));
    expect(await refusal(start())).toMatch(new RegExp(`port ${port} .* in use.*WISHUB_PORT`));
    await new Promise((done) => other.close(done));
  });

  it("that the state cannot be written", async () => {
    writeFileSync(join(state.path, "file"), "");
    const path = join(state.path, "file", "state");
    expect(await refusal(start({ state: path }))).toMatch(/cannot be written.*WISHUB_STATE/);
  });

  it("that the state is a newer release's", async () => {
    writeFileSync(join(state.path, "version.json"), JSON.stringify({ stateVersion: 9_999 }));
    expect(await refusal(start())).toContain("newer release");
  });

  it("that the state is in use", async () => {
    mkdirSync(state.path, { recursive: true });
    const stat = onLinux ? readFileSync("/proc/self/stat", "utf8") : "";
    const startedAt = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    writeFileSync(join(state.path, "lock.json"), JSON.stringify({ pid: process.pid, startedAt }));
    expect(await refusal(start())).toContain(`in use by process ${process.pid}`);
  });

  it("that a setting makes no sense", async () => {
    expect(await refusal(start({ env: { WISHUB_PORT: "http" } }))).toContain("WISHUB_PORT");
    expect(await refusal(start({ env: { WISHUB_SIGNUP: "maybe" } }))).toContain(
      "closed or invite or open",
    );
  });
});
