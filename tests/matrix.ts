import { env } from "cloudflare:workers";
import { SignJWT } from "jose";
import { expect } from "vitest";
import { signingKeys } from "#adapters/signing.ts";
import { ID_BYTES, mintCredential, SECRET_BYTES } from "#domain/accounts/credential.ts";
import { makeKey } from "#domain/accounts/keys.ts";
import { type Role, ROLES, type Scope, SCOPES } from "#domain/accounts/model.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import { catalogStore } from "#db/catalog/store.ts";
import {
  type A2aError,
  a2aProblem,
  call,
  newAccount,
  ORIGIN,
  type TestAccount,
} from "./helpers.ts";
import { makeClient, tokenOf } from "./oauth.ts";

/** An operation as the document describes it. */
export type Operation = {
  name: string;
  method: string;
  path: string;
  action: string;
  scope: Scope | undefined;
  role: Role;
  isFresh: boolean;
  hasBody: boolean;
};

type Described = {
  security?: unknown[];
  requestBody?: object;
  "x-action"?: string;
  "x-scope"?: Scope;
  "x-role"?: Role;
  "x-fresh"?: boolean;
};

/** Every operation that is not public. */
export async function closedOperations(): Promise<Operation[]> {
  const { paths } = await (
    await call("GET", "/openapi.json")
  ).json<{ paths: Record<string, Record<string, Described>> }>();
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, described]) => {
      if (described.security?.length === 0) return [];
      const { "x-action": action, "x-role": role } = described;
      if (action === undefined || role === undefined)
        throw new Error(`${method} ${path} does not say what it needs`);
      const isFresh = described["x-fresh"] === true;
      const hasBody = described.requestBody !== undefined;
      const scope = described["x-scope"];
      const name = `${method.toUpperCase()} ${path}`;
      return [{ name, method: method.toUpperCase(), path, action, scope, role, isFresh, hasBody }];
    }),
  );
}

export const UPGRADE = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

async function insert(table: string, row: Record<string, string | number | null>): Promise<void> {
  const names = Object.keys(row);
  await env.CATALOG_0.prepare(
    `INSERT INTO ${table} (${names.join()}) VALUES (${names.map(() => "?").join()})`,
  )
    .bind(...Object.values(row))
    .run();
}

/** The headers with which one asks as somebody. */
export type As = Record<string, string>;
const bearer = (token: string): As => ({ Authorization: `Bearer ${token}` });
const cookie = (token: string): As => ({ Cookie: `wishub_session=${token}` });

/** One account with everybody in it that a rule could tell apart. */
export type Cast = {
  account: TestAccount;
  role: Record<Role, As>;
  /** The owner, without this one scope; by key and by access token. */
  without: Record<Scope, As>;
  tokenWithout: Record<Scope, As>;
  /** What was a credential of the owner. */
  gone: Record<string, As>;
  /** An owner in person, whose second factor was proven just now, long ago, or never. */
  person: Record<"fresh" | "stale" | "unproven", As>;
};

export async function cast(): Promise<Cast> {
  const account = await newAccount();
  const role = {} as Cast["role"];
  for (const each of ROLES) role[each] = bearer(await keyOfRole(account, each));
  const [without, tokenWithout] = [{} as Cast["without"], {} as Cast["without"]];
  for (const scope of SCOPES) {
    const rest = SCOPES.filter((one) => one !== scope);
    without[scope] = bearer((await account.key(rest)).apiKey);
    const client = await makeClient(account, { scope: rest.join(" ") });
    tokenWithout[scope] = bearer((await tokenOf(client, {})).token);
  }
  const nowMs = Date.now();
  const person = {
    fresh: cookie(await session(account, { personId: "h0_1", factorAtMs: nowMs })),
    stale: cookie(await session(account, { personId: "h0_1", factorAtMs: nowMs - 11 * 60_000 })),
    unproven: cookie(await session(account, { personId: "h0_1" })),
  };
  return { account, role, without, tokenWithout, gone: await gone(account), person };
}

/** The key of a member of that role, who is a principal of its own. */
export async function keyOfRole(account: TestAccount, role: Role): Promise<string> {
  const principalId = `p0_${role.padEnd(16, "0")}`;
  await insert("principal", {
    account_id: account.accountId,
    id: principalId,
    kind: "service",
    name: role,
    role,
    status: "active",
    created_at_ms: 0,
  });
  const { keyId: _, ...owner } = account.principal;
  return await keyFor({ ...account, principal: { ...owner, principalId, role } });
}

async function keyFor(account: TestAccount): Promise<string> {
  const deps = { ...catalogStore([env.CATALOG_0]), sha256Hex, hasAddresses: false };
  const bytes = { idBytes: random(ID_BYTES), secretBytes: random(SECRET_BYTES) };
  const input = { name: "Cast", scopes: [...SCOPES] };
  const made = await makeKey(deps, account.principal, input, bytes, Date.now());
  if (!made.ok) throw new Error(made.error.code);
  return made.value.apiKey;
}

async function session(
  account: TestAccount,
  more: { personId?: string; factorAtMs?: number; expiresAtMs?: number },
): Promise<string> {
  const { id, text } = mintCredential("session", 0, random(ID_BYTES), random(SECRET_BYTES));
  await insert("session", {
    id,
    account_id: account.accountId,
    principal_id: account.principal.principalId,
    token_hash: await sha256Hex(text),
    scopes: JSON.stringify(SCOPES),
    created_at_ms: 0,
    expires_at_ms: more.expiresAtMs ?? Date.now() + 3_600_000,
    person_id: more.personId ?? null,
    factor_at_ms: more.factorAtMs ?? null,
  });
  return text;
}

async function gone(account: TestAccount): Promise<Cast["gone"]> {
  const [expired, revoked] = [await account.key([...SCOPES]), await account.key([...SCOPES])];
  const change = async (column: string, id: string) =>
    await env.CATALOG_0.prepare(`UPDATE api_key SET ${column} = 1 WHERE id = ?`).bind(id).run();
  await change("expires_at_ms", expired.id);
  await change("revoked_at_ms", revoked.id);
  const suspended = await newAccount();
  await env.CATALOG_0.prepare("UPDATE account SET status = 'suspended' WHERE id = ?")
    .bind(suspended.accountId)
    .run();
  return {
    "an expired key": bearer(expired.apiKey),
    "a revoked key": bearer(revoked.apiKey),
    "a suspended account's key": bearer(suspended.apiKey),
    "an expired session": cookie(await session(account, { expiresAtMs: 1 })),
    "an expired access token": bearer(await expiredToken(account)),
    "a key in the place of a session": cookie(account.apiKey),
    "another scheme": { Authorization: `Basic ${btoa(account.apiKey)}` },
  };
}

async function expiredToken(account: TestAccount): Promise<string> {
  const client = await makeClient(account, { scope: SCOPES.join(" ") });
  const { kid, key } = await signingKeys(env).signer(Date.now());
  const nowS = Math.floor(Date.now() / 1_000);
  return await new SignJWT({
    iss: ORIGIN,
    aud: ORIGIN,
    sub: account.principal.principalId,
    account_id: account.accountId,
    client_id: client.id,
    scope: SCOPES.join(" "),
    jti: crypto.randomUUID(),
    iat: nowS - 1_000,
    exp: nowS - 100,
  })
    .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid })
    .sign(key);
}

export type Decision = { status: number; code: string; detail: string };

/**
 * What the product decides about an operation. It is asked in a way that nobody could carry out (a query parameter that
 * there is not), so that what is allowed is refused next, with 400 or 404, and changes nothing.
 */
export async function decided(
  { method, path, hasBody }: Pick<Operation, "method" | "path" | "hasBody">,
  as: As,
  more: As = {},
): Promise<Decision> {
  const address = `${path.replaceAll(/\{\w+\}/g, "absent")}?no-such-parameter=1`;
  const answer = await call(method, address, {
    ...(hasBody && { body: "{}" }),
    headers: { Origin: ORIGIN, ...as, ...more },
  });
  const type = answer.headers.get("Content-Type");
  const isProblem =
    type === "application/problem+json" || (!answer.ok && type === "application/scim+json");
  const text = await answer.text();
  expect(answer.webSocket).toBeFalsy();
  if (!answer.ok && path.startsWith("/a2a") && text !== "") {
    const { error } = JSON.parse(text) as { error: A2aError };
    return { status: answer.status, code: "", detail: "", ...a2aProblem(error) };
  }
  const problem = isProblem && text !== "" ? (JSON.parse(text) as Partial<Decision>) : {};
  if (path === "/mcp" && !answer.ok)
    Object.assign(problem, (JSON.parse(text) as { error: { data: object } }).error.data);
  return { status: answer.status, code: problem.code ?? "", detail: problem.detail ?? "" };
}

/** Of one thing, with the query that the operation cannot do without. */
export const addressOf = ({ name, path }: Operation, id: string): string =>
  `${path.replace(/\{\w+\}/, id)}${QUERIES[name] ?? ""}`;
const QUERIES: Record<string, string> = { "PUT /v1/tasks/{id}/result": "?fencingToken=1" };

/** What a parameter does not name a thing of one account in, and why. */
export const NOT_OWNED: Record<string, string> = {
  "/a2a/rest": "what is asked of the platform is asked of its operations",
  "/a2a/rest/tasks": "the platform answers at once, and has no tasks",
  "/a2a": "an agent of /v1/agents, which is no list there (tests/a2a.test.ts)",
  "/v1/people/me/passkeys": "a person's, whatever account they are in (tests/passkeys.test.ts)",
  "/scim/v2/ResourceTypes": "the same for everybody",
  "/scim/v2/Schemas": "the same for everybody",
  "/v1/accounts": "the first account's business",
  "/v1/oauth/signing-keys": "the first account's business",
  "/v1/alerts/rules":
    "names that the product or the caller's own account chose (tests/alerts.test.ts)",
  "/v1/queues": "`account` is everybody's own pool",
  "/v1/topics": "a name is of the caller's own topic (tests/topics.test.ts)",
  "/v1/collections": "`private` is everybody's own collection",
  "/v1/traces": "an id is of the caller's own traces (tests/traces.test.ts)",
  "/v1/audit": "a number is of the caller's own log",
};
