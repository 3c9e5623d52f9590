import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";

// Policies and keys as an operator meets them: by the command line, on a product behind a proxy that it believes.

const LAUNCHER = join(import.meta.dirname, "..", "..", "cli", "bin.mjs");
const START_MS = 120_000;

let state: ReturnType<typeof temporaryState>;
let product: Launched;

beforeAll(async () => {
  state = temporaryState();
  const env = { WISHUB_TRUSTED_PROXY: "127.0.0.1" };
  product = launch({ state: state.path, port: await freePort(), env });
  await product.ready();
}, START_MS);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  state.remove();
});

async function wishub(args: string[], { stdin = "", key = "" } = {}) {
  const env: Record<string, string> = {
    PATH: process.env["PATH"] ?? "",
    WISHUB_STATE: state.path,
    ...(key !== "" && { WISHUB_URL: product.url, WISHUB_KEY: key }),
  };
  const child = spawn(process.execPath, [LAUNCHER, ...args], { cwd: state.path, env });
  child.stdin.end(stdin);
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  return { code, out, err };
}

const statusOf = async (key: string, forwarded?: string): Promise<number> => {
  const headers: Record<string, string> = { Authorization: `Bearer ${key}` };
  if (forwarded !== undefined) headers["X-Forwarded-For"] = forwarded;
  return (await fetch(`${product.url}/v1/sessions/current`, { headers })).status;
};

it("narrows what a key may do, tells it why, and lets the policy be read back and mended", async () => {
  const key = (await wishub(["keys", "create", "agent", "--scopes", "search"])).out.trim();
  const scope = await wishub(["policies", "explain", "unit.publish"], { key });
  expect(scope).toMatchObject({
    code: 0,
    out: "deny  needs the scope units:write  (scope:units:write)\n",
  });
  const rule = { id: "no-search", effect: "forbid", actions: ["unit.search"], reason: "Closed." };
  const set = await wishub(["policies", "set", "-"], { stdin: JSON.stringify({ rules: [rule] }) });
  expect(set.out).toBe("version 1 is in force, with 1 rules\n");
  const why = await wishub(["policies", "explain", "unit.search", "--json"], { key });
  expect(JSON.parse(why.out)).toEqual({
    decision: "deny",
    rule: "policy:no-search@1",
    reason: "Closed.",
  });
  const refused = await wishub(["search", "anything"], { key });
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("Closed. (policy:no-search@1)");
  const shown = await wishub(["policies", "show"]);
  expect(shown.out).toContain("forbid  no-search  unit.search");
  const bad = await wishub(["policies", "set", "-"], { stdin: '{"rules":[{"id":"x"}]}' });
  expect(bad.code).toBe(1);
  expect(bad.err).toContain("/rules/0/effect");
  for (const stdin of ["{", "null", '{"rule":1}'])
    expect((await wishub(["policies", "set", "-"], { stdin })).code).toBe(2);
  expect((await wishub(["policies", "explain", "unit.fly"])).code).toBe(2);
  expect((await wishub(["policies", "actions"])).out).toMatch(
    /^unit\.publish +units:write +member/m,
  );
  expect((await wishub(["policies", "set", "-"], { stdin: '{"rules":[]}' })).code).toBe(0);
});

it("rotates a key without a pause for who uses it", async () => {
  const made = JSON.parse((await wishub(["keys", "create", "agent", "--json"])).out) as {
    id: string;
    apiKey: string;
  };
  const rotated = await wishub(["keys", "rotate", made.id, "--overlap", "60"]);
  expect(rotated.code).toBe(0);
  expect(rotated.err).toContain(`replaces ${made.id}`);
  expect([await statusOf(made.apiKey), await statusOf(rotated.out.trim())]).toEqual([200, 200]);
  const again = await wishub(["keys", "rotate", made.id]);
  expect(again.code).toBe(1);
  expect(again.err).toContain("replaced already");
});

it("binds a key to the networks that the proxy in front tells of", async () => {
  const { out } = await wishub(["keys", "create", "office", "--networks", "192.0.2.0/24"]);
  const key = out.trim();
  expect(await statusOf(key, "192.0.2.44")).toBe(200);
  expect(await statusOf(key, "198.51.100.7")).toBe(401);
  expect(await statusOf(key, "192.0.2.44, 198.51.100.7")).toBe(401);
  expect(await statusOf(key)).toBe(401);
});
