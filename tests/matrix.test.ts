import { beforeAll, describe, expect, inject, it } from "vitest";
import { type Role, ROLES, SCOPES } from "#domain/accounts/model.ts";
import { ACTIONS } from "#domain/policies/actions.ts";
import { appOf } from "#workers/http/app.ts";
import { feature, route } from "#workers/http/kit.ts";
import { call, isolate, newAccount, type TestAccount } from "./helpers.ts";
import {
  addressOf,
  type As,
  type Cast,
  cast,
  closedOperations,
  decided,
  type Decision,
  NOT_OWNED,
  type Operation,
  UPGRADE,
} from "./matrix.ts";
import { BODIES } from "./matrix-bodies.ts";
import { grantedTo, makeClient, registered } from "./oauth.ts";
import { invite, joined } from "./people-invited.ts";
import { freshEmail } from "./people.ts";

// Every operation of the document × everybody who might ask, as HTTP and as the start of a WebSocket. The document says
// who may (x-action, x-scope, x-role, x-fresh); what is tested is that exactly that happens.

const operations = await closedOperations();

/** An owner may all, an administrator what members may, an auditor what a viewer may and audits ask: docs/design/policies.md. */
const ALLOWED: Record<Role, readonly Role[]> = {
  owner: ["owner"],
  admin: ["owner", "admin"],
  member: ["owner", "admin", "member"],
  auditor: ["owner", "admin", "auditor"],
  viewer: ["owner", "admin", "member", "auditor", "viewer"],
};

/** As it is sent, and as a browser or an agent would open a WebSocket on it. */
const forms = ({ method }: Operation): [string, As][] =>
  method === "GET"
    ? [
        ["HTTP", {}],
        ["WebSocket", UPGRADE],
      ]
    : [["HTTP", {}]];

const isAllowed = ({ status }: Decision) => status !== 401 && status !== 403;

let everybody: Cast;
beforeAll(async () => {
  everybody = await cast();
}, 60_000);

it("covers every operation that is not public", () => {
  expect(operations.length).toBeGreaterThan(25);
  const scopes = new Set(operations.flatMap(({ scope }) => scope ?? []));
  for (const scope of scopes) expect(SCOPES).toContain(scope);
});

it("finds an operation for every action, so that none is a rule about nothing", () => {
  const used = new Set(operations.map(({ action }) => action));
  expect(Object.keys(ACTIONS).filter((action) => !used.has(action))).toEqual([]);
});

it("starts no product with a route that names no action of the table", () => {
  const planted = (access: unknown) =>
    feature(
      route(
        {
          method: "get",
          path: "/v1/planted",
          summary: "Nobody said who may",
          access: access as "account.read",
          responses: {},
        },
        (c) => c.json({}),
      ),
    );
  expect(() => appOf([planted("account.read")])).not.toThrow();
  for (const access of ["unit.fly", "toString", "", undefined])
    expect(() => appOf([planted(access)]), String(access)).toThrow();
});

describe.each(operations)("$name", (operation) => {
  const { scope, role, isFresh, path } = operation;
  for (const [form, headers] of forms(operation)) {
    const ask = (as: As) => decided(operation, as, headers);

    it(`is 401 to nobody and to whom it was allowed once (${form})`, async () => {
      const unknown = `wh0_${"0".repeat(16)}_${"0".repeat(38)}`;
      const strangers: Record<string, As> = {
        nobody: {},
        "a key nobody made": { Authorization: `Bearer ${unknown}` },
        ...everybody.gone,
      };
      for (const [who, as] of Object.entries(strangers)) {
        const { status, code } = await ask(as);
        expect([status, code], who).toEqual([401, "unauthenticated"]);
      }
    });

    it(`is for the role ${role} and those above (${form})`, async () => {
      for (const each of ROLES) {
        const decision = await ask(everybody.role[each]);
        if (ALLOWED[role].includes(each)) expect(isAllowed(decision), each).toBe(true);
        else
          expect(decision, each).toMatchObject({ status: 403, detail: `needs the role ${role}` });
      }
    });

    it(`needs ${scope === undefined ? "no scope" : `the scope ${scope}`} (${form})`, async () => {
      for (const each of SCOPES) {
        for (const as of [everybody.without[each], everybody.tokenWithout[each]]) {
          const decision = await ask(as);
          if (each === scope)
            expect(decision).toMatchObject({ status: 403, detail: `needs the scope ${scope}` });
          else expect(isAllowed(decision), `without ${each}: ${decision.detail}`).toBe(true);
        }
      }
    });

    it(`asks a person for ${isFresh ? "a fresh second factor" : "no second factor"} (${form})`, async () => {
      expect(isAllowed(await ask(everybody.person.fresh))).toBe(true);
      for (const who of ["stale", "unproven"] as const) {
        const decision = await ask(everybody.person[who]);
        if (isFresh)
          expect(decision, who).toMatchObject({ status: 403, code: "second-factor-required" });
        else expect(isAllowed(decision), who).toBe(true);
      }
    });

    it(`trusts a cookie only from our own pages where it matters (${form})`, async () => {
      const reads = operation.method === "GET" && form === "HTTP";
      for (const Origin of ["https://elsewhere.example", "null"]) {
        const { status } = await ask({ ...everybody.person.fresh, Origin });
        expect(status === 403, Origin).toBe(!reads);
      }
    });
  }

  it("answers HEAD as it answers GET", async () => {
    if (operation.method !== "GET") return;
    const head = { ...operation, method: "HEAD" };
    expect((await decided(head, {})).status).toBe(401);
    for (const each of ROLES) {
      const isSame = isAllowed(await decided(head, everybody.role[each]));
      expect(isSame, each).toBe(ALLOWED[role].includes(each));
    }
  });

  it("is narrowed by a policy that forbids everything, unless no policy may", async () => {
    const { items } = await (
      await everybody.account.call("GET", "/v1/policies/actions")
    ).json<{ items: { action: string; ruled: boolean }[] }>();
    const isRuled = items.find(({ action }) => action === operation.action)?.ruled;
    const decision = await decided(operation, await forbidden());
    expect(decision.status === 403, `${path}: ${decision.detail}`).toBe(isRuled);
    if (isRuled) expect(decision.detail).toContain("(policy:nothing@1)");
  });
});

let shut: Promise<As> | undefined;
/** The owner of an account whose policy forbids everything. */
const forbidden = (): Promise<As> => (shut ??= shutAccount());
async function shutAccount(): Promise<As> {
  const account = await newAccount();
  const put = await account.call("PUT", "/v1/policies", {
    body: { rules: [{ id: "nothing", effect: "forbid", actions: ["*"] }] },
    headers: { "If-Match": '"0"' },
  });
  expect(put.status).toBe(200);
  return { Authorization: `Bearer ${account.apiKey}` };
}

/** What each address with a parameter is about: makes one thing of an account and answers its id. */
type Make = (account: TestAccount) => Promise<string>;

const idOf = async (answer: Response, member = "id") => {
  const made = await answer.json<Record<string, string>>();
  return made[member] ?? "";
};
const THINGS: Record<string, Make> = {
  "/v1/keys": async (account) => (await account.key(["search"])).id,
  "/v1/units": async (account) =>
    await idOf(
      await account.call("POST", "/v1/units", {
        body: { title: "Ours alone", body: "A private note on tides." },
      }),
    ),
  "/v1/channels": async (account) => {
    const agent = { name: "Ours on air", type: "query", description: "Reads.", capabilities: [] };
    const agentId = await idOf(await account.call("POST", "/v1/agents", { body: agent }));
    const config = { url: "https://hooks.example.com/" };
    const body = { type: "webhook", name: "Ours alone", agentId, config };
    return await idOf(await account.call("POST", "/v1/channels", { body }));
  },
  "/v1/reservations": async (account) =>
    await idOf(
      await account.call("POST", "/v1/reservations", { body: { units: { cpuMilli: 100 } } }),
    ),
  "/v1/tasks": async (account) =>
    await idOf(await account.call("POST", "/v1/tasks", { body: { type: "ours", input: null } })),
  "/v1/agents": async (account) =>
    await idOf(
      await account.call("POST", "/v1/agents", {
        body: { name: "Ours alone", type: "query", description: "Reads.", capabilities: [] },
      }),
    ),
  "/v1/alerts/routes": async (account) =>
    await idOf(
      await account.call("POST", "/v1/alerts/routes", {
        body: { target: { kind: "email", to: "ours@example.com" } },
      }),
    ),
  "/v1/alerts/silences": async (account) =>
    await idOf(
      await account.call("POST", "/v1/alerts/silences", {
        body: { until: new Date(Date.now() + 3_600_000).toISOString(), reason: "Ours alone" },
      }),
    ),
  "/v1/push/subscriptions": async (account) =>
    await idOf(
      await account.call("POST", "/v1/push/subscriptions", {
        body: {
          endpoint: "https://push.example/ours",
          keys: { p256dh: "B".repeat(87), auth: "a".repeat(22) },
        },
      }),
    ),
  "/v1/webhooks": async (account) =>
    await idOf(
      await account.call("POST", "/v1/webhooks", {
        body: { url: "https://hooks.example.com/", events: ["unit.*"] },
      }),
    ),
  "/v1/members": async (account) => account.principal.principalId,
  "/v1/invitations": async (account) => await idOf(await invite(account, freshEmail(), "viewer")),
  "/v1/erasures": async (account) => {
    const { principalId } = await joined(account, "viewer");
    const body = { units: "keep" };
    return await idOf(await account.call("POST", `/v1/members/${principalId}/erase`, { body }));
  },
  "/v1/oauth/clients": async (account) => (await makeClient(account, { scope: "search" })).id,
  "/v1/oauth/grants": async (account) => {
    await grantedTo(account, await registered());
    const { items } = await (
      await account.call("GET", "/v1/oauth/grants")
    ).json<{ items: { id: string }[] }>();
    return items[0]?.id ?? "";
  },
  "/v1/identity-providers": async (account) => {
    const at = isolate({ WISHUB_EGRESS_ALLOW: inject("outside") });
    const body = {
      protocol: "oidc",
      name: "Corp",
      issuer: inject("outside"),
      clientId: "wishub",
    };
    return await idOf(await at(account, "POST", "/v1/identity-providers", body));
  },
};
for (const [kind, named] of [
  ["Users", { userName: "them@example.com" }],
  ["Groups", { displayName: "Theirs" }],
] as const)
  THINGS[`/scim/v2/${kind}`] = async (account) =>
    await idOf(await account.call("POST", `/scim/v2/${kind}`, { body: named }));
const withParameter = operations.filter(({ path }) => path.includes("/{"));
const familyOf = ({ path }: Operation) => path.slice(0, path.indexOf("/{"));

describe("what belongs to another account", () => {
  let owner: TestAccount;
  let stranger: TestAccount;
  const ids: Record<string, string> = {};
  beforeAll(async () => {
    [owner, stranger] = [await newAccount(), await newAccount()];
    for (const [family, make] of Object.entries(THINGS)) ids[family] = await make(owner);
  }, 60_000);

  it("can be made here for every address that names something", () => {
    const families = new Set(withParameter.map(familyOf));
    const known = new Set([...Object.keys(THINGS), ...Object.keys(NOT_OWNED)]);
    // A new address with a parameter belongs into one of the two tables above.
    expect([...families].filter((family) => !known.has(family))).toEqual([]);
  });

  it.each(withParameter.filter((one) => familyOf(one) in THINGS))(
    "is 404 by $name, like what never was",
    async (operation) => {
      const { method } = operation;
      const body = BODIES[operation.name];
      expect(operation.hasBody, "a sample body").toBe(body !== undefined);
      const id = ids[familyOf(operation)] ?? "";
      expect(id).not.toBe("");
      const ask = async (account: TestAccount, name: string) => {
        const headers = { "If-Match": "*" };
        const sent = body === undefined ? { headers } : { headers, body };
        const answer = await account.call(method, addressOf(operation, name), sent);
        const { detail } = await answer.json<{ detail?: string }>();
        return { status: answer.status, detail };
      };
      const foreign = await ask(stranger, id);
      const absent = await ask(stranger, `${id.slice(0, -6)}${"0".repeat(6)}`);
      expect(foreign.status).toBe(404);
      expect(foreign).toEqual(absent);
    },
  );

  it("is in nothing that a stranger is shown", async () => {
    // Who never named any of it: one's own audit log holds what one asked for.
    const other = await newAccount();
    const names = [owner.accountId, owner.principal.principalId, ...Object.values(ids)];
    for (const { method, path } of operations) {
      // A stream without an end, and what it says of others lies in topics, which are listed.
      if (method !== "GET" || path.includes("{") || path === "/v1/events") continue;
      const shown = await (await other.call("GET", path)).text();
      for (const name of names) expect(shown, `${path} shows ${name}`).not.toContain(name);
    }
  });

  it("is still there", async () => {
    for (const [family, id] of Object.entries(ids)) {
      const list = await owner.call("GET", family);
      expect(await list.text(), family).toContain(id);
    }
  });
});

it("is a matrix that can fail: a key that may not is told so, one that may is not", async () => {
  const { apiKey } = await everybody.account.key(["search"]);
  const headers = { Authorization: `Bearer ${apiKey}` };
  expect((await call("GET", "/v1/keys", { headers })).status).toBe(403);
  expect((await call("GET", "/v1/keys", { headers: everybody.role.owner })).status).toBe(200);
});
