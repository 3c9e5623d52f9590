import { expect, it } from "vitest";
import type { WisHubError } from "./error.ts";
import { liveEvents } from "./live.ts";

/** A server that answers one opening after the other; what it was asked, and after which id. */
function serverOf(answers: string[]) {
  const asked: { path: string; last: string | undefined }[] = [];
  const http = {
    waiting: { sleep: async () => {}, random: () => 0 },
    stream: async (path: string, headers: Record<string, string>) => {
      asked.push({ path, last: headers["last-event-id"] });
      return new Blob([answers.shift() ?? ""]).stream();
    },
  };
  return { http, asked };
}

it("gives each event with its position, and begins anew behind the newest id alone", async () => {
  const { http, asked } = serverOf([
    'retry: 1000\nid: p0\n\nid: p1\ndata: {"type":"a.b"}\n\n',
    'id: p2\ndata: {"type":"c.d"}\n\n: still here\nid: p3\n\n',
  ]);
  const done = new AbortController();
  const told: [string, string][] = [];
  const options = {
    topics: ["x", "y"],
    types: ["a.*"],
    agent: "a_1",
    from: "2026-01-01T00:00:00Z",
  };
  for await (const { position, event } of liveEvents(http, { ...options, signal: done.signal })) {
    told.push([position, event.type]);
    if (told.length === 2) done.abort();
  }
  expect(told).toEqual([
    ["p1", "a.b"],
    ["p2", "c.d"],
  ]);
  const filter = "/v1/events?topic=x%2Cy&type=a.*&agent=a_1";
  expect(asked).toEqual([
    { path: `${filter}&from=2026-01-01T00%3A00%3A00Z`, last: undefined },
    { path: filter, last: "p1" },
  ]);
});

it("begins behind the position it is given, and throws what cannot be mended", async () => {
  const problem = { status: 410, code: "offset-gone", title: "gone", earliest: 17 };
  const { http, asked } = serverOf([
    `event: error\ndata: ${JSON.stringify({ status: 500, code: "internal" })}\n\n`,
    `event: error\ndata: ${JSON.stringify(problem)}\n\n`,
  ]);
  const next = liveEvents(http, { after: "p9" }).next();
  await expect(next).rejects.toMatchObject({ code: "offset-gone", status: 410 } as WisHubError);
  expect(asked.map(({ last }) => last)).toEqual(["p9", "p9"]);
});
