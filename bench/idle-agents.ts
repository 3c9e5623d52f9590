import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { httpRequest, load } from "./lib/load.ts";
import { product } from "./lib/product.ts";

// What an agent costs that is registered and idle: objects, alarms, and bytes of the catalog; then what one costs whose
// mailbox was used and is empty again. --agents=100000 for as many as the goal names; 1,000 where nothing is said.

const given = process.argv.find((argument) => argument.startsWith("--agents="))?.slice(9);
const AGENTS = Number(given ?? "1000");
const USED = 100;
const CONNECTIONS = 16;

const served = await product({ gpu: false });
try {
  const before = catalogBytes();
  const { statuses, perSecond } = await load({
    url: served.url,
    connections: CONNECTIONS,
    request: (n) => (n < AGENTS ? registering(`Idle ${n}`) : null),
  });
  if (statuses["201"] !== AGENTS) throw new Error(JSON.stringify(statuses));
  const bytes = (catalogBytes() - before) / AGENTS;
  const idle = objects();
  say(
    `${AGENTS} agents registered (${perSecond.toFixed(0)}/s): ${idle.objects} objects, ${idle.alarms} alarms; ${bytes.toFixed(0)} bytes of the catalog each`,
  );
  if (idle.objects + idle.alarms > 0) process.exitCode = 1;
  for (let n = 0; n < USED; n++) await use(n);
  const used = objects();
  say(
    `${USED} of them sent one message and done with it: ${used.objects} objects, ${(used.bytes / used.objects / 1_024).toFixed(0)} kB each on disk; ` +
      `${used.alarms} alarms, a day away, that find nothing and are not set again`,
  );
} finally {
  await served.stop();
}

function registering(name: string): Buffer {
  const body = { name, type: "query", description: "Waits to be asked.", capabilities: ["wait"] };
  return httpRequest("POST", "/v1/agents", served.headers, JSON.stringify(body));
}

async function use(n: number): Promise<void> {
  const body = { name: `Used ${n}`, type: "query", description: "Reads.", capabilities: [] };
  const { id } = await posted<{ id: string }>("/v1/agents", body);
  await posted(`/v1/agents/${id}/messages`, { body: "Wake up." });
  const { messages } = await posted<{ messages: { id: string; fencingToken: number }[] }>(
    `/v1/agents/${id}/messages/lease`,
    { limit: 1 },
  );
  for (const { id: messageId, fencingToken } of messages)
    await posted(`/v1/agents/${id}/messages/${messageId}/ack`, { fencingToken });
}

async function posted<T>(path: string, body: object): Promise<T> {
  const answer = await served.fetch(path, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Of all D1 databases, of which only the catalog grows here; what is in their logs counts as it will lie in the file. */
function catalogBytes(): number {
  return filesOf(join(served.state, "d1", "miniflare-D1DatabaseObject"))
    .filter((file) => file.endsWith(".sqlite"))
    .reduce(
      (sum, file) =>
        sum +
        reading(
          file,
          "SELECT page_count * page_size AS n FROM pragma_page_count, pragma_page_size",
        ),
      0,
    );
}

/** The agents' objects as they lie on disk, and the alarms that are set for them. */
function objects(): { objects: number; bytes: number; alarms: number } {
  const files = filesOf(join(served.state, "do", "wishub-Agent"));
  const own = files.filter((file) => !file.includes("metadata.sqlite"));
  const metadata = files.find((file) => file.endsWith("metadata.sqlite"));
  return {
    objects: own.filter((file) => file.endsWith(".sqlite")).length,
    bytes: own.reduce((sum, file) => sum + statSync(file).size, 0),
    alarms: metadata === undefined ? 0 : reading(metadata, "SELECT count(*) AS n FROM _cf_ALARM"),
  };
}

function reading(file: string, sql: string): number {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return (database.prepare(sql).get() as { n: number }).n;
  } finally {
    database.close();
  }
}

function filesOf(folder: string): string[] {
  return readdirSync(folder).map((name) => join(folder, name));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
