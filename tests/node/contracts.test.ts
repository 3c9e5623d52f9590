import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { format } from "oxfmt";
import { type Exchange, type Known, played } from "./contract-play.ts";
import { breaches, shapeOf } from "./contract-shape.ts";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { ownerOf } from "./owner.ts";

// Requests that clients of version 1 make, and what they were answered when they were recorded: the product as
// `npm start` serves it must answer them so for as long as there is a /v1. WISHUB_CONTRACT=record fills in the answers
// that are missing, and changes none.

const FOLDER = join(import.meta.dirname, "..", "contracts", "v1");
const isRecording = process.env["WISHUB_CONTRACT"] === "record";

let state: ReturnType<typeof temporaryState>;
let product: Launched;
let apiKey: string;

beforeAll(async () => {
  state = temporaryState();
  product = launch({ state: state.path, port: await freePort() });
  await product.ready();
  ({ apiKey } = ownerOf(state.path));
}, 120_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  state.remove();
});

const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

describe.each(files)("%s", (file) => {
  const path = join(FOLDER, file);
  const exchanges = JSON.parse(readFileSync(path, "utf8")) as Exchange[];

  it("is answered as it was when it was recorded", async () => {
    const known: Known = new Map([
      ["owner", apiKey],
      ["origin", product.url],
    ]);
    const broken: Record<string, string[]> = {};
    for (const exchange of exchanges) {
      const { recorded, broken: found } = await played(product.url, exchange, known);
      if (found.length > 0) broken[exchange.name] = found;
      if (exchange.answer !== undefined) continue;
      if (isRecording) exchange.answer = recorded;
      else broken[exchange.name] = ["nothing is recorded: WISHUB_CONTRACT=record does"];
    }
    expect(broken).toEqual({});
    if (!isRecording) return;
    const { code } = await format(path, JSON.stringify(exchanges), { printWidth: 100 });
    writeFileSync(path, code);
  });

  it("names each of its exchanges once", () => {
    const names = exchanges.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("what breaks a contract", () => {
  const before = {
    id: "u0",
    end: null,
    items: [{ id: "a", note: "x" }, { id: "b" }],
    empty: [],
  };
  const shape = shapeOf(before, false);

  it("is a member that is gone or of another type, also in a list", () => {
    const { id: _, ...without } = before;
    expect(breaches(shape, without)).toEqual(["/id is gone"]);
    expect(breaches(shape, { ...before, id: 7 })).toEqual(["/id is number, not string"]);
    expect(breaches(shape, { ...before, id: null })).toEqual(["/id is null, not string"]);
    expect(breaches(shape, { ...before, items: [{ id: "a" }, {}] })).toEqual([
      "/items/1/id is gone",
    ]);
    expect(breaches(shape, { ...before, items: {} })).toEqual(["/items is no list any more"]);
    expect(breaches(shape, [])).toEqual([" is no object any more"]);
  });

  it("is not a new member, a value where there was none, or a longer list", () => {
    const after = {
      ...before,
      end: "now",
      more: 1,
      items: [...before.items, { id: "c", note: "z" }],
    };
    expect(breaches(shape, after)).toEqual([]);
    expect(breaches(shape, { ...before, empty: [1, "x"] })).toEqual([]);
  });

  it("is another code, status or pointer of a problem", () => {
    const problem = { code: "conflict", status: 409, title: "It conflicts" };
    const promised = shapeOf(problem, true);
    expect(breaches(promised, { ...problem, title: "It does" })).toEqual([]);
    expect(breaches(promised, { ...problem, code: "other" })).toEqual([
      "/code is other, not conflict",
    ]);
    expect(breaches(promised, { ...problem, status: 410 })).toEqual(["/status is 410, not 409"]);
    const both = shapeOf({ errors: [{ pointer: "/a" }, { pointer: "/b" }] }, true);
    expect(breaches(both, { errors: [{ pointer: "/b" }, { pointer: "/a" }] })).toEqual([]);
    expect(breaches(both, { errors: [{ pointer: "/c" }] })).toHaveLength(1);
  });
});
