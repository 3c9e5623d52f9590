import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BOOTSTRAP_BYTES, firstAccount } from "#domain/accounts/bootstrap.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import { run } from "./run.ts";
import { Refusal } from "./say.ts";

/**
 * The first account of a deployment as SQL for its first catalog shard, and the owner's key, which stands nowhere else:
 * only its hash is in the SQL. A second run fails as a whole, because the installation's row has a fixed key.
 */
export async function firstAccountSql(
  nowMs: number,
  random: Uint8Array = randomBytes(BOOTSTRAP_BYTES),
): Promise<{ sql: string; apiKey: string; accountId: string }> {
  const { account, owner, key, apiKey } = firstAccount(random, nowMs);
  const rows: [string, Record<string, unknown>][] = [
    [
      "installation",
      { id: 1, accountId: account.id, principalId: owner.id, createdAtMs: account.createdAtMs },
    ],
    ["account", account],
    ["principal", owner],
    ["api_key", { ...key, secretHash: await sha256Hex(apiKey) }],
  ];
  const sql = rows.map(([table, row]) => insert(table, row)).join("\n");
  return { sql: `${sql}\n`, apiKey, accountId: account.id };
}

/** Makes it with wrangler in the database called `name`; `where` says which one: `--remote`, or `--local` and its folder. */
export async function executeFirstAccount(
  name: string,
  where: string[],
): Promise<{ apiKey: string; accountId: string }> {
  const { sql, ...made } = await firstAccountSql(Date.now());
  const folder = mkdtempSync(join(tmpdir(), "wishub-account-"));
  try {
    const file = join(folder, "first-account.sql");
    writeFileSync(file, sql, { mode: 0o600 });
    const args = ["d1", "execute", name, "--yes", "--file", file, ...where];
    const { code, output } = await run("wrangler", args);
    if (code !== 0) throw new Refusal(`the first account was not made:\n${output}`);
    return made;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function insert(table: string, row: Record<string, unknown>): string {
  const names = Object.keys(row).map((name) =>
    name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
  );
  return `INSERT INTO ${table} (${names.join(", ")}) VALUES (${Object.values(row).map(literal).join(", ")});`;
}

function literal(value: unknown): string {
  if (value === null) return "NULL";
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "1" : "0";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `'${text.replaceAll("'", "''")}'`;
}
