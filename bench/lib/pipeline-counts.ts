import { readMigrations } from "#scripts/migrate.ts";
import { syntheticUnits } from "./synthetic.ts";
import { benchWorker } from "./worker.ts";

const D1 = { CATALOG_0: "catalog", UNITS_0: "units", UNITS_1: "units" };
const UNITS_PER_BATCH = 100;
const AGENTS = 400;
const MESSAGES = 200;

type Counts = Record<
  | "d1Rows"
  | "searchRows"
  | "queueMessages"
  | "objectRequests"
  | "topicRows"
  | "agentRows"
  | "agentBytes"
  | "d1Bytes"
  | "catalogBytes"
  | "searchBytes",
  number
>;

/** What one unit of a passage of 120 words costs on its way to searchable, one agent that is registered, one message. */
export async function pipelineCounts(units: number) {
  const miniflare = await benchWorker({
    entry: { file: "bench/lib/pipeline-worker.ts" },
    objects: ["SearchShard", "Account", "Collection", "Relay", "Topic", "Agent"],
    databases: Object.keys(D1),
    variables: { WISHUB_EGRESS_ALLOW: "", WISHUB_PUBLIC_URL: "http://127.0.0.1:8787" },
  });
  try {
    const url = await miniflare.ready;
    const post = async <T>(path: string, body?: unknown): Promise<T> => {
      const init = { method: "POST", body: body === undefined ? null : JSON.stringify(body) };
      const answer = await fetch(new URL(path, url), init);
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as T;
    };
    for (const [binding, family] of Object.entries(D1)) {
      const statements = readMigrations(`migrations/${family}`).flatMap((one) => one.statements);
      await post("/migrate", { binding, statements });
    }
    const drafts = syntheticUnits(units + UNITS_PER_BATCH).map(({ title, text, tags, vector }) => ({
      title,
      body: text,
      language: "en",
      tags,
      visibility: "public",
      sources: [{ url: "https://example.org/source", title: "A source" }],
      vector: vector.map((value) => Number(value.toFixed(5))),
    }));
    const batchFrom = (start: number) => drafts.slice(start, start + UNITS_PER_BATCH);
    // The first batch pays for what is there once: schemas, the collection's beginning, compiled code.
    const before = await post<Counts>(`/publish?seed=0`, batchFrom(0));
    let after = before;
    for (let start = UNITS_PER_BATCH; start < drafts.length; start += UNITS_PER_BATCH)
      after = await post<Counts>(`/publish?seed=${start}`, batchFrom(start));
    const each = (name: keyof Counts) => (after[name] - before[name]) / units;
    const none = await post<Counts>(`/agents?count=${AGENTS}&seed=first`);
    const agents = await post<Counts>(`/agents?count=${AGENTS}&seed=then`);
    const first = await post<Counts>("/messages?count=10");
    const messages = await post<Counts>(`/messages?count=${MESSAGES}`);
    return {
      d1BytesPerUnit: each("d1Bytes"),
      d1RowsPerUnit: each("d1Rows"),
      searchBytesPerPassage: each("searchBytes"),
      searchRowsPerUnit: each("searchRows"),
      topicRowsPerUnit: each("topicRows"),
      queueMessagesPerUnit: each("queueMessages"),
      objectRequestsPerUnit: each("objectRequests"),
      catalogBytesPerAgent: (agents.catalogBytes - none.catalogBytes) / AGENTS,
      catalogRowsPerAgent: (agents.d1Rows - none.d1Rows) / AGENTS,
      objectBytesPerAgent: messages.agentBytes,
      rowsPerMessage: (messages.agentRows - first.agentRows) / MESSAGES,
    };
  } finally {
    await miniflare.dispose();
  }
}
