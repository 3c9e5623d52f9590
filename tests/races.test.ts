import { beforeEach, describe, expect, it } from "vitest";
import { services } from "#adapters/index.ts";
import { indexUnits } from "#domain/units/index-units.ts";
import { retractUnit, reviseUnit } from "#domain/units/revise.ts";
import { verifyUnits } from "#domain/units/verify.ts";
import { env } from "cloudflare:workers";
import { newAccount, type TestAccount } from "./helpers.ts";
import { found, notesAbout, read, searchable, SECRET, until } from "./knowledge.ts";
import { deliver, publishUnsent, unsent, waiting } from "./pipeline.ts";

let account: TestAccount;
let other: TestAccount;
let word: string;
let note: ReturnType<typeof notesAbout>;
let tests = 0;
beforeEach(async () => {
  [account, other] = [await newAccount(), await newAccount()];
  word = `zys${(++tests).toString(36)}quokka`;
  note = notesAbout(word);
});

describe("cut off in the middle,", () => {
  const cut = () => ({
    ...unsent(),
    search: { ...services(env).search, remove: () => Promise.reject(new Error("killed here")) },
  });

  it("a retraction is finished by its message", async () => {
    const unit = await searchable(account, note("Retracted", { visibility: "public" }));
    const asked = { unitId: unit.id, expectedVersion: null };
    await expect(retractUnit(cut(), account.principal, asked, Date.now())).rejects.toThrow(
      "killed",
    );
    const [ref] = await waiting(unit.id);
    expect(ref?.queue).toBe("unit-index");
    await deliver("unit-index", [ref]);
    expect([await found(account, word), await found(other, word)]).toEqual([[], []]);
    expect(await waiting(unit.id)).toEqual([]);
  });

  it("a change to private leaves the public search by its message, even when it is rejected", async () => {
    const unit = await searchable(account, note("Withdrawn", { visibility: "public" }));
    const change = {
      unitId: unit.id,
      expectedVersion: 1,
      patch: { visibility: "private" as const, body: SECRET },
      operationId: "withdraw",
    };
    await expect(reviseUnit(cut(), account.principal, change, Date.now())).rejects.toThrow(
      "killed",
    );
    await deliver("unit-verify", [{ unitId: unit.id, version: 2 }]);
    expect(await found(other, word)).toEqual([]);
    // This isolate did not change it, and hears of it with the shard's changes.
    await until(account, unit.id, "rejected");
  });
});

describe("a unit that is changed", () => {
  const ports = () => unsent();
  const revise = (unitId: string, patch: object, operationId: string = crypto.randomUUID()) => {
    const change = { unitId, expectedVersion: 1, patch, operationId };
    return reviseUnit(ports(), account.principal, change, Date.now());
  };

  it("under a key is changed once, though the first attempt was cut off before it could answer", async () => {
    const first = await publishUnsent(account, note("Once"));
    const made = await revise(first.unitId, { title: `Twice ${word}` }, "same operation");
    const repeated = await revise(first.unitId, { title: `Twice ${word}` }, "same operation");
    expect(made).toMatchObject({ ok: true, value: { version: { version: 2 } } });
    expect(repeated).toMatchObject({ ok: true, value: { version: { version: 2 } } });
    const other = await revise(first.unitId, { title: `Thrice ${word}` });
    expect(other).toMatchObject({ ok: false, error: { code: "version-stale" } });
  });

  it("while its rules run gives the replaced content back", async () => {
    const ref = await publishUnsent(account, note("Replaced"));
    const units = {
      ...ports().units,
      recordVerified: async (
        ...verified: Parameters<ReturnType<typeof ports>["units"]["recordVerified"]>
      ) => {
        await revise(ref.unitId, { body: SECRET });
        return await ports().units.recordVerified(...verified);
      },
    };
    await verifyUnits({ ...ports(), units }, [ref], Date.now());
    await deliver("unit-verify", [{ ...ref, version: 2 }]);
    await deliver("unit-index", [ref]);
    expect((await read(account, ref.unitId)).status).toBe("rejected");
    expect(await found(account, word)).toEqual([]);
    await searchable(account, note("Replaced"));
  });

  it("while it is indexed is served in the version that was verified, until the next one is", async () => {
    const ref = await publishUnsent(account, note("Indexed"));
    await verifyUnits(ports(), [ref], Date.now());
    const units = {
      ...ports().units,
      recordIndexed: async (
        ...indexed: Parameters<ReturnType<typeof ports>["units"]["recordIndexed"]>
      ) => {
        await revise(ref.unitId, { body: SECRET });
        return await ports().units.recordIndexed(...indexed);
      },
    };
    await indexUnits({ ...ports(), units }, [ref], Date.now());
    await deliver("unit-verify", [{ ...ref, version: 2 }]);
    expect((await read(account, ref.unitId)).status).toBe("rejected");
    expect(await found(account, word)).toEqual([`${ref.unitId}@1`]);
    expect((await read(account, ref.unitId, 1)).status).toBe("searchable");
  });

  it("to private while it is indexed is not found by others", async () => {
    const ref = await publishUnsent(account, note("Indexed", { visibility: "public" }));
    await verifyUnits(ports(), [ref], Date.now());
    const search = {
      ...ports().search,
      index: async (...asked: Parameters<ReturnType<typeof ports>["search"]["index"]>) => {
        await revise(ref.unitId, { visibility: "private", body: SECRET });
        await ports().search.index(...asked);
      },
    };
    await indexUnits({ ...ports(), search }, [ref], Date.now());
    await deliver("unit-verify", [{ ...ref, version: 2 }]);
    expect([await found(other, word), await found(account, word)]).toEqual([[], []]);
    expect((await other.call("GET", `/v1/units/${ref.unitId}`)).status).toBe(404);
  });
});

it("a unit that is retracted while it is indexed stays out of search", async () => {
  const ref = await publishUnsent(account, note("Retracted"));
  await verifyUnits(unsent(), [ref], Date.now());
  for (const order of ["before", "after"]) {
    const search = {
      ...unsent().search,
      index: async (...asked: Parameters<ReturnType<typeof unsent>["search"]["index"]>) => {
        if (order === "after") await unsent().search.index(...asked);
        await account.call("DELETE", `/v1/units/${ref.unitId}`);
        if (order === "before") await unsent().search.index(...asked);
      },
    };
    await indexUnits({ ...unsent(), search }, [ref], Date.now());
    expect(await found(account, word)).toEqual([]);
    expect((await read(account, ref.unitId)).status).toBe("retracted");
  }
  await searchable(account, note("Retracted"));
});
