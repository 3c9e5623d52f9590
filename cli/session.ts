import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { WisHubOptions } from "#sdk/request.ts";
import { UsageError, type Flags } from "./command.ts";
import { addressOf } from "./credentials.ts";
import type { Terminal } from "./terminal.ts";

/** A person's session as `sign-in` keeps it: in the state folder, for this user of the machine alone. */
export type Session = ReturnType<typeof sessionOf>;

type Kept = { url: string; cookies: Record<string, string> };

/** Over TLS it has the prefix. */
const SESSIONS = ["__Host-wishub_session", "wishub_session"];
const isSession = ([name]: [string, string]) => SESSIONS.includes(name);

export function sessionOf(flags: Flags, { env, cwd }: Pick<Terminal, "env" | "cwd">) {
  const file = path.resolve(cwd, env["WISHUB_STATE"] ?? ".wishub", "session.json");
  const isKeyGiven = (flags.text("key") ?? env["WISHUB_KEY"]) !== undefined;
  const url = () => addressOf(flags, env, cwd).replace(/\/+$/, "");

  /** Keeps what answers set, as a browser would: by name, gone once its time is 0. */
  const keep = (from: string, set: readonly string[]): void => {
    const known = read(file);
    const cookies = known?.url === from ? { ...known.cookies } : {};
    for (const each of set) {
      const [, name, value] = /^([\w-]+)=([^;]*)/.exec(each) ?? [];
      if (name === undefined || value === undefined) continue;
      if (/; Max-Age=0(;|$)/.test(each)) delete cookies[name];
      else cookies[name] = value;
    }
    if (set.length === 0) return;
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${JSON.stringify({ url: from, cookies } satisfies Kept)}\n`, {
      mode: 0o600,
    });
  };
  const optionsFor = (from: string, cookies: Record<string, string>): WisHubOptions => ({
    url: from,
    cookie: Object.entries(cookies)
      .map(([name, value]) => `${name}=${value}`)
      .join("; "),
    cookies: (set) => keep(from, set),
  });

  return {
    /** Who is signed in, for any command; null where nobody is, or a key was given. A session goes only where it was opened. */
    options(): WisHubOptions | null {
      const kept = isKeyGiven ? null : read(file);
      if (kept === null || !Object.entries(kept.cookies).some(isSession)) return null;
      const asked = flags.text("url") ?? env["WISHUB_URL"];
      if (asked !== undefined && new URL(url()).origin !== new URL(kept.url).origin)
        throw new UsageError(`you are signed in at ${kept.url}, not at ${asked}: give --key too`);
      return optionsFor(kept.url, kept.cookies);
    },
    /** For what nobody needs to be signed in for: with the cookie by which this machine is known again, if any. */
    anybody(): WisHubOptions {
      const from = url();
      const kept = read(file);
      return optionsFor(from, kept?.url === from ? withoutSession(kept) : {});
    },
    forget(): void {
      const kept = read(file);
      if (kept === null) return;
      const cookies = withoutSession(kept);
      if (Object.keys(cookies).length === 0) rmSync(file, { force: true });
      else writeFileSync(file, `${JSON.stringify({ ...kept, cookies })}\n`, { mode: 0o600 });
    },
  };
}

const withoutSession = ({ cookies }: Kept): Record<string, string> =>
  Object.fromEntries(Object.entries(cookies).filter((each) => !isSession(each)));

function read(file: string): Kept | null {
  try {
    const { url, cookies } = JSON.parse(readFileSync(file, "utf8")) as Partial<Kept>;
    return typeof url === "string" && typeof cookies === "object" ? { url, cookies } : null;
  } catch {
    return null; // nobody has signed in here, or the file is none of ours
  }
}
