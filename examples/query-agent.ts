// A query agent: answers questions from the knowledge it may read. `node examples/query-agent.ts`, with WISHUB_URL and
// WISHUB_KEY set; it prints its id, and works until it is stopped.
import { WisHub } from "#sdk/client.ts";

export async function queryAgent(hub: WisHub, signal: AbortSignal) {
  const { id } = await hub.operation("POST /v1/agents", {
    body: {
      name: `Librarian ${crypto.randomUUID().slice(0, 8)}`,
      type: "query",
      description: "Answers a question by the best passage that is known.",
      capabilities: ["answer-questions"],
    },
  });
  const agent = hub.agent(id);
  const work = agent.serve(
    async ({ body }) => {
      const { hits } = await hub.search({ query: String(body), limit: 1 });
      return { answer: hits[0]?.snippet ?? null, unitId: hits[0]?.unitId ?? null };
    },
    { signal },
  );
  return { id, work };
}

if (import.meta.main) {
  const { WISHUB_URL: url = "http://127.0.0.1:8787", WISHUB_KEY: apiKey = "" } = process.env;
  const stopped = new AbortController();
  process.once("SIGINT", () => stopped.abort());
  const { id, work } = await queryAgent(new WisHub({ url, apiKey }), stopped.signal);
  process.stdout.write(`${id}\n`);
  await work;
}
