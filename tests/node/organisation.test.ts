import { createPublicKey, verify } from "node:crypto";
import { readlinkSync } from "node:fs";
import { basename } from "node:path";
import canonicalize from "canonicalize";
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { browser } from "./browser.ts";
import { commandLine } from "./command-line.ts";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, processesOf, temporaryState } from "./launched.ts";
import { openIdProvider, signInAt } from "./openid-provider.ts";

// One organisation from its first day to the erasure of a member, as a stranger would go: by the documented addresses and
// the `wishub` command alone, on the product as `npm start` serves it, with a crash in the middle. Each step needs the ones
// before it.

const START_MS = 120_000;
const [EMAIL, PASSWORD] = ["grete@tides.example", "violet anvil motorway"];
const CLIENT = {
  client_id: "wishub",
  client_secret: "a secret of at least 32 characters, kept by both",
};
/** What the product promises between a revocation and its effect. */
const REVOKED_WITHIN_MS = 5_000;

const [operatorsFolder, gretesFolder, agentsFolder] = [
  temporaryState(),
  temporaryState(),
  temporaryState(),
];
let corp: Awaited<ReturnType<typeof openIdProvider>>;
let product: Launched;
let operator: ReturnType<typeof commandLine>;
let grete: ReturnType<typeof commandLine>;
let agents: ReturnType<typeof commandLine>;

beforeAll(async () => {
  const alice = { name: "Alice Archer", email: "alice@tides.example", groups: ["pilots"] };
  corp = await openIdProvider({ alice });
  const env = { WISHUB_SIGNUP: "open", WISHUB_EGRESS_ALLOW: corp.issuer };
  product = launch({ state: operatorsFolder.path, port: await freePort(), env });
  await product.ready();
  operator = commandLine(operatorsFolder.path, product.url);
  grete = commandLine(gretesFolder.path, product.url);
  agents = commandLine(agentsFolder.path, product.url);
}, START_MS);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  await corp.stop();
  for (const folder of [operatorsFolder, gretesFolder, agentsFolder]) folder.remove();
});

type Key = { id: string; apiKey: string };
type Entry = {
  seq: number;
  phase: string;
  action: string;
  actor: { id: string; credential?: string };
  resource: { type: string; id?: string };
  status?: number;
  code?: string;
};

const ask = (apiKey: string, method: string, path: string, body?: object) =>
  fetch(`${product.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const statusOf = async (apiKey: string) =>
  (await ask(apiKey, "GET", "/v1/sessions/current")).status;

async function entries(): Promise<Entry[]> {
  const lines = (await grete.says(["audit", "export"])).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Entry);
}

/** The command that the newest mail to her names, with what she fills in. */
async function mailedCommand(): Promise<string[]> {
  const mails = await operator.document<{ items: { to: string; text: string }[] }>(["outbox"]);
  const mail = mails.items.find(({ to }) => to === EMAIL);
  const filledIn: Record<string, string> = { ADDRESS: EMAIL, NAME: "Grete Hermann" };
  const named = /^ +wishub (.+)$/m.exec(mail?.text ?? "")?.[1] ?? "";
  return named.split(" ").map((word) => filledIn[word] ?? word);
}

describe("a new organisation", { timeout: 60_000 }, () => {
  let accountId = "";
  let app: TOTP;
  let provider = { id: "", redirectUri: "", signInUrl: "" };
  let alice = { principalId: "", asks: browser() };
  let agent: Key = { id: "", apiKey: "" };
  const whoIs = (one: ReturnType<typeof browser>) => one.ask(`${product.url}/v1/sessions/current`);

  it("signs up by the command that its mail names, which works once", async () => {
    expect(await grete.says(["sign-up", EMAIL])).toBe("a mail is on its way\n");
    const finish = await mailedCommand();
    ({ accountId } = await grete.document<{ accountId: string }>(
      [...finish, "--account-name", "Tide tables"],
      `${PASSWORD}\n`,
    ));
    const again = await grete.run(finish, `${PASSWORD}\n`);
    expect([again.code, again.err]).toEqual([1, expect.stringContaining("no link that still")]);
  });

  it("adds a second factor, without which it can neither do what is privileged nor sign in", async () => {
    await grete.says(["sign-in", EMAIL], `${PASSWORD}\n`);
    const early = await grete.run(["keys", "create", "agent", "--scopes", "search"]);
    expect([early.code, early.err]).toEqual([1, expect.stringContaining("wishub totp begin")]);
    const { secret } = await grete.document<{ secret: string }>(["totp", "begin"], `${PASSWORD}\n`);
    app = new TOTP({ secret: Secret.fromBase32(secret) });
    await grete.says(["totp", "confirm", app.generate()]);
    await grete.says(["sign-out"]);
    const alone = await grete.run(["sign-in", EMAIL], `${PASSWORD}\n`);
    expect([alone.code, alone.err]).toEqual([1, expect.stringContaining("--otp")]);
    // A code works once, so the next one; clocks may differ by one.
    const next = app.generate({ timestamp: Date.now() + 30_000 });
    const signedIn = await grete.says(["sign-in", EMAIL, "--otp", next], `${PASSWORD}\n`);
    expect(signedIn).toBe(`signed in to ${accountId} as owner\n`);
  });

  it("makes another machine known, which guesses from elsewhere cannot hold up", async () => {
    await agents.says(["known-device", EMAIL]);
    const said = await agents.says(await mailedCommand());
    expect(said).toBe("this machine is known: sign in next\n");
  });

  it("connects its identity provider, by which somebody signs in with the role that it says", async () => {
    const settings = {
      protocol: "oidc",
      name: "Corp",
      issuer: corp.issuer,
      clientId: CLIENT.client_id,
      clientSecret: CLIENT.client_secret,
      scopes: ["profile", "email", "groups"],
      roles: [{ attribute: "groups", value: "pilots", role: "member" }],
    };
    provider = await grete.document(["providers", "connect", "-"], JSON.stringify(settings));
    corp.register({ ...CLIENT, redirect_uris: [provider.redirectUri] });
    expect(await grete.says(["providers", "list"])).toContain(provider.signInUrl);

    const isBack = (url: string) => url.startsWith(`${product.url}/`);
    const back = await signInAt(alice.asks, provider.signInUrl, "alice", isBack);
    expect((await alice.asks.ask(back)).status).toBe(303);
    const who = (await (await whoIs(alice.asks)).json()) as { principalId: string; role: string };
    expect(who).toMatchObject({ accountId, role: "member" });
    alice = { ...alice, principalId: who.principalId };
    expect(await grete.says(["members"])).toMatch(/Alice Archer +member +alice@tides\.example/);
  });

  it("makes a key that can only search; elsewhere it is refused, and told by which rule", async () => {
    agent = await grete.document<Key>(["keys", "create", "agent", "--scopes", "search"]);
    const as = (args: string[], stdin = "") =>
      agents.run(args, stdin, { WISHUB_KEY: agent.apiKey });
    expect((await as(["search", "when is high water?"])).code).toBe(0);
    const refusals: [string[], string][] = [
      [["publish", "--title", "Not theirs"], "units:write"],
      [["export"], "units:read"],
      [["keys", "list"], "keys"],
      [["members"], "admin"],
      [["audit"], "audit"],
      [["providers", "list"], "admin"],
      [["members", "erase", alice.principalId, "--units", "keep"], "admin"],
    ];
    for (const [args, scope] of refusals) {
      const { code, err } = await as(args, "The tide is what the moon does to the sea.");
      expect([args, code, err]).toEqual([args, 1, `wishub: needs the scope ${scope}\n`]);
    }
    expect((await as(["policies", "explain", "unit.publish"])).out).toBe(
      "deny  needs the scope units:write  (scope:units:write)\n",
    );
    const asked = ["policies", "explain", "unit.publish", "--as", agent.id];
    expect(await grete.document(asked)).toEqual({
      decision: "deny",
      rule: "scope:units:write",
      reason: "needs the scope units:write",
    });
  });

  it.skipIf(process.platform !== "linux")(
    "loses nothing that was acknowledged when every workerd is killed under load",
    async () => {
      const maker = await grete.document<Key>([
        "keys",
        "create",
        "maker",
        "--scopes",
        "keys,search",
      ]);
      const acknowledged: Key[] = [];
      let killed = false;
      const connection = async (name: number) => {
        for (let n = 0; !killed; n++) {
          const body = { name: `under load ${name}.${n}`, scopes: ["search"] };
          const answer = await ask(maker.apiKey, "POST", "/v1/keys", body).catch(() => null);
          const made = answer?.status === 201 ? await answer.json().catch(() => null) : null;
          if (made !== null) acknowledged.push(made as Key);
        }
      };
      const load = Promise.all([1, 2, 3, 4].map(connection));
      await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(20), {
        timeout: 20_000,
        interval: 5,
      });
      const workerds = processesOf(operatorsFolder.path).filter(
        (pid) => basename(readlinkSync(`/proc/${pid}/exe`)) === "workerd",
      );
      expect(workerds).not.toEqual([]);
      for (const pid of workerds) process.kill(pid, "SIGKILL");
      killed = true;
      await load;
      await vi.waitFor(async () => expect(await statusOf(maker.apiKey)).toBe(200), {
        timeout: 30_000,
        interval: 50,
      });
      expect(product.output()).toContain("started again");

      const { items } = await grete.document<{ items: Key[] }>(["keys", "list"]);
      const known = new Set(items.map(({ id }) => id));
      const made = new Set(
        (await entries())
          .filter(({ action, status }) => action === "key.make" && status === 201)
          .map(({ resource }) => resource.id),
      );
      for (const { id } of [agent, maker, ...acknowledged])
        expect([id, known.has(id), made.has(id)]).toEqual([id, true, true]);
      expect((await grete.document<{ role: string }>(["whoami"])).role).toBe("owner");
      expect((await whoIs(alice.asks)).status).toBe(200);
      expect(await grete.says(["providers", "list"])).toContain(provider.id);
      expect((await agents.run(["search", "tides", "--key", agent.apiKey])).code).toBe(0);
      expect(await grete.says(["audit", "verify"])).toMatch(/^valid: /);
      // What one key made dies with it.
      await grete.says(["keys", "revoke", maker.id]);
    },
  );

  it("ends the key, which is dead everywhere within 5 seconds", async () => {
    expect(await statusOf(agent.apiKey)).toBe(200);
    await grete.says(["keys", "revoke", agent.id]);
    await vi.waitFor(async () => expect(await statusOf(agent.apiKey)).toBe(401), {
      timeout: REVOKED_WITHIN_MS,
      interval: 100,
    });
    const late = await agents.run(["search", "tides", "--key", agent.apiKey]);
    expect(late.code).toBe(1);
  });

  it("finds every step in its audit log, by whom and how it ended, and the log verifies", async () => {
    const log = await entries();
    const first = log[0]?.actor.id;
    const at = (wanted: object) =>
      log.findIndex((entry) =>
        Object.entries(wanted).every(
          ([name, value]) => JSON.stringify(entry[name as keyof Entry]) === JSON.stringify(value),
        ),
      );
    const steps = [
      { phase: "noted", action: "account.make", resource: { type: "account", id: accountId } },
      { phase: "noted", action: "session.open" },
      { phase: "refused", action: "key.make", code: "second-factor-required" },
      { phase: "outcome", action: "person.enrol", status: 200 },
      { phase: "outcome", action: "identity-provider.change", status: 201 },
      {
        phase: "noted",
        action: "session.open",
        resource: { type: "identity-provider", id: provider.id },
      },
      { phase: "outcome", action: "key.make", resource: { type: "key", id: agent.id } },
      { phase: "refused", action: "unit.publish", code: "forbidden" },
      { phase: "refused", action: "member.erase", code: "forbidden" },
      { phase: "outcome", action: "key.revoke", resource: { type: "key", id: agent.id } },
    ];
    const found = steps.map(at);
    expect(found).not.toContain(-1);
    expect(found).toEqual(found.toSorted((a, b) => a - b));
    const refused = log.find(
      ({ phase, action }) => phase === "refused" && action === "unit.publish",
    );
    expect(refused?.actor).toEqual({ id: first, credential: agent.id });
    expect(JSON.stringify(log)).not.toMatch(/tides\.example|Grete|Alice|Archer/);
    expect(await grete.says(["audit", "--phase", "refused"])).toContain("needs the scope keys");
    expect(await grete.document(["audit", "verify"])).toMatchObject({ valid: true });
  });

  it("erases the member with a certificate that anybody can check, and the log still verifies", async () => {
    type Certificate = {
      subject: string;
      stores: { left: number }[];
      signature: { publicKey: string; value: string };
    };
    const before = (await entries()).find(
      ({ action, resource }) => action === "session.open" && resource.id === provider.id,
    );
    const erase = ["members", "erase", alice.principalId, "--units", "erase"];
    const certificate = await grete.document<Certificate>(erase);
    // The log calls them what it always called them, and that leads to nobody any more.
    expect(certificate.subject).toBe(before?.actor.id);
    expect(certificate.stores.map(({ left }) => left)).toEqual(certificate.stores.map(() => 0));

    const records = await grete.document<Key>(["keys", "create", "records", "--scopes", "audit"]);
    const heads = await ask(records.apiKey, "GET", "/v1/audit/checkpoints");
    const { publicKey } = (await heads.json()) as { publicKey: string };
    expect(certificate.signature.publicKey).toBe(publicKey);
    expect(isSigned(certificate, publicKey)).toBe(true);
    expect(isSigned({ ...certificate, subject: "somebody else" }, publicKey)).toBe(false);

    await vi.waitFor(async () => expect((await whoIs(alice.asks)).status).toBe(401), {
      timeout: REVOKED_WITHIN_MS,
      interval: 100,
    });
    expect(await grete.says(["members"])).not.toContain("Alice");
    const erased = (await entries()).filter(({ action }) => action === "member.erase");
    expect(erased.at(-1)).toMatchObject({
      phase: "outcome",
      status: 200,
      resource: { type: "member", id: certificate.subject },
    });
    expect(await grete.says(["audit", "verify"])).toMatch(/^valid: /);
  });
});

/** As the API's document says: Ed25519 over `wishub/erasure`, a newline, and the certificate without its signature (RFC 8785). */
function isSigned(
  { signature, ...statement }: { subject: string; signature: { value: string } },
  publicKey: string,
): boolean {
  const x = Buffer.from(publicKey, "base64").toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const text = Buffer.from(`wishub/erasure\n${canonicalize(statement)}`);
  return verify(null, text, key, Buffer.from(signature.value, "base64"));
}
