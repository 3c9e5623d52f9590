// A coordinating agent: has a note written by one agent, and a question answered by another, found by what they can do.
// `node examples/coordinating-agent.ts`, with WISHUB_URL and WISHUB_KEY set and the two other examples running.
import { WisHub } from "#sdk/client.ts";

export async function coordinatingAgent(hub: WisHub, signal: AbortSignal) {
  const { id } = await hub.operation("POST /v1/agents", {
    body: {
      name: `Editor ${crypto.randomUUID().slice(0, 8)}`,
      type: "coordination",
      description: "Has notes written and questions answered.",
      capabilities: ["coordinate"],
    },
  });
  const agent = hub.agent(id);
  const work = agent.serve(() => {}, { signal }); // takes in the replies
  const found = async (task: string, capability: string) => {
    const body = { task, requiredCapabilities: [capability], limit: 1 };
    const { matches } = await hub.operation("POST /v1/agents/match", { body });
    return matches[0]?.agentId ?? "";
  };
  const learn = async (title: string, text: string) =>
    await agent.ask(await found("write a note", "write-notes"), { title, text });
  const answer = async (question: string) =>
    await agent.ask(await found("answer a question", "answer-questions"), question);
  return { id, work, learn, answer };
}

if (import.meta.main) {
  const { WISHUB_URL: url = "http://127.0.0.1:8787", WISHUB_KEY: apiKey = "" } = process.env;
  const stopped = new AbortController();
  const { learn, answer } = await coordinatingAgent(new WisHub({ url, apiKey }), stopped.signal);
  console.log(await learn("Otters", "Otters hold hands while they sleep."));
  console.log(await answer("How do otters sleep?"));
  stopped.abort();
}
