import fc from "fast-check";
import { expect, it } from "vitest";
import { readEvents, type ServerEvent } from "./events.ts";

const utf8 = new TextEncoder();

/** The text, cut into pieces of these sizes in turn. */
function streamed(text: string, sizes: readonly number[]): ReadableStream<Uint8Array> {
  let rest = utf8.encode(text);
  let turn = 0;
  return new ReadableStream({
    pull(controller) {
      if (rest.length === 0) return controller.close();
      const size = sizes[turn++ % sizes.length] ?? 1;
      controller.enqueue(rest.slice(0, size));
      rest = rest.slice(size);
    },
  });
}

async function read(text: string, sizes: readonly number[] = [7]): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of readEvents(streamed(text, sizes))) events.push(event);
  return events;
}

it("reads what was written, however it is cut", async () => {
  const one = fc.record({
    id: fc.stringMatching(/^[a-z0-9.]{1,9}$/),
    name: fc.stringMatching(/^[a-z]{1,9}$/),
    data: fc.json(),
  });
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(one, { maxLength: 8 }), sizes, async (events, cuts) => {
      const text = events
        .map(({ id, name, data }) => `: here\nid: ${id}\nevent: ${name}\ndata: ${data}\n\n`)
        .join("");
      expect(await read(text, cuts)).toEqual(events);
    }),
  );
});

it("joins lines, keeps the newest id, and drops what broke off", async () => {
  const text = "id: 1\r\ndata: a\r\ndata:b\r\n\r\n: quiet\n\ndata\n\nid: 2\ndata: lost";
  expect(await read(text)).toEqual([
    { id: "1", name: "message", data: "a\nb" },
    { id: "1", name: "message", data: "" },
  ]);
});

it("tells each id once it counts, also of what was no event", async () => {
  const told: string[] = [];
  const text = "id: 1\n\n: still here\nid: 2\n\ndata: a\n\nid: 3";
  for await (const event of readEvents(streamed(text, [5]), (id) => told.push(id)))
    expect(event).toEqual({ id: "2", name: "message", data: "a" });
  expect(told).toEqual(["1", "2", "2"]);
});
