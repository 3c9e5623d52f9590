import { dictionaryUnits } from "./lib/data.ts";
import { httpRequest, load } from "./lib/load.ts";
import { type Product, product } from "./lib/product.ts";
import { type ToolQuery, toolServers, toolTasks } from "./lib/tool-sets.ts";

// Agents of public tool-selection sets among 10,000, registered and matched through the served product.

const asked = process.argv.find((one) => one.startsWith("--agents="));
const AGENTS = asked === undefined ? 10_000 : Number(asked.slice(9));
const REGISTERING = 16;
const ASKED = 1_000;
const GOAL_P95_MS = 25;

type Card = { name: string; description: string; capabilities: string[] };

const tools = toolTasks();
const servers = toolServers();
if (tools === null || servers === null) {
  process.stdout.write(
    "skipped: the tool sets are not beside the repository (WISHUB_DATA names another place)\n",
  );
  process.exit(0);
}

const served = await product({ gpu: process.argv.includes("--gpu") });
try {
  const cards: Card[] = [
    ...tools.cards.map((card) => ({ ...card, capabilities: ["metatool"] })),
    ...servers.cards.map((card) => ({ ...card, capabilities: ["mcp"] })),
  ];
  const filler = await dictionaryUnits(AGENTS - cards.length);
  cards.push(
    ...filler.map(({ body }, i) => ({
      name: `Glossary ${i}`,
      description: body.slice(0, 2_000),
      capabilities: ["glossary"],
    })),
  );
  const startedAt = performance.now();
  const names = await registered(served, cards);
  const seconds = (performance.now() - startedAt) / 1_000;
  process.stdout.write(
    `${names.size} agents registered and matchable in ${seconds.toFixed(0)} s, ${(names.size / seconds).toFixed(0)}/s\n`,
  );
  const tasks = sampled(tools.tasks, ASKED);
  await hits("MetaTool, 199 tools", tasks, names, ["metatool"]);
  await hits(`MetaTool, among ${AGENTS}`, tasks, names, []);
  await hits("MetaTool, both of two, 199 tools", tools.pairs, names, ["metatool"]);
  const wanted = sampled(servers.tasks, ASKED);
  await hits("Docker registry, tool → one of 328 servers", wanted, names, ["mcp"]);
  await hits(`Docker registry, among ${AGENTS}`, wanted, names, []);
  await timed(served, tasks);
} finally {
  await served.stop();
}

/** Evenly from a list, the same every time. */
function sampled<T>(all: readonly T[], count: number): T[] {
  const step = Math.max(1, all.length / count);
  return Array.from(
    { length: Math.min(count, all.length) },
    (_, i) => all[Math.floor(i * step)] as T,
  );
}

/** Names by agent id. */
async function registered(target: Product, all: readonly Card[]): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  let next = 0;
  await Promise.all(
    Array.from({ length: REGISTERING }, async () => {
      for (let card = all[next++]; card !== undefined; card = all[next++]) {
        const answer = await target.fetch("/v1/agents", {
          method: "POST",
          body: JSON.stringify({ ...card, type: "query", visibility: "listed" }),
        });
        if (answer.status !== 201) throw new Error(`${card.name}: ${await answer.text()}`);
        names.set(((await answer.json()) as { id: string }).id, card.name);
      }
    }),
  );
  return names;
}

async function hits(
  what: string,
  tasks: readonly ToolQuery[],
  names: ReadonlyMap<string, string>,
  requiredCapabilities: string[],
): Promise<void> {
  let [first, five] = [0, 0];
  for (const { task, right } of tasks) {
    const answer = await served.fetch("/v1/agents/match", {
      method: "POST",
      body: JSON.stringify({ task, requiredCapabilities, limit: 5 }),
    });
    if (answer.status !== 200) throw new Error(`${task}: ${await answer.text()}`);
    const { matches } = (await answer.json()) as { matches: { agentId: string }[] };
    const found = matches.map(({ agentId }) => names.get(agentId) ?? "");
    if (right.every((name) => found.slice(0, right.length).includes(name))) first++;
    if (right.every((name) => found.includes(name))) five++;
  }
  const share = (count: number) => (count / tasks.length).toFixed(3);
  process.stdout.write(`${what}: hit@1 ${share(first)}, hit@5 ${share(five)} of ${tasks.length}\n`);
}

/** The vectors of the tasks are in the isolate's cache by now; of another limit, the answers are not. */
async function timed(target: Product, tasks: readonly ToolQuery[]): Promise<void> {
  for (const [connections, limit] of [
    [1, 10],
    [8, 11],
  ] as const) {
    const { p50, p95, p99, perSecond, statuses } = await load({
      url: target.url,
      connections,
      request: (n) => {
        const asked = tasks[n];
        if (asked === undefined) return null;
        const body = JSON.stringify({ task: asked.task, limit });
        return httpRequest("POST", "/v1/agents/match", target.headers, body);
      },
    });
    const goal = connections === 1 ? ` (goal p95 ≤ ${GOAL_P95_MS} ms)` : "";
    process.stdout.write(
      `match without embedding, ${connections} at a time: p50 ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}, p99 ${p99.toFixed(1)} ms, ${perSecond.toFixed(0)}/s, ${JSON.stringify(statuses)}${goal}\n`,
    );
  }
}
