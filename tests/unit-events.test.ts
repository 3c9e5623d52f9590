import { beforeEach, describe, expect, it } from "vitest";
import { retractUnit } from "#domain/units/revise.ts";
import { indexUnits } from "#domain/units/index-units.ts";
import { verifyUnits } from "#domain/units/verify.ts";
import { type Told, told, untilTold } from "./event-sources.ts";
import { newAccount, type TestAccount } from "./helpers.ts";
import { notesAbout, patch, publish, until } from "./knowledge.ts";
import { deliver, publishUnsent, unsent, waiting } from "./pipeline.ts";

let account: TestAccount;
let note: ReturnType<typeof notesAbout>;
let tests = 0;
beforeEach(async () => {
  account = await newAccount();
  note = notesAbout(`vrn${(++tests).toString(36)}quokka`);
});

const typesOf = (events: Told[]) => events.map(({ type }) => type);
const FOUND = ["unit.published", "unit.verified", "unit.searchable"];
/** As if the process had ended right before it told anybody. */
const cutOff = () => {
  const ports = unsent();
  return { ...ports, hand: { ...ports.hand, tell: async () => {} } };
};

describe("unit.events tells of a unit", () => {
  it("how it is published, verified and found, replaced and retracted", async () => {
    const unit = await publish(account, note("First"));
    await untilTold(account, "unit.events", unit.id, FOUND);
    const later = await patch(account, unit, { title: "Another quokka" });
    await until(account, unit.id, "searchable");
    const both = [
      ...FOUND,
      "unit.published",
      "unit.verified",
      "unit.superseded",
      "unit.searchable",
    ];
    const events = await untilTold(account, "unit.events", unit.id, both);
    const versions = events.map(({ data }) => data["version"]);
    expect(versions).toEqual([1, 1, 1, 2, 2, 1, 2]);
    expect(events.at(-1)?.data).toMatchObject({
      unitId: unit.id,
      status: "searchable",
      level: "L3",
    });
    await account.call("DELETE", `/v1/units/${later.id}`);
    await untilTold(account, "unit.events", unit.id, [...both, "unit.retracted"]);
  });

  it("that is rejected, and of a private one no content id", async () => {
    const first = await publish(account, note("Same"));
    const open = await publish(account, { ...note("Open"), visibility: "public" });
    await untilTold(account, "unit.events", first.id, FOUND);
    const [published] = await untilTold(account, "unit.events", open.id, FOUND);
    expect(published?.data).toMatchObject({ visibility: "public", cid: open.cid });
    const again = await publish(account, note("Same"));
    await untilTold(account, "unit.events", again.id, ["unit.published", "unit.rejected"]);
    const texts = JSON.stringify((await told(account, "unit.events")).filter(isPrivate));
    for (const secret of [first.cid, again.cid, first.title, account.principal.principalId])
      expect(texts).not.toContain(secret);
  });
  const isPrivate = ({ data }: Told) => data["visibility"] === "private";
});

describe("cut off before it was told, it is told once", () => {
  it("of what was published and verified", async () => {
    const ref = await publishUnsent(account, note("Verified"));
    await verifyUnits(cutOff(), [ref], Date.now());
    expect(await told(account, "unit.events")).toEqual([]);
    await deliver("unit-verify", [ref]);
    await deliver("unit-verify", [ref]);
    expect(typesOf(await told(account, "unit.events"))).toEqual([
      "unit.published",
      "unit.verified",
    ]);
  });

  it("of what can be found", async () => {
    const ref = await publishUnsent(account, note("Found"));
    await verifyUnits(unsent(), [ref], Date.now());
    await indexUnits(cutOff(), [ref], Date.now());
    expect(await waiting(ref.unitId)).toHaveLength(1);
    await deliver("unit-index", [ref]);
    await deliver("unit-index", [ref]);
    expect(typesOf(await told(account, "unit.events"))).toEqual(FOUND);
    expect(await waiting(ref.unitId)).toEqual([]);
  });

  it("of what was retracted, though nobody had come to verifying it", async () => {
    const ref = await publishUnsent(account, note("Retracted"));
    const retracting = { unitId: ref.unitId, expectedVersion: null };
    await retractUnit(cutOff(), account.principal, retracting, Date.now());
    await deliver("unit-verify", [ref]);
    await deliver("unit-index", [ref]);
    const types = typesOf(await told(account, "unit.events"));
    expect(types).toEqual(["unit.published", "unit.retracted"]);
  });
});
