import { existsSync } from "node:fs";
import { say } from "#scripts/launch/say.ts";
import { installPeers, type Peer } from "./lib/peers/install.ts";
import { type Measured, type Running, runEngine } from "./lib/peers/parent.ts";
import { embedMinutes, realMillion, realSet } from "./lib/real-set.ts";
import { DIMENSIONS, exactNearest } from "./lib/real-vectors.ts";

// The search engine alone on real MiniLM vectors, each engine in a process of its own: what recall it
// reaches, searches a second of CPU at that recall, what it takes to build and in memory.
// --peer: beside hnswlib, usearch, zvec and LanceDB. --million: ours at 1,000,000 too.

const PEERS = ["hnswlib", "usearch", "zvec", "lancedb"];
const PACKAGES: Peer[] = ["hnswlib-node", "usearch", "@zvec/zvec", "@lancedb/lancedb"];
const RECALL_GOAL = 0.99;
const ROUNDS = 7;
const LIMIT = 10;

const withPeers = process.argv.includes("--peer");
const withMillion = process.argv.includes("--million");
if (withPeers) await installPeers(PACKAGES);
const set = withMillion ? await realMillion(embedMinutes(process.argv)) : await realSet();
const [vectorFile = "", queryFile = ""] = set.files;

const growth: Measured[] = [];
for (const count of withMillion ? [10_000, 100_000, 1_000_000] : [10_000, 100_000]) {
  const exact = exactNearest(
    `exact-${count}`,
    set.vectors.subarray(0, count * DIMENSIONS),
    set.queries.vectors,
    LIMIT,
  );
  const names = withPeers && count === 100_000 ? ["ours", ...PEERS] : ["ours"];
  const data = { vectors: vectorFile, queries: queryFile, count, exact };
  const measured = await sideBySide(names, data);
  say(
    `\n${count} × ${DIMENSIONS} real vectors, ${set.queries.texts.length} queries, best ${LIMIT}`,
  );
  table(measured);
  if (names.length > 1) verdicts(measured);
  growth.push(...measured.filter(({ name }) => name === "ours"));
}
grown(growth);
if (withPeers && !existsSync("/usr/share/postgresql/15/extension/vector.control"))
  say("pgvector: not compared, Debian 12 does not carry the extension");

/** All are built first and then asked in turns, so that what else the machine does hits all alike. */
async function sideBySide(names: string[], data: Parameters<typeof runEngine>[1]) {
  const running: Running[] = [];
  try {
    for (const name of names) {
      await runEngine(name, data, RECALL_GOAL).then(
        (engine) => running.push(engine),
        (error: unknown) => say(`${name}: left out, ${String(error).split("\n")[0]}`),
      );
    }
    // Who was built first has lain idle for minutes, and the machine may have taken back what it read from its files.
    for (const each of running) await each.wake();
    for (let round = 0; round < ROUNDS; round++) for (const each of running) await each.round();
    const measured: Measured[] = [];
    for (const each of running) measured.push(await each.measured());
    return measured;
  } finally {
    for (const each of running) await each.end();
  }
}

function table(measured: Measured[]): void {
  say("engine     recall@10  searches/s of CPU  p50 ms  build s CPU  memory MB  how");
  for (const each of measured) {
    say(
      [
        each.name.padEnd(9),
        each.recall.toFixed(4).padStart(10),
        each.perCpuSecond.toFixed(0).padStart(18),
        each.p50Ms.toFixed(3).padStart(7),
        each.buildCpuS.toFixed(1).padStart(12),
        each.grownMb.toFixed(0).padStart(10),
        ` ${each.built}${each.setting === "" ? "" : `, ${each.setting}`}`,
      ].join(" "),
    );
  }
}

function verdicts(measured: Measured[]): void {
  const ours = measured.find(({ name }) => name === "ours");
  const hnswlib = measured.find(({ name }) => name === "hnswlib");
  if (ours === undefined || hnswlib === undefined) return;
  verdict("recall@10 at least .99", ours.recall, ours.recall >= RECALL_GOAL);
  const speed = ours.perCpuSecond / hnswlib.perCpuSecond;
  verdict("searches a second, of hnswlib's (goal ≥ 1)", speed, speed >= 1);
  const memory = ours.grownMb / hnswlib.grownMb;
  verdict("memory, of hnswlib's (goal ≤ 1/4)", memory, memory <= 0.25);
  const build = ours.buildCpuS / hnswlib.buildCpuS;
  verdict("time to build, of hnswlib's (goal ≤ 1/10)", build, build <= 0.1);
}

function grown(measured: Measured[]): void {
  const [first, ...others] = measured;
  if (first === undefined) return;
  for (const [n, { p50Ms, recall }] of others.entries()) {
    const goal = n === 0 ? 2 : 4;
    const times = p50Ms / first.p50Ms;
    verdict(
      `p50 at ${n === 0 ? "100,000" : "1,000,000"} with recall ${recall.toFixed(3)}, of that at 10,000 (goal ≤ ${goal})`,
      times,
      times <= goal && recall >= 0.97,
    );
  }
}

function verdict(what: string, value: number, isReached: boolean): void {
  say(`${isReached ? "reached" : "MISSED "}  ${value.toFixed(3)}  ${what}`);
}
