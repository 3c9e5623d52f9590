import { expect, it } from "vitest";
import { WisHubError } from "./error.ts";
import { followed, type Streams } from "./following.ts";

const gone = new WisHubError({ code: "network", status: 0, detail: "nobody answers" });
const text = (said: string) => new Blob([said]).stream();

/** A server that answers each opening in turn, a failure where it is one; `asked` are the ids that it was asked after. */
function serverOf(answers: (string | Error)[]) {
  const asked: (string | null)[] = [];
  const slept: number[] = [];
  const streams: Streams = {
    waiting: { sleep: async (ms) => void slept.push(ms), random: () => 1 },
    open: async (last) => {
      asked.push(last);
      const answer = answers.shift() ?? gone;
      if (answer instanceof Error) throw answer;
      return text(answer);
    },
  };
  return { streams, asked, slept };
}

it("takes a stream up after the newest id, also one that came without an event", async () => {
  const { streams, asked } = serverOf(["id: 1\ndata: a\n\nid: 2\n\n", gone, "id: 3\ndata: b\n\n"]);
  const lost: unknown[] = [];
  const data: string[] = [];
  const done = new AbortController();
  const following = { signal: done.signal, onLost: (error: unknown) => lost.push(error) };
  for await (const event of followed(streams, following)) {
    data.push(event.data);
    if (event.data === "b") done.abort();
  }
  expect(data).toEqual(["a", "b"]);
  expect(asked).toEqual([null, "2", "2"]);
  expect(lost).toEqual([gone]);
});

it("says each time that it was lost, waits longer, and gives up in the end", async () => {
  const { streams, asked, slept } = serverOf(["id: 1\ndata: a\n\n"]);
  let lost = 0;
  const read = async () => {
    for await (const _ of followed(streams, { onLost: () => lost++ }));
  };
  await expect(read()).rejects.toBe(gone);
  expect(asked).toHaveLength(9);
  expect(lost).toBe(7);
  expect(slept.slice(1)).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
});

it("throws a refusal at once", async () => {
  const refusal = new WisHubError({ code: "forbidden", status: 403 });
  const { streams, asked } = serverOf([refusal]);
  const next = followed(streams, {}).next();
  await expect(next).rejects.toBe(refusal);
  expect(asked).toHaveLength(1);
});
