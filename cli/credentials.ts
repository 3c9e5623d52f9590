import { readFileSync } from "node:fs";
import path from "node:path";
import { UsageError, type Flags } from "./command.ts";
import { accessToken, logins, originOf } from "./logins.ts";

export type Credentials = { url: string; apiKey: string };
/** Whom the client acts as: by a key, or by the tokens of a login. */
export type Access = Credentials | { url: string; token: () => Promise<string> };

const DEFAULT_URL = "http://127.0.0.1:8787";

/** Where: flags, then the environment, then the file that the first start wrote, then the one login there is. */
export function addressOf(
  flags: Flags,
  env: Record<string, string | undefined>,
  cwd: string,
): string {
  const url = flags.text("url") ?? env["WISHUB_URL"];
  if (url !== undefined) return checkedUrl(url);
  const file = path.resolve(cwd, env["WISHUB_STATE"] ?? ".wishub", "credentials.json");
  const [only, ...others] = Object.keys(logins(env));
  return stored(file)?.url ?? (others.length === 0 ? only : undefined) ?? DEFAULT_URL;
}

/** Where and as whom: a key that was given, then a login to the address that was named, then the file that the first start wrote, then a login. */
export function credentials(
  flags: Flags,
  env: Record<string, string | undefined>,
  cwd: string,
): Access {
  const file = path.resolve(cwd, env["WISHUB_STATE"] ?? ".wishub", "credentials.json");
  const url = flags.text("url") ?? env["WISHUB_URL"];
  const apiKey = flags.text("key") ?? env["WISHUB_KEY"];
  if (apiKey !== undefined)
    return { url: checkedUrl(url ?? stored(file)?.url ?? DEFAULT_URL), apiKey };
  const known = stored(file);
  const address = addressOf(flags, env, cwd);
  if ((url !== undefined || known === undefined) && logins(env)[originOf(address)] !== undefined)
    return { url: address, token: () => accessToken(env, address) };
  if (known === undefined) {
    throw new UsageError(
      `nobody is signed in, and there is no API key: \`wishub sign-in EMAIL\`, \`wishub login\`, --key or WISHUB_KEY, or run where ${file} is (\`npm start\` writes it)`,
    );
  }
  // A key goes only to the place it was made for.
  if (url !== undefined && new URL(checkedUrl(url)).origin !== new URL(known.url).origin) {
    throw new UsageError(`${file} holds a key for ${known.url}, not for ${url}: give --key too`);
  }
  return known;
}

function checkedUrl(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new UsageError(`"${url}" is not an http or https address`);
  return url;
}

function stored(file: string): Credentials | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined; // not started here yet
  }
  try {
    const { url, apiKey } = JSON.parse(text) as Record<string, unknown>;
    if (typeof url === "string" && typeof apiKey === "string")
      return { url: checkedUrl(url), apiKey };
  } catch (error) {
    if (error instanceof UsageError) throw error;
  }
  throw new UsageError(`${file} is not a credentials file: it needs "url" and "apiKey"`);
}
