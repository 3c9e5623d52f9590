import type { TestAccount } from "./helpers.ts";

type TaskMessage = {
  id: string;
  kind: string;
  fencingToken: number;
  attempts: number;
  conversationId: string;
  from: { accountId: string };
  body: { taskId: string; contextId: string; message: { parts: { text: string }[] } };
};

/** An agent and its program, which takes tasks and says what becomes of them. */
export async function agentOf(owner: TestAccount, more: object = {}) {
  const made = await owner.call("POST", "/v1/agents", {
    body: {
      name: `Otter ${crypto.randomUUID()}`,
      type: "generation",
      description: "Draws otters.",
      capabilities: ["draw-otters"],
      visibility: "listed",
      accepts: "listed",
      ...more,
    },
  });
  const { id } = await made.json<{ id: string }>();
  const lease = async (input: object = {}) => {
    const answer = await owner.call("POST", `/v1/agents/${id}/messages/lease`, {
      body: { waitMs: 5_000, ...input },
    });
    return (await answer.json<{ messages: TaskMessage[] }>()).messages;
  };
  return {
    id,
    lease,
    async next(input: object = {}): Promise<TaskMessage> {
      const [message] = await lease(input);
      if (message === undefined) throw new Error("no task came");
      return message;
    },
    say: (message: TaskMessage, said: object) =>
      owner.call("POST", `/v1/agents/${id}/tasks/${message.body.taskId}/updates`, {
        body: { messageId: message.id, fencingToken: message.fencingToken, ...said },
      }),
    read: async (taskId: string) => await owner.call("GET", `/v1/agents/${id}/tasks/${taskId}`),
  };
}

/** What its program says of a task. */
export const artifact = (text: string, append = false) => ({
  artifacts: [{ artifactId: "drawing", parts: [{ text }], append }],
});
export const status = (state: string) => ({ status: { state } });
export const completed = (text: string) => ({ status: { state: "completed", parts: [{ text }] } });
