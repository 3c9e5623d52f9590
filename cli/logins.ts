import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { WisHubError } from "#sdk/error.ts";
import { type Answer, post } from "./oauth.ts";

/** What `wishub login` leaves for one address: tokens that renew themselves until somebody ends them. */
export type Login = { accessToken: string; refreshToken: string; expiresAtMs: number };
type Logins = Record<string, Login>;
type Environment = Record<string, string | undefined>;

/** A token that ends sooner is renewed first. */
const RENEW_BEFORE_MS = 30_000;
const LOCK_MS = 10_000;

/** As the command line is known everywhere, without a registration. */
export const CLIENT_ID = "wishub-cli";

const fileOf = (env: Environment): string | null => {
  const folder = env["XDG_CONFIG_HOME"] ?? (env["HOME"] && path.join(env["HOME"], ".config"));
  return folder === undefined || folder === "" ? null : path.join(folder, "wishub", "logins.json");
};

/** Addresses somebody is logged in to. */
export function logins(env: Environment): Logins {
  const file = fileOf(env);
  if (file === null) return {};
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Logins;
  } catch {
    return {}; // nobody has logged in yet, or the file is nobody's work of ours
  }
}

export function keepLogin(env: Environment, url: string, login: Login | null): void {
  const file = fileOf(env);
  if (file === null) throw new Error("there is no home folder to keep a login in");
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const { [originOf(url)]: _, ...others } = logins(env);
  const all = login === null ? others : { ...others, [originOf(url)]: login };
  const part = `${file}.${process.pid}`;
  writeFileSync(part, JSON.stringify(all, null, 2), { mode: 0o600 });
  chmodSync(part, 0o600);
  renameSync(part, file);
}

export const originOf = (url: string) => new URL(url).origin;

export const loginOf = (answer: Answer, nowMs: number): Login => ({
  accessToken: String(answer["access_token"]),
  refreshToken: String(answer["refresh_token"]),
  expiresAtMs: nowMs + Number(answer["expires_in"]) * 1000,
});

/**
 * A token for the address, renewed where it is about to end. One process at a time renews: a refresh token works once, and
 * one that comes back ends the whole login.
 */
export async function accessToken(env: Environment, url: string): Promise<string> {
  const known = logins(env)[originOf(url)];
  if (known !== undefined && known.expiresAtMs - RENEW_BEFORE_MS > Date.now())
    return known.accessToken;
  return await locked(`${fileOf(env)}.lock`, async () => {
    const login = logins(env)[originOf(url)];
    if (login === undefined) throw gone(url);
    if (login.expiresAtMs - RENEW_BEFORE_MS > Date.now()) return login.accessToken;
    const answer = await post(url, "/oauth/token", {
      grant_type: "refresh_token",
      client_id: CLIENT_ID,
      refresh_token: login.refreshToken,
    });
    if (answer["error"] !== undefined) {
      keepLogin(env, url, null);
      throw gone(url);
    }
    const next = loginOf(answer, Date.now());
    keepLogin(env, url, next);
    return next.accessToken;
  });
}

const gone = (url: string) =>
  new WisHubError({
    code: "unauthenticated",
    status: 401,
    detail: `the login to ${url} has ended: \`wishub login --url ${url}\``,
  });

async function locked<T>(lock: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      closeSync(openSync(lock, "wx"));
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      // A process that was killed leaves its lock behind.
      const sinceMs = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0);
      if (sinceMs > LOCK_MS) rmSync(lock, { force: true });
      await wait(50);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}
