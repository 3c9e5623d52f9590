import { importUnits, settled, spaceOf } from "./lib/corpus.ts";
import { dictionaryUnits } from "./lib/data.ts";
import { httpRequest, load, loadLine, percentiles, until } from "./lib/load.ts";
import { cpuMsBelow } from "./lib/processes.ts";
import { type Product, product } from "./lib/product.ts";

// Publishing: until a unit is durable (202), and until a search can find it; one at a time and by import, with the
// CPU time that the whole product spends on each until it is searchable.

const served = await product({ gpu: false });
try {
  const drafts = (await dictionaryUnits(12_000)).map(({ title, body }, index) => ({
    title,
    body: `${body} ${index}`,
  }));
  await searchableAfter(served, drafts.slice(0, 40), "idle (goal p95 2000)");
  await accepted(served, 1, drafts.slice(100, 400), "accepted, 1 connection (goal p50 10)");
  await accepted(served, 16, drafts.slice(400, 1_600), "accepted, 16 connections (goal p50 45)");
  await settled(served, 120_000);
  const space = await spaceOf(served);
  const given = drafts.map((draft, n) => ({ ...draft, vector: vectorOf(n), space }));
  await searchableAfter(served, given.slice(1_600, 1_800), "idle, vector given (goal p50 20)");
  // The first of them warm up what the others are measured by.
  for (const [from, to] of [
    [2_000, 3_500],
    [3_500, 6_000],
  ] as const)
    await accepted(served, 16, given.slice(from, to), "accepted, 16 connections, vector given");
  for (const [from, to] of [
    [6_000, 9_000],
    [9_000, 12_000],
  ] as const)
    await imported(served, given.slice(from, to));
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
  const cpuBefore = cpuMsBelow(target.pid, "workerd");
  const startedAt = performance.now();
  const loaded = await load({
    url: target.url,
    connections,
    request: (n) => requests[n] ?? null,
  });
  await settled(target, 300_000);
  process.stdout.write(
    `${loadLine(name, loaded)}   ${untilSearchable(target, drafts.length, startedAt, cpuBefore)}\n`,
  );
}

async function imported(target: Product, drafts: object[]): Promise<void> {
  const cpuBefore = cpuMsBelow(target.pid, "workerd");
  const startedAt = performance.now();
  const answer = await importUnits(target, drafts);
  await settled(target, 300_000);
  process.stdout.write(
    `import, vectors given: accepted at ${(answer.accepted / answer.seconds).toFixed(0)}/s (refused ${answer.refused})   ${untilSearchable(target, drafts.length, startedAt, cpuBefore)}\n`,
  );
}

function untilSearchable(
  target: Product,
  units: number,
  startedAt: number,
  cpuBefore: number,
): string {
  const perSecond = units / ((performance.now() - startedAt) / 1_000);
  const cpu = (cpuMsBelow(target.pid, "workerd") - cpuBefore) / units;
  return `searchable at ${perSecond.toFixed(0)}/s, ${cpu.toFixed(2)} ms CPU each`;
}

/** Any direction does where nothing is searched for; none is near another. */
function vectorOf(n: number): number[] {
  return Array.from({ length: 384 }, (_, i) => Number(Math.sin((n + 1) * (i + 1) ** 2).toFixed(5)));
}

async function searchableAfter(target: Product, drafts: object[], name: string): Promise<void> {
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
      2,
    );
    times.push(performance.now() - startedAt);
  }
  const { p50, p95 } = percentiles(times.sort((a, b) => a - b));
  process.stdout.write(
    `publish → searchable, ${name}: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms\n`,
  );
}
