import sharp from "sharp";
import { afterAll, expect, it } from "vitest";
import { checkedInput, checkedResult } from "#domain/jobs/check.ts";
import type { JobKind } from "#domain/jobs/kinds.ts";
import { err, ok } from "#domain/shared/result.ts";
import { openOcr } from "#gpu-backend/ocr/ocr.ts";
import type { Rerank } from "#gpu-backend/rerank.ts";
import { abilitiesOf } from "./abilities.ts";
import { kindsOf, runJob } from "./kinds.ts";

const ocr = openOcr({ threads: 1 });
afterAll(() => ocr.close());

async function ran<K extends JobKind>(
  kind: K,
  input: unknown,
  abilities: ReturnType<typeof abilitiesOf>,
) {
  const checked = checkedInput(kind, input);
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  const none = () => Promise.reject(new Error("not needed"));
  const result = await runJob(kind, checked.value, {
    compute: none,
    vectors: none,
    texts: none,
    embed: none,
    ...abilities,
    signal: new AbortController().signal,
    progress: () => {},
  });
  const taken = checkedResult(kind, checked.value, JSON.parse(JSON.stringify(result)));
  if (!taken.ok) throw new Error(JSON.stringify(taken.error));
  return taken.value;
}

it("are offered where they are there", () => {
  expect(kindsOf(abilitiesOf({}))).not.toContain("ocr");
  expect(kindsOf(abilitiesOf({ ocr }))).toContain("ocr");
  expect(kindsOf(abilitiesOf({ ocr }))).not.toContain("rerank");
});

it("read an image as a job does, and fail for good over what is none", async () => {
  const white = sharp({ create: { width: 64, height: 64, channels: 3, background: "#fff" } });
  const image = (await white.png().toBuffer()).toString("base64");
  expect(await ran("ocr", { image }, abilitiesOf({ ocr }))).toEqual({ text: "", lines: [] });
  const text = Buffer.from("no image").toString("base64");
  await expect(ran("ocr", { image: text }, abilitiesOf({ ocr }))).rejects.toMatchObject({
    how: { final: true },
  });
});

it("re-rank as a job does, and try again later where the model is busy", async () => {
  const better: Rerank = (_, documents) =>
    Promise.resolve(
      ok({ model: "m", results: documents.map((__, index) => ({ index, score: -index })) }),
    );
  const input = { query: "q", documents: ["a", "b"] };
  const ranked = await ran("rerank", input, abilitiesOf({ rerank: better }));
  expect(ranked.results.map(({ index }) => index)).toEqual([0, 1]);
  const busy: Rerank = () => Promise.resolve(err({ code: "overloaded", retryAfterS: 7 }));
  await expect(ran("rerank", input, abilitiesOf({ rerank: busy }))).rejects.toMatchObject({
    how: { final: false, delayMs: 7_000 },
  });
});
