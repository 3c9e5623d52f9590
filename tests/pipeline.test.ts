import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { services } from "#adapters/index.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";
import type { UnitRef } from "#domain/units/publish.ts";
import { retractUnit, reviseUnit } from "#domain/units/revise.ts";
import { verifyUnits } from "#domain/units/verify.ts";
import { Relay } from "#objects/relay.ts";
import { newAccount, type TestAccount } from "./helpers.ts";
import { evidence, found, notesAbout, publish, read, searchable, until } from "./knowledge.ts";
import { deliver, publishUnsent, shardOf, unsent, waiting } from "./pipeline.ts";

let account: TestAccount;
let other: TestAccount;
let word: string;
let note: ReturnType<typeof notesAbout>;
let tests = 0;
beforeEach(async () => {
  [account, other] = [await newAccount(), await newAccount()];
  word = `zyt${(++tests).toString(36)}quokka`;
  note = notesAbout(word);
});

describe("a relay", () => {
  it("sends again what a queue lost, and sleeps once nothing is left", async () => {
    const refs = [
      await publishUnsent(account, note("One")),
      await publishUnsent(account, note("Two")),
    ];
    for (const { unitId } of refs) {
      await shardOf(unitId).prepare("UPDATE outbox SET due_at_ms = 0").run();
      const shard = unitId.startsWith("u0_") ? "UNITS_0" : "UNITS_1";
      const relay = env.RELAY.getByName(shard);
      await relay.arm(shard);
      expect(await runDurableObjectAlarm(relay)).toBe(true);
      await until(account, unitId, "searchable");
    }
    await vi.waitFor(async () => expect(await waiting()).toEqual([]), { timeout: 10_000 });
    const relay = env.RELAY.getByName("UNITS_0");
    await relay.arm("UNITS_0");
    const alarmAfterALook = async () => {
      await runDurableObjectAlarm(relay);
      return await runInDurableObject(relay, (_: Relay, { storage }) => storage.getAlarm());
    };
    // Somebody was promised that it stays awake.
    expect(await alarmAfterALook()).not.toBeNull();
    await runInDurableObject(relay, (_: Relay, { storage }) => storage.kv.put("armedUntilMs", 0));
    await evictDurableObject(relay);
    expect(await alarmAfterALook()).toBeNull();
  });

  it("stays awake while work is waiting", async () => {
    const ref = await publishUnsent(account, note("Waits"));
    const shard = ref.unitId.startsWith("u0_") ? "UNITS_0" : "UNITS_1";
    const relay = env.RELAY.getByName(shard);
    await relay.arm(shard);
    await runInDurableObject(relay, (_: Relay, { storage }) => storage.kv.put("armedUntilMs", 0));
    await runDurableObjectAlarm(relay);
    expect(
      await runInDurableObject(relay, (_: Relay, { storage }) => storage.getAlarm()),
    ).not.toBeNull();
    await deliver("unit-verify", [ref]);
    await until(account, ref.unitId, "searchable");
  });
});

describe("a message", () => {
  it("delivered twice, alone or in one batch, does its work once", async () => {
    const ref = await publishUnsent(account, note("Twice"));
    await deliver("unit-verify", [ref, ref]);
    await until(account, ref.unitId, "searchable");
    const before = [await read(account, ref.unitId), await evidence(account, ref.unitId)];
    expect(await deliver("unit-verify", [ref])).toEqual({ done: [0], again: [] });
    expect(await deliver("unit-index", [ref, ref])).toEqual({ done: [0, 1], again: [] });
    const { updatedAt: _, ...unit } = await read(account, ref.unitId);
    expect(before[0]).toMatchObject(unit);
    expect((await evidence(account, ref.unitId)).level).toBe("L3");
    expect(await found(account, word)).toEqual([`${ref.unitId}@1`]);
    expect(await waiting(ref.unitId)).toEqual([]);
  });

  it("for a unit verified by an earlier release reads its rows of evidence, and leaves it whole", async () => {
    const { id } = await searchable(account, note("Earlier"));
    const before = await evidence(account, id);
    expect(before.checks).toHaveLength(9);
    const db = shardOf(id);
    await db.batch([
      db
        .prepare(`INSERT INTO evidence SELECT unit_id, version, value->>0, value->>1, value->>2, value->>3, value->>4, value->>5
        FROM unit_version, json_each(evidence) WHERE unit_id = ?`)
        .bind(id),
      db.prepare("UPDATE unit_version SET evidence = NULL WHERE unit_id = ?").bind(id),
    ]);
    expect(await evidence(account, id)).toEqual(before);
    await deliver("unit-index", [{ unitId: id, version: 1 }]);
    await db.prepare("DELETE FROM evidence WHERE unit_id = ?").bind(id).run();
    const withoutTimes = ({ checks }: typeof before) =>
      checks.map((check) => ({ ...check, at: "" }));
    expect(withoutTimes(await evidence(account, id))).toEqual(withoutTimes(before));
  });

  it("that comes before its turn, or for a version replaced since, does nothing and loses nothing", async () => {
    const first = await publishUnsent(account, note("Order"));
    await deliver("unit-index", [first]);
    expect((await read(account, first.unitId)).status).toBe("pending");
    expect(await waiting(first.unitId)).toEqual([{ queue: "unit-verify", ...first }]);
    await deliver("unit-verify", [first]);
    await until(account, first.unitId, "searchable");

    const change = {
      unitId: first.unitId,
      expectedVersion: 1,
      patch: { title: `Later ${word}` },
      operationId: "later",
    };
    await reviseUnit(unsent(), account.principal, change, Date.now());
    const second = { ...first, version: 2 };
    await deliver("unit-verify", [second, first]);
    await until(account, first.unitId, "searchable");
    await deliver("unit-index", [first, second, first]);
    expect(await found(account, word)).toEqual([`${first.unitId}@2`]);
    expect((await read(account, first.unitId, 1)).status).toBe("superseded");
  });

  it("that is malformed, or names nothing that is there, is done with", async () => {
    const bodies = [
      null,
      "u",
      { unitId: 7 },
      { unitId: "u0_none", version: 1 },
      { unitId: "u1_00000000000000000000000000", version: 1 },
    ];
    for (const queue of ["unit-verify", "unit-index", "dead-letters"] as const)
      expect(await deliver(queue, bodies)).toEqual({ done: [0, 1, 2, 3, 4], again: [] });
  });

  it("beside others with the same content keeps the one published first, whatever order they come in", async () => {
    const nowMs = Date.now();
    const refs: UnitRef[] = [];
    for (let i = 0; i < 6; i++) refs.push(await publishUnsent(account, note("Equal"), nowMs + i));
    await deliver("unit-verify", refs.toReversed());
    const [first, ...later] = refs;
    await until(account, first?.unitId ?? "", "searchable");
    for (const { unitId } of later) {
      await until(account, unitId, "rejected");
      expect(JSON.stringify(await evidence(account, unitId))).toContain(first?.unitId);
    }
  });

  it("in a batch with a unit of very many versions is not lost", async () => {
    const [many, one] = [
      await publishUnsent(account, note("Many")),
      await publishUnsent(account, note("One")),
    ];
    await shardOf(many.unitId)
      .prepare(
        `INSERT INTO unit_version SELECT unit_id, n, cid, content_key, visibility, content, salt, vector, 'rejected',
           level, principal_id, NULL, created_at_ms + 1, updated_at_ms, NULL FROM unit_version,
           (WITH RECURSIVE up (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM up WHERE n < 700) SELECT n FROM up)
         WHERE unit_id = ?`,
      )
      .bind(many.unitId)
      .run();
    await deliver("unit-verify", [many, one]);
    await until(account, one.unitId, "searchable");
    await vi.waitFor(async () =>
      expect((await read(account, many.unitId, 1)).status).toBe("searchable"),
    );
    const linked = note("Linked", {
      links: [
        { rel: "cites", unitId: many.unitId },
        { rel: "cites", unitId: one.unitId },
      ],
    });
    await publish(account, linked);
  });
});

describe("a unit that comes with its vector", () => {
  const withVector = async (title: string) => {
    const space = await services(env).spaces.spaceOf(account.principal.accountId);
    const vector = Array.from({ length: space.dimensions }, (_, i) => Math.sin(i * i + tests));
    return note(title, { vector, space: space.id });
  };

  it("is searchable once its rules have passed, and waits for no other queue", async () => {
    const ref = await publishUnsent(account, await withVector("Given"));
    await deliver("unit-verify", [ref, ref]);
    expect(await read(account, ref.unitId)).toMatchObject({ status: "searchable", level: "L3" });
    expect(await waiting(ref.unitId)).toEqual([]);
    expect(await found(account, word)).toEqual([`${ref.unitId}@1`]);
    const { checks } = await evidence(account, ref.unitId);
    expect(checks.map(({ method }) => method)).toContain("near-duplicate");
  });

  it("leaves search again when it is revised, or retracted, between its indexing and its record", async () => {
    const ports = unsent();
    const between = (change: () => Promise<unknown>) => ({
      ...ports,
      search: {
        ...ports.search,
        admit: async (...asked: Parameters<typeof ports.search.admit>) => {
          const admitted = await ports.search.admit(...asked);
          await change();
          return admitted;
        },
      },
    });
    const revised = await publishUnsent(account, await withVector("Revised"));
    const change = {
      unitId: revised.unitId,
      expectedVersion: 1,
      patch: { title: `Later ${word}` },
      operationId: "later",
    };
    const nowMs = Date.now();
    const revise = () => reviseUnit(ports, account.principal, change, nowMs);
    await verifyUnits(between(revise), [revised], nowMs);
    expect((await read(account, revised.unitId, 1)).status).toBe("superseded");
    expect(await waiting(revised.unitId)).toContainEqual({ queue: "unit-index", ...revised });
    await deliver("unit-index", [revised]);
    expect(await found(account, word)).toEqual([]);
    await deliver("unit-verify", [{ ...revised, version: 2 }]);
    await until(account, revised.unitId, "searchable");
    expect(await found(account, word)).toEqual([`${revised.unitId}@2`]);

    const gone = await publishUnsent(account, await withVector("Gone"));
    const asked = { unitId: gone.unitId, expectedVersion: null };
    const retract = () => retractUnit(ports, account.principal, asked, nowMs);
    await verifyUnits(between(retract), [gone], nowMs);
    expect((await read(account, gone.unitId)).status).toBe("retracted");
    expect(await found(account, word)).toEqual([`${revised.unitId}@2`]);
  });
});

describe("a message that fails every time", () => {
  it("takes none of its batch with it, becomes its owner's dead letter, and works once redriven", async () => {
    const refs = await Promise.all(
      ["A", "B", "C"].map((title) => publishUnsent(account, note(title))),
    );
    const poison = refs[1];
    if (poison === undefined) throw new Error("there are three");
    const shard = shardOf(poison.unitId);
    const row = await shard
      .prepare("SELECT content FROM unit_version WHERE unit_id = ?")
      .bind(poison.unitId)
      .first<{ content: string }>();
    const setContent = (content: string | undefined) =>
      shard
        .prepare("UPDATE unit_version SET content = ? WHERE unit_id = ?")
        .bind(content, poison.unitId)
        .run();
    await setContent("{ torn");

    expect(await deliver("unit-verify", refs)).toEqual({ done: [0, 2], again: [1] });
    for (const ref of refs) if (ref !== poison) await until(account, ref.unitId, "searchable");
    await deliver("dead-letters", [poison]);
    await deliver("dead-letters", [poison]);
    expect(await waiting(poison.unitId)).toEqual([]);

    const letters = async (of: TestAccount) =>
      (await (await of.call("GET", "/v1/dead-letters")).json<{ items: object[] }>()).items;
    expect(await letters(account)).toMatchObject([{ queue: "unit-verify", ...poison }]);
    expect(await letters(other)).toEqual([]);
    const redrive = async (of: TestAccount) => {
      const response = await of.call("POST", "/v1/dead-letters/redrive");
      return [response.status, await response.json()];
    };
    expect(await redrive(other)).toEqual([202, { redriven: 0 }]);
    expect(await letters(account)).toHaveLength(1);
    await setContent(row?.content);
    expect(await redrive(account)).toEqual([202, { redriven: 1 }]);
    await until(account, poison.unitId, "searchable");
    expect(await letters(account)).toEqual([]);
    expect(await redrive(account)).toEqual([202, { redriven: 0 }]);
  });
});

describe("a search shard", () => {
  it("finds, and refuses duplicates, as before after it was evicted", async () => {
    const unit = await searchable(account, note("Evicted"));
    const gone = await searchable(account, note("Gone"));
    await account.call("DELETE", `/v1/units/${gone.id}`);
    const space = (await services(env).spaces.spaceOf(account.accountId)).id;
    const shard = env.SEARCH_SHARD.getByName(rootOf({ owner: account.accountId, space }).name);
    await evictDurableObject(shard);
    for (const mode of ["lexical", "semantic", "hybrid"])
      expect(await found(account, `Evicted ${word}`, mode)).toEqual([`${unit.id}@1`]);
    await evictDurableObject(shard);
    await until(account, (await publish(account, note("Evicted"))).id, "rejected");
  });
});
