import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { AUDIT_DAYS_MIN, DAY_MS } from "#domain/audit/model.ts";
import { entries, keyOf, logged, objectOf, tamper, verify } from "./audit-log.ts";
import { newAccount, type TestAccount } from "./helpers.ts";

const QUOTED = `'$.action', 'nothing.happened'`;
const TAMPERINGS: [string, string[], { seq?: number; reason: string }][] = [
  [
    "an edit",
    [`UPDATE audit_entry SET text = json_set(text, ${QUOTED}) WHERE seq = 3`],
    { seq: 3, reason: "changed" },
  ],
  [
    "an edit of the last",
    [`UPDATE audit_entry SET text = json_set(text, ${QUOTED}) WHERE seq = 6`],
    { seq: 6, reason: "changed" },
  ],
  ["a deletion", ["DELETE FROM audit_entry WHERE seq = 3"], { seq: 3, reason: "missing" }],
  [
    "a deletion of the first",
    ["DELETE FROM audit_entry WHERE seq = 1"],
    { seq: 1, reason: "missing" },
  ],
  ["a cut", ["DELETE FROM audit_entry WHERE seq > 4"], { seq: 5, reason: "truncated" }],
  [
    "a whole log's deletion",
    ["DELETE FROM audit_entry", "DELETE FROM audit_node"],
    { seq: 1, reason: "truncated" },
  ],
  [
    "two that changed places",
    [
      "UPDATE audit_entry SET seq = -3 WHERE seq = 3",
      "UPDATE audit_entry SET seq = 3 WHERE seq = 4",
      "UPDATE audit_entry SET seq = 4 WHERE seq = -3",
    ],
    { seq: 3, reason: "reordered" },
  ],
  [
    "two texts that changed places",
    [
      "UPDATE audit_entry SET text = (SELECT text FROM audit_entry AS o WHERE o.seq = 7 - audit_entry.seq) WHERE seq IN (3, 4)",
    ],
    { reason: "reordered" },
  ],
  [
    "an insertion",
    ["INSERT INTO audit_entry SELECT 7, at_ms, text, leaf FROM audit_entry WHERE seq = 2"],
    { seq: 7, reason: "reordered" },
  ],
  ["a head that was removed", ["DELETE FROM audit_head"], { reason: "unsigned" }],
  [
    "a head that was made up",
    ["UPDATE audit_head SET note = replace(note, 'at 2', 'at 3')"],
    { reason: "unsigned" },
  ],
  ["garbage", ["UPDATE audit_entry SET text = '{' WHERE seq = 2"], { seq: 2, reason: "changed" }],
  [
    "a trim that nobody signed",
    ["DELETE FROM audit_entry WHERE seq <= 2", "INSERT INTO audit_head VALUES ('trim', 2, 0, 'x')"],
    { reason: "missing" },
  ],
];

for (const [what, statements, found] of TAMPERINGS) {
  it(`finds ${what} in the object's own storage`, async () => {
    const account = await logged(3);
    expect((await verify(account)).valid).toBe(true);
    await tamper(account, ...statements);
    const verified = await verify(account);
    expect(verified).toMatchObject({ valid: false, wrong: found });
    // And whatever comes later does not make it whole again.
    await evictDurableObject(objectOf(account));
    await account.call("DELETE", "/v1/keys/k0_0000000000000000");
    const isWhole = statements.join() === "DELETE FROM audit_head";
    expect((await verify(account)).valid).toBe(isWhole);
  });
}

it("finds a log that was cut together with its head, by what was published", async () => {
  const account = await logged(1);
  const old = await runInDurableObject(objectOf(account), (_, state) =>
    state.storage.sql.exec("SELECT * FROM audit_head WHERE kind = 'signed'").one(),
  );
  await keyOf(account);
  await runDurableObjectAlarm(objectOf(account));
  const checkpoints = await (
    await account.call("GET", "/v1/audit/checkpoints")
  ).json<{ items: { size: number }[] }>();
  expect(checkpoints.items.map(({ size }) => size)).toEqual([4]);
  await runInDurableObject(objectOf(account), (_, state) => {
    state.storage.sql.exec("DELETE FROM audit_entry WHERE seq > 2");
    state.storage.sql.exec("DELETE FROM audit_head");
    const values = Object.values(old);
    state.storage.sql.exec("INSERT INTO audit_head VALUES (?, ?, ?, ?)", ...values);
  });
  expect(await verify(account)).toMatchObject({
    valid: false,
    wrong: { seq: 3, reason: "truncated" },
  });
});

it("signs no log that lost its head and its end, once one was published", async () => {
  const account = await logged(2);
  await runDurableObjectAlarm(objectOf(account));
  await tamper(account, "DELETE FROM audit_entry WHERE seq > 2", "DELETE FROM audit_head");
  await keyOf(account);
  await keyOf(account);
  expect(await verify(account)).toMatchObject({
    valid: false,
    wrong: { seq: 4, reason: "changed" },
  });
});

/** As if the first `n` entries had been written a day more than so many days before: signed, published, and then old. */
async function aged(
  n: number,
  days = AUDIT_DAYS_MIN,
  first: (account: TestAccount) => Promise<unknown> = async () => {},
): Promise<TestAccount> {
  const account = await newAccount();
  await first(account);
  await runInDurableObject(objectOf(account), async (object) => {
    const { Account } = await import("#objects/account.ts");
    if (!(object instanceof Account)) throw new Error("not an account");
    const now = Date.now;
    try {
      Date.now = () => now() - (days + 1) * DAY_MS;
      for (let i = 0; i < n; i++)
        await object.record(account.accountId, {
          phase: "noted",
          action: "old.thing",
          actor: { id: "ps_old" },
          resource: { type: "key" },
        });
    } finally {
      Date.now = now;
    }
  });
  return account;
}

it("lets entries go after 90 days under a signed head that verifying accepts", async () => {
  const account = await aged(5);
  await keyOf(account);
  await runDurableObjectAlarm(objectOf(account));
  expect(await verify(account)).toMatchObject({ valid: true, entries: 2, head: { size: 7 } });
  const items = await entries(account);
  expect(items.map(({ seq }) => seq)).toEqual([7, 6]);
  expect((await account.call("GET", "/v1/audit/5")).status).toBe(404);
  expect((await account.call("GET", "/v1/audit/6")).status).toBe(200);
  const { objects } = await env.BLOBS.list({ prefix: `audit/${account.accountId}/trims/` });
  expect(objects).toHaveLength(1);
  // It goes on as before, and what is left is still watched.
  await keyOf(account);
  expect((await verify(account)).valid).toBe(true);
  await tamper(account, "DELETE FROM audit_entry WHERE seq = 6");
  expect(await verify(account)).toMatchObject({
    valid: false,
    wrong: { seq: 6, reason: "missing" },
  });
});

const onPlan = (plan: string) => (account: TestAccount) =>
  env.CATALOG_0.prepare("UPDATE account SET plan = ? WHERE id = ?")
    .bind(plan, account.accountId)
    .run();

it.each(["fleet", "unlimited"])("keeps entries for a year on the plan %s", async (plan) => {
  const [young, old] = [await aged(3, 363, onPlan(plan)), await aged(3, 365, onPlan(plan))];
  for (const account of [young, old]) {
    await keyOf(account);
    await runDurableObjectAlarm(objectOf(account));
  }
  const limits = await (await young.call("GET", "/v1/limits")).json<{ auditDays: number }>();
  expect(limits.auditDays).toBe(365);
  expect(await verify(young)).toMatchObject({ valid: true, entries: 5 });
  expect(await verify(old)).toMatchObject({ valid: true, entries: 2, head: { size: 5 } });
});

it("lets the rest go a day after a change to a plan that keeps less, and not with every alarm before", async () => {
  const account = await aged(3, AUDIT_DAYS_MIN, onPlan("fleet"));
  await keyOf(account);
  await runDurableObjectAlarm(objectOf(account));
  await onPlan("free")(account);
  await keyOf(account);
  await runDurableObjectAlarm(objectOf(account));
  expect(await verify(account)).toMatchObject({ valid: true, entries: 7 });
  await runInDurableObject(objectOf(account), async (object, state) => {
    const now = Date.now;
    try {
      Date.now = () => now() + DAY_MS + 1;
      await object.alarm?.();
    } finally {
      Date.now = now;
    }
    expect(await state.storage.getAlarm()).not.toBeNull();
  });
  expect(await verify(account)).toMatchObject({ valid: true, entries: 4, head: { size: 7 } });
});

it("lets nothing go while nobody can say what the plan is", async () => {
  const rename = (from: string, to: string) => async () =>
    await env.CATALOG_0.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
  const account = await aged(3, AUDIT_DAYS_MIN, rename("account", "hidden"));
  await runDurableObjectAlarm(objectOf(account));
  await rename("hidden", "account")();
  expect(await verify(account)).toMatchObject({ valid: true, entries: 3 });
  await runDurableObjectAlarm(objectOf(account));
  expect(await verify(account)).toMatchObject({ valid: true, entries: 0 });
});

it("lets go of nothing that was changed before its time was over, nor of what only a column makes old", async () => {
  const changed = await aged(4);
  await tamper(changed, `UPDATE audit_entry SET text = json_set(text, ${QUOTED}) WHERE seq = 2`);
  await keyOf(changed);
  await runDurableObjectAlarm(objectOf(changed));
  expect(await verify(changed)).toMatchObject({ valid: false, entries: 6, wrong: { seq: 2 } });
  const young = await logged(2);
  await tamper(young, "UPDATE audit_entry SET at_ms = 0");
  await runDurableObjectAlarm(objectOf(young));
  expect(await verify(young)).toMatchObject({ valid: true, entries: 4 });
});
