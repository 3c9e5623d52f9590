import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, it } from "vitest";
import { SCOPES } from "#domain/accounts/model.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import { firstAccountSql } from "./first-account.ts";
import { inRoot } from "./paths.ts";

let catalog: DatabaseSync;

beforeEach(() => {
  catalog = new DatabaseSync(":memory:");
  for (const file of readdirSync(inRoot("migrations", "catalog")).filter((name) =>
    name.endsWith(".sql"),
  )) {
    catalog.exec(readFileSync(inRoot("migrations", "catalog", file), "utf8"));
  }
});

describe("the first account of a deployment", () => {
  it("fits the migrated catalog, with an owner whose key has every scope", async () => {
    const { sql, apiKey, accountId } = await firstAccountSql(1_000);
    catalog.exec(sql);
    expect(catalog.prepare("SELECT account_id FROM installation").all()).toEqual([
      { account_id: accountId },
    ]);
    expect(catalog.prepare("SELECT account_id, role, status FROM principal").all()).toEqual([
      { account_id: accountId, role: "owner", status: "active" },
    ]);
    const key = catalog.prepare("SELECT account_id, secret_hash, scopes FROM api_key").get();
    expect(key).toEqual({
      account_id: accountId,
      secret_hash: await sha256Hex(apiKey),
      scopes: JSON.stringify(SCOPES),
    });
  });

  it("does not say the key in what is sent to the database", async () => {
    const { sql, apiKey } = await firstAccountSql(1_000);
    expect(sql).not.toContain(apiKey);
  });

  it("is not made a second time", async () => {
    catalog.exec((await firstAccountSql(1_000)).sql);
    const again = await firstAccountSql(2_000);
    expect(() => catalog.exec(`BEGIN; ${again.sql} COMMIT;`)).toThrow(/UNIQUE/);
  });
});
