import { describe, expect, it } from "vitest";
import type { JobView, SourcePage } from "#domain/jobs/protocol.ts";
import { bytesOf } from "#domain/shared/bytes.ts";
import { call, newAccount } from "./helpers.ts";
import { bearer, newOwnerEachTime, owner, RERANK, working } from "./job-desk.ts";
import { publish, searchable, until } from "./knowledge.ts";

newOwnerEachTime();

describe("the collection of a job", () => {
  const read = async ({ ticket }: JobView, after?: string | null) => {
    const path = `/jobs/source${after ? `?after=${encodeURIComponent(after)}` : ""}`;
    return await call("GET", path, { headers: bearer(ticket) });
  };
  const CLUSTER = { type: "kmeans", input: { collection: "private" } };

  it("is read as vectors of length 1, of its own account's units alone", async () => {
    const other = await newAccount();
    await searchable(other, { title: "Theirs", body: "Nobody else may read this." });
    const units = await Promise.all(
      ["tides", "otters", "engines"].map((what) =>
        publish(owner, { title: what, body: `A private note on ${what}.` }),
      ),
    );
    for (const { id } of units) await until(owner, id, "searchable");
    const { job } = await working(CLUSTER);
    const page = await (await read(job)).json<SourcePage>();
    expect(page.next).toBeNull();
    expect(page.units.map(({ unitId }) => unitId).toSorted()).toEqual(
      units.map(({ id }) => id).toSorted(),
    );
    for (const { vector = "", text } of page.units) {
      const values = new Float32Array(bytesOf(vector).buffer);
      expect(values.length).toBe(page.dimensions);
      expect(Math.hypot(...values)).toBeCloseTo(1, 4);
      expect(text).toBeUndefined();
    }
  });

  it("is read as texts where the job is to embed it anew", async () => {
    await searchable(owner, { title: "Otters", body: "They hold hands while they sleep." });
    const { job } = await working({ type: "reembed", input: { collection: "private" } });
    const { units } = await (await read(job)).json<SourcePage>();
    expect(units).toMatchObject([{ text: expect.stringContaining("hold hands") }]);
    expect(units[0]?.vector).toBeUndefined();
  });

  it("is empty where nothing was published, and not there for a job that reads none", async () => {
    const { job } = await working(CLUSTER);
    const page = await (await read(job)).json<SourcePage>();
    expect(page).toMatchObject({ units: [], next: null });
    const { job: other } = await working(RERANK);
    expect((await read(other)).status).toBe(404);
  });

  it("goes on only from where a page ended, in the collection it is of", async () => {
    const { job } = await working(CLUSTER);
    for (const odd of ["x", "e30", btoa('{"space":1}')])
      expect((await read(job, odd)).status).toBe(400);
    const foreign = btoa(JSON.stringify({ space: "s@1", leaf: "public|s@1", slot: -1 }));
    expect(await (await read(job, foreign)).json()).toMatchObject({ units: [] });
  });
});
