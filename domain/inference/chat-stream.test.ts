import fc from "fast-check";
import { expect, it } from "vitest";
import { ChatStream } from "./chat-stream.ts";

const head = { id: "chatcmpl-1", model: "m", created: 1, includesUsage: false };
const chunk = (content: string, finish: string | null = null): string =>
  JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] });
type Chunk = { choices: { delta: { content: string } }[] };
const textOf = (told: string[]): string =>
  told
    .filter((data) => data !== "[DONE]")
    .map((data) => (JSON.parse(data) as Chunk).choices.map(({ delta }) => delta.content).join(""))
    .join("");

it("tells exactly what was written, in its order", () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 20 }), (pieces) => {
      const stream = new ChatStream(head, 3);
      const told = [...pieces.map((piece) => chunk(piece)), chunk("", "stop"), "[DONE]"].flatMap(
        (data) => stream.take(data) ?? [],
      );
      expect(textOf(told)).toBe(pieces.join(""));
      expect(told.at(-1)).toBe("[DONE]");
      expect(stream.finish()).toEqual([]);
    }),
  );
});

it("never ends well where the end was not seen", () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 20 }), (pieces) => {
      const stream = new ChatStream(head, 3);
      for (const piece of pieces) expect(stream.take(chunk(piece))).not.toBeNull();
      expect(stream.finish()).toBeNull();
    }),
  );
});

it("is over with whatever is no chunk, and never throws", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (data) => {
      const told = new ChatStream(head, 3).take(data);
      if (data !== "[DONE]" && !/choices|response/.test(data)) expect(told).toBeNull();
    }),
  );
  for (const data of [
    '{"error":{}}',
    '{"choices":7}',
    '{"choices":[{"delta":{"content":1}}]}',
    "1",
  ])
    expect(new ChatStream(head, 3).take(data), data).toBeNull();
});

it("counts what was written until the model says how much it was, and believes no number that cannot be", () => {
  const stream = new ChatStream(head, 3);
  stream.take(chunk("four tokens of text."));
  expect(stream.usage()).toEqual({ prompt: 3, completion: 5 });
  stream.take('{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1e300}}');
  expect(stream.usage().completion).toBe(5);
  stream.take('{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}');
  expect(stream.usage()).toEqual({ prompt: 9, completion: 2 });
});
