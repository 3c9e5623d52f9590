import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { BOOTSTRAP_BYTES, firstAccount } from "#domain/accounts/bootstrap.ts";
import { ID_BYTES, SECRET_BYTES } from "#domain/accounts/credential.ts";
import { makeKey } from "#domain/accounts/keys.ts";
import { type Principal, type Scope, SCOPES } from "#domain/accounts/model.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import { catalogStore } from "#db/catalog/store.ts";
import { app } from "#workers/http/app.ts";

export const ORIGIN = env.WISHUB_PUBLIC_URL;

type Sent = { body?: unknown; headers?: Record<string, string> };

/** One request to the whole product. A body that is not a string or bytes goes as JSON. */
export function call(
  method: string,
  path: string,
  { body, headers = {} }: Sent = {},
): Promise<Response> {
  const raw =
    body === undefined ||
    typeof body === "string" ||
    body instanceof Uint8Array ||
    body instanceof ReadableStream;
  const request: RequestInit = { method, headers: { ...headers }, redirect: "manual" };
  if (body !== undefined) {
    request.body = raw ? (body as BodyInit) : JSON.stringify(body);
    request.headers = { "Content-Type": "application/json", ...headers };
  }
  return exports.default.fetch(new Request(`${ORIGIN}${path}`, request));
}

/** What is measured is told some seconds later, which a test that waits for all that a request does would wait for too. */
export const unobserved = { ...env, WISHUB_OBSERVING: "0" };

/** One request to an isolate of its own, which knows nothing yet and has these bindings. */
export function isolate(changes: Partial<Record<string, unknown>>) {
  const bindings = { ...unobserved, ...changes } as Env;
  return async (
    from: TestAccount,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => {
    const request = new Request(`${ORIGIN}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${from.apiKey}`,
        "Content-Type": "application/json",
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const context = createExecutionContext();
    const response = await app.fetch(request, bindings, context);
    await waitOnExecutionContext(context);
    return response;
  };
}

/** The same database as another isolate has it: what is remembered about the one is not remembered about the other. */
export const elsewhereOf = (database: D1Database): D1Database =>
  new Proxy(database, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

/** The same text but for its last character: what a guesser of an id, a code or a key would present. */
export const misspelt = (text: string): string =>
  `${text.slice(0, -1)}${text.endsWith("0") ? "1" : "0"}`;

export type TestAccount = {
  accountId: string;
  principal: Principal;
  apiKey: string;
  call(method: string, path: string, sent?: Sent): Promise<Response>;
  /** Another key of the same account. */
  key(scopes: Scope[]): Promise<{ id: string; apiKey: string }>;
};

/** A new account with its owner's key, as signing up will make one. */
export async function newAccount(): Promise<TestAccount> {
  const made = firstAccount(random(BOOTSTRAP_BYTES), Date.now());
  const { account, owner, key, apiKey } = made;
  const row = (table: string, columns: Record<string, string | number | null>) =>
    env.CATALOG_0.prepare(
      `INSERT INTO ${table} (${Object.keys(columns).join()}) VALUES (${Object.keys(columns)
        .map(() => "?")
        .join()})`,
    ).bind(...Object.values(columns));
  await env.CATALOG_0.batch([
    row("account", { id: account.id, name: "Test", status: "active", created_at_ms: 0 }),
    row("principal", {
      account_id: account.id,
      id: owner.id,
      kind: "person",
      name: "Owner",
      role: "owner",
      status: "active",
      created_at_ms: 0,
    }),
    row("api_key", {
      id: key.id,
      account_id: account.id,
      principal_id: owner.id,
      name: key.name,
      secret_hash: await sha256Hex(apiKey),
      scopes: JSON.stringify(SCOPES),
      created_at_ms: 0,
    }),
  ]);
  const principal: Principal = {
    accountId: account.id,
    principalId: owner.id,
    keyId: key.id,
    kind: "key",
    scopes: new Set(SCOPES),
    role: "owner",
    policyVersion: 0,
  };
  return {
    accountId: account.id,
    principal,
    apiKey,
    call: (method, path, { body, headers = {} } = {}) =>
      call(method, path, { body, headers: { Authorization: `Bearer ${apiKey}`, ...headers } }),
    async key(scopes) {
      const deps = { ...catalogStore([env.CATALOG_0]), sha256Hex, hasAddresses: false };
      const bytes = { idBytes: random(ID_BYTES), secretBytes: random(SECRET_BYTES) };
      const result = await makeKey(deps, principal, { name: "Test", scopes }, bytes, Date.now());
      if (!result.ok) throw new Error(result.error.code);
      return { id: result.value.key.id, apiKey: result.value.apiKey };
    },
  };
}

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

type ProblemBody = {
  code: string;
  status: number;
  detail?: string;
  instance: string;
  errors?: { pointer: string; detail: string }[];
};

/** What MCP answers before the protocol is spoken: JSON-RPC 2.0's error with the problem as its data. */
type RpcFailure = { error: { message: string; data: ProblemBody } };
const isRpc = (type: string | null) =>
  type === "application/json" || type === "application/a2a+json";

/** The problem of an answer, in the form of the protocol spoken there, with what every problem promises already checked. */
export async function problemOf(response: Response): Promise<ProblemBody> {
  const type = response.headers.get("Content-Type");
  if (type !== "application/problem+json" && type !== "application/scim+json" && !isRpc(type))
    throw new Error(`not a problem: ${response.status} ${type}`);
  const body = await response.json<ProblemBody & RpcFailure>();
  const told = isRpc(type) ? a2aProblem(body.error) : null;
  if (told !== null) return { ...told, status: response.status, instance: "" };
  const problem = isRpc(type) ? body.error.data : body;
  // SCIM writes its status as a text (RFC 7644 3.12).
  if (Number(problem.status) !== response.status)
    throw new Error(`${problem.status} in a ${response.status}`);
  return problem;
}

/** Of A2A, in JSON-RPC or HTTP+JSON: what the product says by its own code lies in the details. */
export type A2aError = { message: string; data?: unknown; details?: unknown };

/** The code of ours in A2A's error, and what it says; null where it is A2A's own error, or none of A2A's. */
export function a2aProblem(error: A2aError | undefined): { code: string; detail: string } | null {
  const details = error?.data ?? error?.details;
  if (error === undefined || !Array.isArray(details)) return null;
  const all = details as { reason?: string; domain?: string }[];
  const ours = all.find(({ domain }) => domain === "wishub");
  if (ours?.reason === undefined) return null;
  return { code: ours.reason.toLowerCase().replaceAll("_", "-"), detail: error.message };
}
