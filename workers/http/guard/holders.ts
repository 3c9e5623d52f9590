import type { Context } from "hono";
import type { Principal } from "#domain/accounts/model.ts";
import { keyVerdictOf, sessionVerdict, type Verdict } from "#domain/accounts/verdict.ts";
import { tokenVerdict } from "#domain/oauth/token-verdict.ts";
import type { Holder } from "#domain/sessions/standing.ts";
import { catalogStore } from "#db/catalog/store.ts";
import { servicesOf } from "#adapters/index.ts";
import { tracedEnv } from "#adapters/traced-env.ts";
import type { AppEnv } from "#workers/http/kit.ts";
import { presentedIn } from "./tokens.ts";

/** Short, because whoever is answered from here believes it until 5 s after it was read. */
const LIFE_MS = 1_000;
/** About 5 MB of an isolate. */
const HOLDERS_MAX = 10_000;

/** What is known of whoever holds a credential, and since when. */
export type Known = { verdict: Verdict | null; readAtMs: number };

const remembered = new WeakMap<D1Database, Map<string, Known>>();

/**
 * Whether a credential still counts that was presented once, and that nobody has at hand any more. Many sessions of one
 * key share an answer for a second; who relies on it counts from `readAtMs`.
 */
export async function readHolder(env: Env, holder: Holder, nowMs: number): Promise<Known> {
  const young = youngIn(rememberedIn(env), holder, nowMs);
  if (young !== null) return young;
  return remember(env, holder, await read(env, holder, nowMs), nowMs);
}

/** The same of many, in their order: those that are API keys of one account are asked for in one query. */
export async function readHolders(
  env: Env,
  holders: readonly Holder[],
  nowMs: number,
): Promise<Known[]> {
  const here = rememberedIn(env);
  const ids = holders.flatMap((one) =>
    one.kind === "key" && youngIn(here, one, nowMs) === null ? [one.id] : [],
  );
  const rows = ids.length === 0 ? [] : await catalogStore([env.CATALOG_0]).keyRows(ids);
  const asked = new Set(ids);
  const found = new Map(rows.map((row) => [row.id, row]));
  return await Promise.all(
    holders.map(async (holder) => {
      if (holder.kind !== "key" || !asked.has(holder.id))
        return await readHolder(env, holder, nowMs);
      const row = found.get(holder.id);
      return remember(env, holder, row === undefined ? null : keyVerdictOf(row, nowMs), nowMs);
    }),
  );
}

function rememberedIn(env: Env): Map<string, Known> {
  const catalog = tracedEnv(env).CATALOG_0;
  let here = remembered.get(catalog);
  if (here === undefined) remembered.set(catalog, (here = new Map()));
  return here;
}

function youngIn(here: ReadonlyMap<string, Known>, holder: Holder, nowMs: number): Known | null {
  const known = here.get(nameOf(holder));
  const ageMs = known === undefined ? Infinity : nowMs - known.readAtMs;
  return known !== undefined && ageMs >= 0 && ageMs < LIFE_MS ? known : null;
}

function remember(env: Env, holder: Holder, verdict: Verdict | null, nowMs: number): Known {
  const here = rememberedIn(env);
  const name = nameOf(holder);
  const fresh = { verdict: live(verdict, nowMs), readAtMs: nowMs };
  here.delete(name);
  here.set(name, fresh);
  for (const [oldest, { readAtMs }] of here) {
    if (here.size <= HOLDERS_MAX && nowMs - readAtMs < LIFE_MS) break;
    here.delete(oldest);
  }
  return fresh;
}

/** The credential of a request that was authenticated, without its secret; null where it came by another protocol. */
export async function holderOf(c: Context<AppEnv>): Promise<Holder | null> {
  const { services, principal, nowMs } = c.var;
  const { kind, keyId, sessionId } = principal;
  if (kind === "key" && keyId !== undefined) return { kind, id: keyId };
  if (kind === "session" && sessionId !== undefined) return { kind, id: sessionId };
  const presented = presentedIn(c.req.header("Authorization") ?? "");
  const token = presented && (await services.oauth.verified(presented.text, nowMs));
  return token ? { kind: "token", token } : null;
}

/** Revocation is immediate where it happens, as for requests. */
export function forgetHolders(env: Env, which: (principal: Principal) => boolean): void {
  const here = remembered.get(tracedEnv(env).CATALOG_0);
  for (const [name, { verdict }] of here ?? [])
    if (verdict !== null && which(verdict.principal)) here?.delete(name);
}

const nameOf = (holder: Holder): string =>
  holder.kind === "token" ? `token ${holder.token.id}` : `${holder.kind} ${holder.id}`;

const live = (verdict: Verdict | null, nowMs: number) =>
  verdict !== null && verdict.expiresAtMs > nowMs ? verdict : null;

async function read(env: Env, holder: Holder, nowMs: number): Promise<Verdict | null> {
  if (holder.kind === "token") {
    const { token } = holder;
    return tokenVerdict(token, await servicesOf(env).oauth.tokenRow(token, nowMs));
  }
  const catalog = catalogStore([env.CATALOG_0]);
  if (holder.kind === "key") {
    const row = await catalog.keyRow(holder.id);
    return row === null ? null : keyVerdictOf(row, nowMs);
  }
  const row = await catalog.sessionRow(holder.id, nowMs);
  return row === null ? null : sessionVerdict(row, row.hash, nowMs);
}
