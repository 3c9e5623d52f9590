import { dictionaryUnits } from "./lib/data.ts";
import { httpRequest, load, loadLine, percentiles, until } from "./lib/load.ts";
import { type Product, product } from "./lib/product.ts";

// Publishing one unit at a time: until it is durable (202), and until a search can find it.

const served = await product({ gpu: false });
try {
  const drafts = (await dictionaryUnits(4_000)).map(({ title, body }, index) => ({
    title,
    body: `${body} ${index}`,
  }));
  await searchableAfter(served, drafts.slice(0, 40));
  await accepted(served, 1, drafts.slice(100, 400), "accepted, 1 connection (goal p50 10)");
  await accepted(served, 16, drafts.slice(400, 1_600), "accepted, 16 connections (goal p50 45)");
} finally {
  await served.stop();
}

async function accepted(
  target: Product,
  connections: number,
  drafts: object[],
  name: string,
): Promise<void> {
  const requests = drafts.map((draft) =>
    httpRequest("POST", "/v1/units", target.headers, JSON.stringify(draft)),
  );
  process.stdout.write(
    `${loadLine(name, await load({ url: target.url, connections, request: (n) => requests[n] ?? null }))}\n`,
  );
}

async function searchableAfter(target: Product, drafts: object[]): Promise<void> {
  const times: number[] = [];
  for (const draft of drafts) {
    const startedAt = performance.now();
    const answer = await target.fetch("/v1/units", { method: "POST", body: JSON.stringify(draft) });
    const { id } = (await answer.json()) as { id: string };
    await until(
      async () => {
        const { status } = (await (await target.fetch(`/v1/units/${id}`)).json()) as {
          status: string;
        };
        return status === "searchable" || status === "rejected";
      },
      30_000,
      5,
    );
    times.push(performance.now() - startedAt);
  }
  const { p50, p95 } = percentiles(times.sort((a, b) => a - b));
  process.stdout.write(
    `publish → searchable, idle: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms (goal p95 2000)\n`,
  );
}
