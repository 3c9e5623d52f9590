import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, processesOf, temporaryState } from "./launched.ts";

// A new organisation as its people see it: by the `wishub` command, against the product as `npm start` serves it.

const LAUNCHER = join(import.meta.dirname, "..", "..", "cli", "bin.mjs");
const START_MS = 120_000;
const PASSWORD = "violet anvil motorway";

let operator: ReturnType<typeof temporaryState>;
let product: Launched;
let processesBefore: number;
const folders: ReturnType<typeof temporaryState>[] = [];

beforeAll(async () => {
  operator = temporaryState();
  product = launch({ state: operator.path, port: await freePort() });
  await product.ready();
  processesBefore = processesOf(operator.path).length;
}, START_MS);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  for (const folder of [operator, ...folders]) folder.remove();
});

/** Whoever has this folder: what they are signed in as lies there. */
function user(state: string) {
  const wishub = async (args: string[], stdin?: string, env: Record<string, string> = {}) => {
    const child = spawn(process.execPath, [LAUNCHER, ...args, "--json"], {
      env: {
        PATH: process.env["PATH"] ?? "",
        WISHUB_STATE: state,
        WISHUB_URL: product.url,
        ...env,
      },
    });
    child.stdin.end(stdin);
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    const code = await new Promise<number | null>((done) => child.once("close", done));
    return { code, out, err };
  };
  return {
    wishub,
    state,
    async said<T>(args: string[], stdin?: string): Promise<T> {
      const { code, out, err } = await wishub(args, stdin);
      expect({ args, code, err: code === 0 ? "" : err }).toEqual({ args, code: 0, err: "" });
      return JSON.parse(out) as T;
    },
  };
}

function somebody() {
  const folder = temporaryState();
  folders.push(folder);
  return user(folder.path);
}

async function tokenTo(email: string): Promise<string> {
  const { items } = await user(operator.path).said<{ items: { to: string; text: string }[] }>([
    "outbox",
  ]);
  return /wl0_\w+/.exec(items.find(({ to }) => to === email)?.text ?? "")?.[0] ?? "";
}

describe("a new organisation", { timeout: 120_000 }, () => {
  const grete = () => people.grete;
  const people = {} as { grete: ReturnType<typeof user> };
  const EMAIL = "grete@example.org";
  let agent = { id: "", apiKey: "" };

  it("signs up by the operator's invitation, and in with a password", async () => {
    people.grete = somebody();
    await user(operator.path).said(["invite", EMAIL, "--new-account"]);
    const token = await tokenTo(EMAIL);
    const accept = ["accept", token, "--name", "Grete", "--account-name", "Tide tables"];
    await grete().said(accept, `${PASSWORD}\n`);
    const wrong = await grete().wishub(["sign-in", EMAIL], "some other password\n");
    expect(wrong.code).toBe(1);
    await grete().said(["sign-in", EMAIL], `${PASSWORD}\n`);
    expect(await grete().said(["whoami"])).toMatchObject({ role: "owner", kind: "session" });
    const kept = join(grete().state, "session.json");
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    // Passwords are hashed in a workerd of their own, which the first of them started.
    expect(processesOf(operator.path).length).toBeGreaterThan(processesBefore);
  });

  it("adds a second factor, which what is privileged asks for", async () => {
    const make = ["keys", "create", "agent", "--scopes", "search"];
    const refused = await grete().wishub(make);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("second factor")]);
    const begun = await grete().said<{ secret: string }>(["totp", "begin"], `${PASSWORD}\n`);
    const app = new TOTP({ secret: Secret.fromBase32(begun.secret) });
    const confirmed = await grete().said<{ recoveryCodes: string[] }>([
      "totp",
      "confirm",
      app.generate(),
    ]);
    expect(confirmed.recoveryCodes).toHaveLength(10);
    agent = await grete().said<typeof agent>(make);
    await grete().said(["sign-out"]);
    const alone = await grete().wishub(["sign-in", EMAIL], `${PASSWORD}\n`);
    expect(alone.code).toBe(1);
    const code = confirmed.recoveryCodes[0] ?? "";
    await grete().said(["sign-in", EMAIL, "--recovery-code", code], `${PASSWORD}\n`);
  });

  it("sees its agent's key refused what it is not for, with the reason, and ends it", async () => {
    const as = (args: string[], stdin?: string) =>
      somebody().wishub(args, stdin, { WISHUB_KEY: agent.apiKey });
    expect((await as(["search", "tides"])).code).toBe(0);
    const refused = await as(["publish"], "# Not theirs to say\n\nAt all.");
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("units:write")]);
    const explained = await as(["policies", "explain", "unit.publish"]);
    expect(explained.out).toMatch(/"decision":"(deny|refuse|forbid)/);
    await grete().said(["keys", "revoke", agent.id]);
    await expect
      .poll(async () => (await as(["search", "tides"])).code, { timeout: 8_000, interval: 500 })
      .toBe(1);
  });

  it("takes a member in and erases them, and finds all of it in a log that verifies", async () => {
    const otto = somebody();
    await grete().said(["invite", "otto@example.org", "--role", "member"]);
    const token = await tokenTo("otto@example.org");
    const { principalId } = await otto.said<{ principalId: string }>(
      ["accept", token, "--name", "Otto"],
      `${PASSWORD}\n`,
    );
    await otto.said(["sign-in", "otto@example.org"], `${PASSWORD}\n`);
    const { items } = await grete().said<{ items: { id: string; name: string }[] }>(["members"]);
    expect(items.map(({ name }) => name).toSorted()).toEqual(["Grete", "Otto"]);
    await grete().said(["members", "erase", principalId, "--units", "keep"]);
    await expect
      .poll(async () => (await otto.wishub(["whoami"])).code, { timeout: 8_000, interval: 500 })
      .toBe(1);
    const log = (await grete().wishub(["audit"])).out;
    for (const action of [
      "session.open",
      "person.enrol",
      "key.make",
      "key.revoke",
      "member.invite",
      "member.join",
    ])
      expect(log).toContain(`"${action}"`);
    expect(log).not.toMatch(/example\.org|Grete|Otto/);
    expect(await grete().said(["audit", "verify"])).toMatchObject({ valid: true });
  });
});
