import { beforeAll, describe, expect, it } from "vitest";
import { LIMITS } from "#domain/shared/limits.ts";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";

let account: TestAccount;
beforeAll(async () => {
  account = await newAccount();
});

const unit = { title: "Water boils at 100 °C", body: "At sea level, water boils at 100 °C." };
const publish = (body: BodyInit | object | undefined, headers: Record<string, string> = {}) =>
  account.call("POST", "/v1/units", { ...(body !== undefined && { body }), headers });

/** Text that says JSON, of any bytes. */
const text = (content: string) => new TextEncoder().encode(content);

describe.each<[string, BodyInit | object, string]>([
  ["an empty body", text(""), ""],
  ["malformed JSON", text('{"title": "x"'), ""],
  ["two JSON values", text('{"title": "x"} {}'), ""],
  ["a body that is not UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), ""],
  ["JSON nested 65 deep", text(`${"[".repeat(65)}${"]".repeat(65)}`), ""],
  ["an array", [], ""],
  ["null", text("null"), ""],
  ["a number", text("1e999"), ""],
  ["no fields", {}, "/title"],
  ["an unknown field", { ...unit, verified: true }, "/verified"],
  ["a field named __proto__", text('{"title":"a","body":"b","__proto__":{"x":1}}'), "/__proto__"],
  [
    "an unknown field deep inside",
    { ...unit, sources: [{ url: "https://a.example/", trust: 1 }] },
    "/sources/0/trust",
  ],
  ["a number for a title", { ...unit, title: 1 }, "/title"],
  ["an empty title", { ...unit, title: "" }, "/title"],
  [
    "a title one character too long",
    { ...unit, title: "x".repeat(LIMITS.titleCharsMax + 1) },
    "/title",
  ],
  [
    "a body one character too long",
    { ...unit, body: "x".repeat(LIMITS.unitBodyCharsMax + 1) },
    "/body",
  ],
  ["a tag of 10,000 characters", { ...unit, tags: ["x".repeat(10_000)] }, "/tags/0"],
  [
    "too many tags",
    { ...unit, tags: Array.from({ length: LIMITS.tagsMax + 1 }, (_, i) => `t${i}`) },
    "/tags",
  ],
  ["NUL in a title", { ...unit, title: "a\0b" }, "/title"],
  ["a lone surrogate in a body", text('{"title":"a","body":"\\ud83d"}'), "/body"],
  ["a lone surrogate in a field's name", text('{"title":"a","body":"b","\\udc00":1}'), ""],
  ["an unknown visibility", { ...unit, visibility: "secret" }, "/visibility"],
  ["a vector without its space", { ...unit, vector: [1] }, "/space"],
  ["a source that leads nowhere", { ...unit, sources: [{ quote: "x" }] }, "/sources/0"],
  [
    "an address that is none",
    { ...unit, sources: [{ url: "javascript:alert(1)" }] },
    "/sources/0/url",
  ],
  ["an unknown relation", { ...unit, links: [{ rel: "likes", unitId: "u0_x" }] }, "/links/0/rel"],
])("%s", (_, body, pointer) => {
  it("is refused with 400, saying where", async () => {
    const refused = await publish(body);
    expect(refused.status).toBe(400);
    const problem = await problemOf(refused);
    expect(problem.code).toBe("invalid-request");
    expect(problem.errors?.map((error) => error.pointer)).toContain(pointer);
  });
});

it("refuses JSON nested 5 million deep without being hurt by it", async () => {
  const deep = await account.call("POST", "/v1/units", { body: "[".repeat(1_000_000) });
  expect(deep.status).toBe(400);
  const deeper = await account.call("POST", "/v1/units", { body: "[".repeat(5_000_000) });
  expect(deeper.status).toBe(413);
  expect((await account.call("GET", "/v1/sessions/current")).status).toBe(200);
});

it("refuses a body of 10 MB, whether it says so or streams", async () => {
  const large = await publish(new Uint8Array(10_000_000).fill(32));
  expect(large.status).toBe(413);
  let sent = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent >= 10_000_000) return controller.close();
      sent += 65_536;
      controller.enqueue(new Uint8Array(65_536).fill(32));
    },
  });
  const streamed = await publish(stream);
  expect(streamed.status).toBe(413);
  expect((await problemOf(streamed)).code).toBe("body-too-large");
  expect(sent).toBeLessThan(5_000_000);
});

it("accepts a body of the largest size there is, and one streamed without its length", async () => {
  const longest = { ...unit, body: "知".repeat(LIMITS.unitBodyCharsMax) };
  expect((await publish(longest)).status).toBe(202);
  const bytes = text(JSON.stringify({ ...unit, title: "Streamed" }));
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
      controller.close();
    },
  });
  expect((await publish(stream)).status).toBe(202);
});

it.each([
  "text/plain",
  "application/xml",
  "application/json; charset=latin1",
  "multipart/form-data",
  "json",
  "",
])("refuses the media type %j", async (type) => {
  const refused = await publish(text(JSON.stringify(unit)), { "Content-Type": type });
  expect(refused.status).toBe(415);
});

it.each([
  "application/json",
  "application/json; charset=utf-8",
  'Application/JSON;charset="UTF-8"',
])("accepts the media type %s", async (type) => {
  const accepted = await publish(text(JSON.stringify({ ...unit, title: type })), {
    "Content-Type": type,
  });
  expect(accepted.status).toBe(202);
});

it("decides in the contract's order: credential, scope, media type, size, content", async () => {
  const { apiKey } = await account.key(["search"]);
  const large = new Uint8Array(2_000_000).fill(91);
  const wrong = { "Content-Type": "text/plain" };
  expect((await publish(large, { ...wrong, Authorization: "Bearer x" })).status).toBe(401);
  expect((await publish(large, { ...wrong, Authorization: `Bearer ${apiKey}` })).status).toBe(403);
  expect((await publish(large, wrong)).status).toBe(415);
  expect((await publish(large)).status).toBe(413);
  expect((await publish("[[")).status).toBe(400);
});

it("says 404 for ids that nobody ever made", async () => {
  for (const id of [
    "x",
    "u0_",
    "u9_00000000000000000000000000",
    "a".repeat(2_000),
    "%00",
    "%ff",
    "u0_%2e%2e",
    "..%2fkeys",
  ]) {
    expect((await account.call("GET", `/v1/units/${id}`)).status, id.slice(0, 40)).toBe(404);
  }
});

it("refuses unknown query parameters and ranges it cannot serve, clamping nothing", async () => {
  for (const query of [
    "limit=0",
    "limit=101",
    "limit=-1",
    "limit=",
    "limit=9e9",
    "status=lost",
    "page=2",
  ]) {
    const refused = await account.call("GET", `/v1/units?${query}`);
    expect(refused.status, query).toBe(400);
    expect((await problemOf(refused)).errors?.[0]?.pointer).toBe(`#/query/${query.split("=")[0]}`);
  }
});

it("says nothing of its inside in any refusal", async () => {
  const answers = await Promise.all([
    publish("{"),
    publish({ ...unit, x: 1 }),
    account.call("GET", "/v1/units/x"),
  ]);
  for (const answer of answers)
    expect(await answer.text()).not.toMatch(/at .*\.ts|SQLITE|D1_|zod|stack/i);
});
