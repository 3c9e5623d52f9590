import { spawn } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { person } from "./oauth-person.ts";
import { type OwnerKey, ownerOf } from "./owner.ts";

// `wishub login` as a user on another machine runs it: no key, no state, only an address.

const LAUNCHER = join(import.meta.dirname, "..", "..", "cli", "bin.mjs");
const state = temporaryState();
const home = temporaryState();
const file = join(home.path, ".config", "wishub", "logins.json");
let product: Launched;
let owner: OwnerKey;

beforeAll(async () => {
  product = launch({ state: state.path, port: await freePort() });
  await product.ready();
  owner = ownerOf(state.path);
}, 120_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  state.remove();
  home.remove();
});

async function wishub(args: string[], answer?: (address: string) => Promise<unknown>) {
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    cwd: home.path,
    env: { PATH: process.env["PATH"] ?? "", HOME: home.path },
  });
  let [out, err] = ["", ""];
  let answered: Promise<unknown> | undefined;
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    const address = /^Open (\S+)$/m.exec(err)?.[1];
    if (address !== undefined) answered ??= answer?.(address);
  });
  const code = await new Promise<number | null>((done) => child.once("close", done));
  await answered;
  return { code, out, err };
}
type Kept = Record<string, { accessToken: string; refreshToken: string; expiresAtMs: number }>;
const kept = () => JSON.parse(readFileSync(file, "utf8")) as Kept;

it("logs in by a code that a person answers, acts for them, renews itself and logs out", async () => {
  const somebody = await person(owner);
  const login = await wishub(["login", "--url", owner.url], (to) => somebody.allowsDevice(to));
  expect(login).toMatchObject({ code: 0 });
  expect(login.out).toBe(`logged in to ${owner.url} for search, units:read, units:write\n`);
  expect(statSync(file).mode & 0o777).toBe(0o600);

  // The one login there is needs no address.
  expect(await wishub(["search", "otters", "--json"])).toMatchObject({ code: 0, err: "" });
  expect((await wishub(["keys", "list"])).err).toContain("needs the scope keys");

  const before = kept()[owner.url];
  if (before === undefined) throw new Error("no login is kept");
  writeFileSync(file, JSON.stringify({ [owner.url]: { ...before, expiresAtMs: 0 } }));
  // Several at once: one renews, the others use what it got, and the login goes on.
  const runs = await Promise.all(
    [1, 2, 3].map(() => wishub(["search", "otters", "--json", "--url", owner.url])),
  );
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(kept()[owner.url]?.refreshToken).not.toBe(before.refreshToken);

  const after = kept()[owner.url]?.accessToken;
  expect(await wishub(["logout"])).toMatchObject({ code: 0, out: `logged out of ${owner.url}\n` });
  expect(kept()).toEqual({});
  const refused = await fetch(`${owner.url}/v1/units`, {
    headers: { Authorization: `Bearer ${after}` },
  });
  expect(refused.status).toBe(401);
  expect((await wishub(["search", "otters"])).err).toContain("wishub login");
}, 60_000);

it("tells a person's no from a yes", async () => {
  const somebody = await person(owner);
  const refused = await wishub(["login", "--url", owner.url], (to) => somebody.refusesDevice(to));
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("access_denied");
}, 60_000);
