import type { Context } from "hono";
import type { Action } from "#domain/policies/actions.ts";
import { parseCredential } from "#domain/accounts/credential.ts";
import type { Principal } from "#domain/accounts/model.ts";
import { isOwnOrigin, tokenInCookies } from "#domain/accounts/sessions.ts";
import { keyVerdict, sessionVerdict, type Verdict } from "#domain/accounts/verdict.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import { catalogStore } from "#db/catalog/store.ts";
import { tracedEnv } from "#adapters/traced-env.ts";
import { type Call, refuse } from "#workers/http/kit.ts";
import { performedFor } from "#workers/http/operations.ts";
import { forgetHolders } from "./holders.ts";
import { admit, presentedIn, readToken, refusePresented } from "./tokens.ts";

/** A revoked credential works for no longer than this, wherever it was seen last. */
const VERDICT_LIFE_MS = 5_000;
/** From here on a verdict in use is renewed beside the request, so that no request of a busy client waits for storage. */
const RENEW_AFTER_MS = 2_000;
const LAST_USED_EVERY_MS = 300_000;
/** At most about 4 MB of an isolate. The oldest goes first, as soon as it has run out; refusals have their own room, so that guesses push nobody out. */
const VERDICTS_MAX = 10_000;
const REFUSALS_MAX = 1_000;
/** A token is longer than a key by far: these take about 4 MB more. */
const TOKENS_MAX = 4_000;

type Kind = Principal["kind"];

type Remembered = { verdict: Verdict | null; readAtMs: number; renewing: boolean };

/** By catalog, then by the credential itself: it lies here for seconds, and in no log and no storage. */
const remembered = new WeakMap<D1Database, Verdicts>();
type Verdicts = Record<"granted" | "tokens" | "refused", Map<string, Remembered>>;

/** Who the request acts as. Anything but a valid credential is 401, before body or upgrade are looked at. */
export async function authenticate(c: Call<{ access: Action }>, nowMs: number): Promise<Principal> {
  const own = performedFor(c.req.raw);
  if (own !== undefined) {
    const { expiresAtMs = Infinity } = own.principal;
    return expiresAtMs > nowMs ? own.principal : refuse({ code: "unauthenticated" });
  }
  const header = c.req.raw.headers.get("Authorization");
  if (header !== null) {
    const presented = presentedIn(header);
    const principal = presented && (await principalOf(c, presented.kind, presented.text, nowMs));
    if (!presented || !principal) return refusePresented(c);
    if (principal.token !== undefined) await admit(c, presented, principal);
    return principal;
  }
  const cookies = c.req.raw.headers.get("Cookie");
  const token = cookies === null ? null : tokenInCookies(cookies, c.env.WISHUB_PUBLIC_URL);
  const principal = token === null ? null : await principalOf(c, "session", token, nowMs);
  if (principal === null) return refuse({ code: "unauthenticated" });
  const { method, raw } = c.req;
  const reads = (method === "GET" || method === "HEAD") && !raw.headers.has("Upgrade");
  if (!reads && !isOwnOrigin(raw.headers.get("Origin"), c.env.WISHUB_PUBLIC_URL)) {
    refuse({ code: "forbidden", detail: `with a cookie, come from ${c.env.WISHUB_PUBLIC_URL}` });
  }
  return principal;
}

/** Whose browser asks for a page, if anybody is signed in there. It may look at what the page shows, and change nothing by it. */
export async function sessionOf(c: Context, nowMs: number): Promise<Principal | null> {
  const cookies = c.req.raw.headers.get("Cookie") ?? "";
  const token = tokenInCookies(cookies, (c.env as Env).WISHUB_PUBLIC_URL);
  return token === null
    ? null
    : await principalOf(c as Call<{ access: Action }>, "session", token, nowMs);
}

async function principalOf(
  c: Call<{ access: Action }>,
  kind: Kind,
  token: string,
  nowMs: number,
): Promise<Principal | null> {
  const catalog = tracedEnv(c.env as Env).CATALOG_0;
  const verdicts = verdictsOf(catalog);
  const known =
    verdicts[kind === "token" ? "tokens" : "granted"].get(token) ?? verdicts.refused.get(token);
  if (known?.verdict != null && known.verdict.principal.kind !== kind) return null;
  const ageMs = known === undefined ? Infinity : nowMs - known.readAtMs;
  if (known !== undefined && ageMs >= 0 && ageMs < VERDICT_LIFE_MS) {
    if (ageMs > RENEW_AFTER_MS && !known.renewing) {
      known.renewing = true;
      // A failed renewal leaves the verdict to run out; the request that then has to ask will say what is wrong.
      const renewal = read(c.env, kind, token, nowMs).then(
        (verdict) => remember(verdicts, token, verdict, nowMs),
        () => (known.renewing = false),
      );
      c.executionCtx.waitUntil(renewal);
    }
    return live(known.verdict, nowMs);
  }
  if (kind !== "token" && parseCredential(token)?.kind !== kind) return null;
  const verdict = await read(c.env, kind, token, nowMs);
  remember(verdicts, token, verdict, nowMs);
  return live(verdict, nowMs);
}

const live = (verdict: Verdict | null, nowMs: number) =>
  verdict !== null && verdict.expiresAtMs > nowMs ? verdict.principal : null;

/** Asks the catalog, and marks a key as used while it is there anyway. */
export async function read(
  env: Env,
  kind: Kind,
  token: string,
  nowMs: number,
): Promise<Verdict | null> {
  if (kind === "token") return await readToken(env, token, nowMs);
  const credential = parseCredential(token);
  if (credential?.kind !== kind) return null;
  const catalog = catalogStore([env.CATALOG_0]);
  const hash = await sha256Hex(token);
  if (kind === "session")
    return sessionVerdict(await catalog.sessionRow(credential.id, nowMs), hash, nowMs);
  const row = await catalog.keyRow(credential.id);
  const verdict = keyVerdict(row, hash, nowMs);
  if (verdict !== null && row !== null && (row.lastUsedAtMs ?? 0) <= nowMs - LAST_USED_EVERY_MS) {
    await catalog.markKeyUsed(row.accountId, row.id, nowMs);
  }
  return verdict;
}

function verdictsOf(catalog: D1Database): Verdicts {
  let verdicts = remembered.get(catalog);
  if (verdicts === undefined) {
    verdicts = { granted: new Map(), tokens: new Map(), refused: new Map() };
    remembered.set(catalog, verdicts);
  }
  return verdicts;
}

function remember(
  { granted, tokens, refused }: Verdicts,
  token: string,
  verdict: Verdict | null,
  readAtMs: number,
): void {
  granted.delete(token);
  tokens.delete(token);
  refused.delete(token);
  const [verdicts, max] =
    verdict === null
      ? [refused, REFUSALS_MAX]
      : verdict.principal.kind === "token"
        ? [tokens, TOKENS_MAX]
        : [granted, VERDICTS_MAX];
  verdicts.set(token, { verdict, readAtMs, renewing: false });
  for (const [oldest, { readAtMs: sinceMs }] of verdicts) {
    if (verdicts.size <= max && readAtMs - sinceMs < VERDICT_LIFE_MS) break;
    verdicts.delete(oldest);
  }
}

/** Revocation is immediate where it happens; other isolates forget within `VERDICT_LIFE_MS`. */
export function forget(env: Env, which: (principal: Principal) => boolean): void {
  forgetHolders(env, which);
  const { granted, tokens } = verdictsOf(tracedEnv(env).CATALOG_0);
  for (const verdicts of [granted, tokens]) {
    for (const [token, { verdict }] of verdicts)
      if (verdict !== null && which(verdict.principal)) verdicts.delete(token);
  }
}

/** The same for API keys, by their ids. */
export function forgetKeys(env: Env, ids: readonly string[]): void {
  const ended = new Set(ids);
  forget(env, ({ keyId }) => keyId !== undefined && ended.has(keyId));
}
