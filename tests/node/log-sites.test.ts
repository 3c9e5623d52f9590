import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type CredentialKind, mintCredential } from "#domain/accounts/credential.ts";
import { webhookSecretOf } from "#domain/delivery/webhook.ts";
import { secretOf as wakeUpSecret } from "#domain/jobs/wakeup.ts";
import { mintRefresh } from "#domain/oauth/grants.ts";
import { MASK, maskedData } from "#domain/observability/masking.ts";
import { base32 } from "#domain/shared/base32.ts";
import { recoveryCodes } from "#domain/people/recovery.ts";

const ROOT = join(import.meta.dirname, "../..");
const FOLDERS = ["adapters", "db", "domain", "durable-objects", "workers"];

/** A call of `log` in the product: what it says, and the members of its data. */
type Site = { file: string; level: string; message: string; members: string[] };

const sites: Site[] = execFileSync("git", ["ls-files", ...FOLDERS], { cwd: ROOT, encoding: "utf8" })
  .split("\n")
  .filter(
    (file) => file.endsWith(".ts") && !/\.(test|contract)\.ts$|observability\/log\.ts/.test(file),
  )
  .flatMap((file) => sitesIn(file, readFileSync(join(ROOT, file), "utf8")));

function sitesIn(file: string, text: string): Site[] {
  if (!/import \{[^}]*\blog\b[^}]*\} from "[^"]*observability\/log\.ts"/.test(text)) return [];
  return [...text.matchAll(/(?<![\w.])log\(/g)].map(({ index }) => {
    const call = balanced(text, index + 3);
    const [, level = "", message = "", rest = ""] =
      /^\(\s*"(\w+)",\s*"([\w-]+)"\s*,?\s*([^]*)\)$/.exec(call) ?? [];
    if (level === "") throw new Error(`${file}: not understood: log${call}`);
    const data = rest.startsWith("{") ? balanced(rest, 0) : "{}";
    if (rest !== "" && data === "{}") throw new Error(`${file}: data is no object: log${call}`);
    return { file, level, message, members: membersOf(data.slice(1, -1)) };
  });
}

/** From a bracket to the one that closes it. */
function balanced(text: string, from: number): string {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if ("({[".includes(text.charAt(at))) depth++;
    else if (")}]".includes(text.charAt(at)) && --depth === 0) return text.slice(from, at + 1);
  }
  throw new Error("nothing closes it");
}

/** The names of an object literal's members, of spread ones what they spread. */
function membersOf(literal: string): string[] {
  const names: string[] = [];
  let depth = 0;
  let member = "";
  for (const character of `${literal},`) {
    if ("({[".includes(character)) depth++;
    else if (")}]".includes(character)) depth--;
    if (character === "," && depth === 0) {
      const name = /^\s*(?:\.\.\.)?\(?(\w+)/.exec(member)?.[1];
      if (name !== undefined) names.push(name);
      member = "";
    } else member += character;
  }
  return names;
}

const bytes = (count: number) => new Uint8Array(randomBytes(count));
const KINDS: CredentialKind[] = [
  "key",
  "session",
  "code",
  "link",
  "client",
  "authorization",
  "device",
];
/** What nobody may read in a log, as it stands in messages of errors. */
const SECRETS: Record<string, string> = {
  ...Object.fromEntries(
    KINDS.map((kind) => [kind, mintCredential(kind, 3, bytes(10), bytes(20)).text]),
  ),
  "refresh token": mintRefresh(`g3_${base32(bytes(10))}`, bytes(40)).text,
  "recovery code": recoveryCodes(bytes(100))[0] ?? "",
  "webhook secret": webhookSecretOf(bytes(32)),
  "wake-up": wakeUpSecret({ pool: "gpu", shard: 0 }, randomBytes(16).toString("hex")),
  "access token": `eyJhbGciOiJFZERTQSJ9.${randomBytes(60).toString("base64url")}.${randomBytes(64).toString("base64url")}`,
  "bot token": `123456789:${randomBytes(27).toString("base64url").slice(0, 35)}`,
  "in a header": `Bearer ${randomBytes(24).toString("base64url")}`,
  "DPoP header": `DPoP ${randomBytes(24).toString("base64url")}`,
  "in an address": `access_token=${randomBytes(18).toString("hex")}`,
  "in a connection": `postgres://root:${randomBytes(9).toString("hex")}@db.corp.io/x`,
  "GitHub's": `ghp_${randomBytes(40).toString("hex").slice(0, 36)}`,
  "a model's": `sk-proj-${randomBytes(24).toString("hex")}`,
  "e-mail": "ada.lovelace@babbage.org.uk",
  card: "4539578763621486",
  phone: "+44 20 7946 0958",
  IBAN: "GB33BUKB20201555555555",
};
/** The part that must not be read: what stands before it says what it is. */
const secretOf = (text: string) =>
  /(?:=|:\/\/root:|^Bearer |^DPoP )([^@]+)/.exec(text)?.[1] ?? text;

it("finds every line that the product can write, and none that holds contents", () => {
  expect(sites.length).toBeGreaterThan(60);
  const contents = /^(body|text|input|result|headers?|query|url|token|secret|apiKey|email|name)$/;
  for (const { file, message, members } of sites) {
    expect(message, file).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(
      members.filter((one) => contents.test(one)),
      `${file}: ${message}`,
    ).toEqual([]);
  }
});

it.each(Object.entries(SECRETS))("lets %s through at no place that writes a line", (_, text) => {
  const secret = secretOf(text);
  for (const { file, message, members } of sites) {
    const data = Object.fromEntries(
      members.flatMap((name) => [
        [name, `Error: ${name} failed at ${text}, after 3 attempts`],
        [`${name}Of`, { inner: [new Error(`"${text}"`)] }],
        [`${name}At`, `(${text})`],
      ]),
    );
    const kept = JSON.stringify(maskedData(data));
    expect(kept, `${file}: ${message}`).not.toContain(secret);
    if (members.length > 0) expect(kept).toContain(MASK);
  }
});
