// A generation agent: writes down what it is told, as a unit that is verified and found by everybody who may read it.
// `node examples/generation-agent.ts`, with WISHUB_URL and WISHUB_KEY set.
import { WisHub } from "#sdk/client.ts";

export async function generationAgent(hub: WisHub, signal: AbortSignal) {
  const { id } = await hub.operation("POST /v1/agents", {
    body: {
      name: `Scribe ${crypto.randomUUID().slice(0, 8)}`,
      type: "generation",
      description: "Publishes a note as a unit, once however often it is asked.",
      capabilities: ["write-notes"],
    },
  });
  const agent = hub.agent(id);
  const work = agent.serve(
    async ({ id: messageId, body }) => {
      const { title, text } = body as { title: string; text: string };
      // The message's id is the key: a message that comes twice publishes once.
      const unit = await hub.publish({ title, body: text }, { idempotencyKey: messageId });
      return { unitId: unit.id, status: unit.status };
    },
    { signal },
  );
  return { id, work };
}

if (import.meta.main) {
  const { WISHUB_URL: url = "http://127.0.0.1:8787", WISHUB_KEY: apiKey = "" } = process.env;
  const stopped = new AbortController();
  process.once("SIGINT", () => stopped.abort());
  const { id, work } = await generationAgent(new WisHub({ url, apiKey }), stopped.signal);
  process.stdout.write(`${id}\n`);
  await work;
}
