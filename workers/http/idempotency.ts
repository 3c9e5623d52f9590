import type { Action } from "#domain/policies/actions.ts";
import type { Context } from "hono";
import { isLasting, type StoredAnswer } from "#domain/accounts/idempotency.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { type Call, refuse, responseOf, type Route } from "#workers/http/kit.ts";
import { problemResponse, Refusal } from "#workers/http/problem.ts";

type Repetition = { key: string; bytes: Uint8Array | undefined; sealed: boolean };

const KEPT_HEADERS = ["Content-Type", "ETag", "Location", "Retry-After"];

/** Carries a mutation out once per idempotency key; a repetition gets the answer of the first (CONTRACT.md). */
export async function once(
  c: Call<{ access: Action }>,
  { key, bytes, sealed }: Repetition,
  handler: Route["handler"],
): Promise<Response> {
  const { accountId } = c.var.principal;
  const operation = await sha256Hex([accountId, c.req.method, c.req.path, key].join("\n"));
  const account = c.env.ACCOUNT.getByName(accountId);
  const beginning = await account.begin(operation, await bodyHash(bytes));
  const seal = sealed ? await sealOf(c, key) : null;
  switch (beginning.state) {
    case "answered":
      return await replayed(beginning.answer, seal);
    case "conflict":
      return refuse({ code: "idempotency-conflict" });
    case "in-flight":
      return refuse({ code: "idempotency-in-flight", retryAfterS: beginning.retryAfterMs / 1000 });
    case "full":
      return refuse({
        code: "too-many-requests",
        detail: "this account has used all idempotency keys of a day",
        retryAfterS: beginning.retryAfterMs / 1000,
      });
    case "run":
  }
  c.set("operationId", (await sha256Hex(`${operation} ${beginning.startedAtMs}`)).slice(0, 32));
  let answer: StoredAnswer | null = null;
  try {
    const response = await handled(c, handler);
    const body = new Uint8Array(await response.arrayBuffer());
    if (isLasting(response.status) && body.byteLength <= LIMITS.storedAnswerBytesMax) {
      answer = {
        status: response.status,
        headers: kept(response),
        body: seal === null ? body : await seal.close(body),
      };
    }
    return new Response(body.byteLength === 0 ? null : body, response);
  } finally {
    await account.finish(operation, beginning.attempt, answer);
  }
}

/** A refusal is an answer like any other: a repetition gets the same one. */
async function handled(c: Context, handler: Route["handler"]): Promise<Response> {
  try {
    return responseOf(await handler(c));
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    return problemResponse(thrown.problem, c.get("requestId"), c.env.WISHUB_PUBLIC_URL);
  }
}

async function bodyHash(bytes: Uint8Array | undefined): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes ?? new Uint8Array());
  return new Uint8Array(digest).toHex();
}

function kept(response: Response): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = response.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return headers;
}

async function replayed(answer: StoredAnswer, seal: Seal | null): Promise<Response> {
  const body = seal === null ? answer.body : await seal.open(answer.body);
  // Another credential of the account cannot read the secret that this answer holds.
  if (body === null) return refuse({ code: "idempotency-conflict" });
  const headers = { ...answer.headers, "Idempotency-Replayed": "true" };
  return new Response(body.byteLength === 0 ? null : body, { status: answer.status, headers });
}

type Seal = {
  close(body: Uint8Array): Promise<Uint8Array>;
  open(body: Uint8Array): Promise<Uint8Array | null>;
};

/** Encrypts an answer under the caller's own credential, which we do not keep: stored, a new secret is unreadable to us. */
async function sealOf(c: Context, key: string): Promise<Seal> {
  const credential = c.req.header("Authorization") ?? c.req.header("Cookie") ?? "";
  const material = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(`seal\n${credential}\n${key}`),
  );
  const aes = await crypto.subtle.importKey("raw", material, "AES-GCM", false, [
    "encrypt",
    "decrypt",
  ]);
  return {
    async close(body) {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const sealed = new Uint8Array(
        await crypto.subtle.encrypt({ name: "AES-GCM", iv }, aes, body),
      );
      const whole = new Uint8Array(iv.length + sealed.length);
      whole.set(iv);
      whole.set(sealed, iv.length);
      return whole;
    },
    async open(body) {
      const [iv, sealed] = [body.subarray(0, 12), body.subarray(12)];
      try {
        return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, aes, sealed));
      } catch {
        return null;
      }
    },
  };
}
