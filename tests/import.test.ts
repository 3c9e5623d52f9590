import { beforeEach, describe, expect, it } from "vitest";
import { LIMITS } from "#domain/shared/limits.ts";
import type { UnitView } from "#domain/units/model.ts";
import { newAccount, type TestAccount } from "./helpers.ts";
import { found, patch, publish, read, SECRET, until } from "./knowledge.ts";

type Imported = {
  line: number;
  id?: string;
  cid?: string;
  status?: string;
  error?: { code: string; status: number; errors?: { pointer: string }[] };
};

let account: TestAccount;
let word: string;
let tests = 0;
beforeEach(async () => {
  account = await newAccount();
  word = `zyu${(++tests).toString(36)}quokka`;
});

const lineOf = (number: number, more: object = {}) =>
  JSON.stringify({ title: `Line ${number}`, body: `What line ${number} says.`, ...more });

async function send(
  body: string | Uint8Array | ReadableStream<Uint8Array>,
  { query = "", key }: { query?: string; key?: string } = {},
): Promise<Imported[]> {
  const headers = {
    "Content-Type": "application/x-ndjson",
    ...(key !== undefined && { "Idempotency-Key": key }),
  };
  const response = await account.call("POST", `/v1/units/import${query}`, { body, headers });
  expect(response.status).toBe(200);
  return linesIn(new TextDecoder().decode(await response.bytes()));
}

const linesIn = (text: string): Imported[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Imported);

async function all(of: TestAccount): Promise<UnitView[]> {
  const units: UnitView[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const page: { items: UnitView[]; nextCursor: string | null } = await (
      await of.call("GET", `/v1/units?limit=100${query}`)
    ).json();
    units.push(...page.items);
    cursor = page.nextCursor;
  }
  return units;
}

async function exported(of: TestAccount): Promise<Record<string, unknown>[]> {
  const response = await of.call("GET", "/v1/units/export");
  expect(response.headers.get("Content-Type")).toBe("application/x-ndjson");
  return linesIn(new TextDecoder().decode(await response.bytes())) as unknown as Record<
    string,
    unknown
  >[];
}

describe("an import", () => {
  it("reports the bad line 500 of 1,000 by its number and publishes all others, in order", async () => {
    const lines = Array.from({ length: 1_000 }, (_, i) => lineOf(i + 1));
    lines[499] = '{"title": "broken';
    const answers = await send(lines.join("\n"));
    expect(answers.map(({ line }) => line)).toEqual(lines.map((_, i) => i + 1));
    const bad = answers.filter(({ error }) => error !== undefined);
    expect(bad.map(({ line, error }) => [line, error?.code, error?.status])).toEqual([
      [500, "invalid-request", 400],
    ]);
    const units = await all(account);
    expect(units.length).toBe(999);
    const byId = new Map(units.map(({ id, title }) => [id, title]));
    for (const { line, id } of answers)
      if (line !== 500) expect(byId.get(id ?? "")).toBe(`Line ${line}`);
  });

  it("says of every kind of bad line what is wrong with it, and where", async () => {
    const lines: [string | Uint8Array, string | undefined, string | undefined][] = [
      [lineOf(1), undefined, undefined],
      ["[]", "invalid-request", ""],
      ["null", "invalid-request", ""],
      [lineOf(4, { colour: "red" }), "invalid-request", "/colour"],
      [lineOf(5, { tags: ["a".repeat(10_000)] }), "invalid-request", "/tags/0"],
      [lineOf(6, { title: "\0" }), "invalid-request", "/title"],
      ['{"title":"\\ud800","body":"x"}', "invalid-request", "/title"],
      [`${"[".repeat(100_000)}`, "invalid-request", ""],
      [Uint8Array.from([123, 255, 125]), "invalid-request", ""],
      [lineOf(10, { body: "a".repeat(LIMITS.importLineBytesMax) }), "body-too-large", undefined],
      [
        lineOf(11, { links: [{ rel: "cites", unitId: "u0_nobody" }] }),
        "invalid-request",
        "/links/0/unitId",
      ],
      [lineOf(12, { vector: [1], space: "nowhere" }), "invalid-request", "/space"],
      [`${lineOf(13)}\r`, undefined, undefined],
    ];
    const body = new Blob(lines.flatMap(([line]) => [line, "\n"]));
    const answers = await send(body.stream());
    expect(answers.map(({ line, error }) => [line, error?.code])).toEqual(
      lines.map(([, code], i) => [i + 1, code]),
    );
    expect(answers.map(({ error }) => error?.errors?.[0]?.pointer)).toEqual(
      lines.map(([, , pointer]) => pointer),
    );
    expect((await all(account)).length).toBe(2);
  });

  it("counts blank lines, and begins to count where it is told", async () => {
    const body = `\n${lineOf(1)}\n  \n\n${lineOf(2)}`;
    expect((await send(body)).map(({ line }) => line)).toEqual([2, 5]);
    const again = await send(body.replaceAll("line", "row"), { query: "?fromLine=1001" });
    expect(again.map(({ line }) => line)).toEqual([1_002, 1_005]);
    for (const query of ["?fromLine=0", "?fromLine=x", "?from=1"])
      expect(
        (
          await account.call("POST", `/v1/units/import${query}`, {
            body,
            headers: { "Content-Type": "application/x-ndjson" },
          })
        ).status,
      ).toBe(400);
  });

  it("of nothing answers nothing", async () => {
    for (const body of ["", "\n\n \n"]) expect(await send(body)).toEqual([]);
  });

  it("takes units as large as they may be, many at once", async () => {
    const body = "知".repeat(LIMITS.unitBodyCharsMax);
    const lines = Array.from({ length: 40 }, (_, i) => lineOf(i, { body: `${i}${body.slice(8)}` }));
    const answers = await send(lines.join("\n"));
    expect(answers.filter(({ id }) => id !== undefined).length).toBe(40);
    for (const { id } of answers) await account.call("DELETE", `/v1/units/${id}`);
  });

  it("publishes what passes the rules and rejects what does not, line by line", async () => {
    const answers = await send(
      [
        lineOf(1, { body: `${word} is fine.` }),
        lineOf(2, { body: `${word}: ${SECRET}` }),
        lineOf(3, { body: `${word} is fine as well.` }),
        lineOf(1, { body: `${word} is fine.` }),
      ].join("\n"),
    );
    const [one, two, three, four] = answers.map(({ id }) => id ?? "");
    await until(account, three ?? "", "searchable");
    await until(account, two ?? "", "rejected");
    const equal = [one ?? "", four ?? ""];
    const kept = await Promise.any(equal.map((id) => until(account, id, "searchable")));
    await until(account, equal.find((id) => id !== kept.id) ?? "", "rejected");
    expect(new Set(await found(account, word))).toEqual(new Set([`${kept.id}@1`, `${three}@1`]));
  });
});

describe("an import sent again with its Idempotency-Key", () => {
  const lines = Array.from({ length: 150 }, (_, i) => lineOf(i + 1));

  it("publishes nothing twice and gives the same ids", async () => {
    const first = await send(lines.slice(0, 60).join("\n"), { key: "job" });
    const [whole, beside] = await Promise.all([
      send(lines.join("\n"), { key: "job" }),
      send(lines.join("\n"), { key: "job" }),
    ]);
    const ids = (answers: Imported[]) => answers.map(({ line, id, cid }) => [line, id, cid]);
    expect(ids(whole).slice(0, 60)).toEqual(ids(first));
    expect(ids(beside)).toEqual(ids(whole));
    expect((await all(account)).length).toBe(150);
  });

  it("can resume in the middle by fromLine", async () => {
    const first = await send(lines.slice(0, 100).join("\n"), { key: "job" });
    const rest = await send(lines.slice(50).join("\n"), { key: "job", query: "?fromLine=51" });
    expect(rest.map(({ line }) => line)).toEqual(lines.slice(50).map((_, i) => i + 51));
    expect(rest.slice(0, 50).map(({ id }) => id)).toEqual(first.slice(50).map(({ id }) => id));
    expect((await all(account)).length).toBe(150);
  });

  it("and another body says so on each line that differs", async () => {
    const first = await send([lineOf(1), lineOf(2)].join("\n"), { key: "job" });
    const other = await send([lineOf(1), lineOf(3)].join("\n"), { key: "job" });
    expect(other[0]).toMatchObject({ line: 1, id: first[0]?.id });
    expect(other[1]).toMatchObject({
      line: 2,
      error: { code: "idempotency-conflict", status: 409 },
    });
    expect((await all(account)).map(({ title }) => title).toSorted()).toEqual(["Line 1", "Line 2"]);
  });

  it("knows a unit that was changed or retracted since", async () => {
    const [one, two] = await send([lineOf(1), lineOf(2)].join("\n"), { key: "job" });
    await patch(account, { id: one?.id ?? "", version: 1 }, { body: `Changed, ${word}.` });
    await account.call("DELETE", `/v1/units/${two?.id}`);
    const again = await send([lineOf(1), lineOf(2)].join("\n"), { key: "job" });
    expect(again.map(({ id }) => id)).toEqual([one?.id, two?.id]);
    expect((await read(account, one?.id ?? "")).version).toBe(2);
    expect((await read(account, two?.id ?? "")).status).toBe("retracted");
  });

  it("under another account, or without a key, is another import", async () => {
    const [mine] = await send(lineOf(1), { key: "job" });
    const mineAgain = await send(lineOf(1));
    account = await newAccount();
    const [theirs] = await send(lineOf(1), { key: "job" });
    expect(new Set([mine?.id, mineAgain[0]?.id, theirs?.id]).size).toBe(3);
  });
});

describe("a client that goes away in the middle of an import", () => {
  it("finds everything published that was acknowledged to it", async () => {
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    const pending = account.call("POST", "/v1/units/import", {
      body: readable,
      headers: { "Content-Type": "application/x-ndjson" },
    });
    const text = Array.from({ length: 20 }, (_, i) => lineOf(i, { tags: [word] })).join("\n");
    void writer.write(new TextEncoder().encode(`${text}\n`)).catch(() => {});
    const response = await pending;
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let read = "";
    while (!read.includes("\n")) read += (await reader?.read())?.value ?? "";
    await reader?.cancel();
    await writer.abort(new Error("gone")).catch(() => {});
    const acknowledged = linesIn(read.slice(0, read.lastIndexOf("\n")));
    expect(acknowledged.length).toBeGreaterThan(0);
    for (const { id } of acknowledged) await until(account, id ?? "", "searchable");
  });
});

describe("an export", () => {
  it("gives back what an import took, and another account can import it again", async () => {
    const full = {
      title: "Full",
      body: 'All of it: 数学, \u2028 and "quotes".',
      kind: "fact",
      language: "de",
      tags: ["a", "b"],
      sources: [{ url: "https://example.org/a" }, { doi: "10.1000/182", title: "T", quote: "Q" }],
      appliesTo: [{ subject: "hono", versions: ">=4 <5", from: "2026-01-01T00:00:00Z" }],
      visibility: "private",
    };
    const lines = [...Array.from({ length: 120 }, (_, i) => lineOf(i)), JSON.stringify(full)];
    await send(lines.join("\n"));
    const out = await exported(account);
    expect(out.find(({ title }) => title === "Full")).toEqual({ ...full, links: [] });
    expect(out.length).toBe(121);
    account = await newAccount();
    const answers = await send(out.map((unit) => JSON.stringify(unit)).join("\n"));
    expect(answers.every(({ id }) => id !== undefined)).toBe(true);
    const sorted = (units: object[]) => units.map((unit) => JSON.stringify(unit)).toSorted();
    expect(sorted(await exported(account))).toEqual(sorted(out));
  });

  it("gives the served version of a unit whose newest one was rejected", async () => {
    const unit = await publish(account, { title: "Kept", body: `Kept, ${word}.` });
    await until(account, unit.id, "searchable");
    await patch(account, unit, { body: SECRET });
    await until(account, unit.id, "rejected");
    expect(await exported(account)).toMatchObject([{ title: "Kept", body: `Kept, ${word}.` }]);
  });

  it("leaves out what is rejected or retracted, and never another account's units", async () => {
    const other = await newAccount();
    await publish(other, { title: "Theirs", body: "Theirs.", visibility: "public" });
    const gone = await publish(account, { title: "Gone", body: `Gone ${word}.` });
    await account.call("DELETE", `/v1/units/${gone.id}`);
    const bad = await publish(account, { title: "Bad", body: SECRET });
    await until(account, bad.id, "rejected");
    await publish(account, { title: "Good", body: `Good ${word}.` });
    expect((await exported(account)).map(({ title }) => title)).toEqual(["Good"]);
  });
});
