import { z } from "zod";
import { taskUpdate, toldFrom } from "#domain/a2a/update.ts";
import { seqOf } from "#domain/mailbox/message.ts";
import { LEASE_LOST } from "#domain/shared/lease.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { TASK_STATES } from "#domain/tasks/state.ts";
import { fails, feature, idParam, json, refuse, route, unwrap } from "#workers/http/kit.ts";
import { openedAgent } from "#workers/http/opened-agent.ts";

const taskParam = idParam.extend({
  taskId: text(LIMITS.idCharsMax).regex(/^[A-Za-z0-9_-]+$/),
});
const updated = z.object({ taskId: z.string(), state: z.enum(TASK_STATES) });

const update = route(
  {
    method: "post",
    path: "/v1/agents/{id}/tasks/{taskId}/updates",
    summary: "Say what became of a task that the agent works on",
    description:
      "A task comes as a message of the kind `task`. What the agent makes goes to its caller as it comes, under the message's fencing token; a state that ends the task, or waits for its caller, acknowledges the message too.",
    access: "task.update",
    request: { params: taskParam, body: json(taskUpdate) },
    responses: {
      200: { description: "Where the task stands", ...json(updated) },
      ...fails("not-found", "forbidden", "lease-lost", "conflict", "overloaded"),
    },
  },
  async (c) => {
    const { id, taskId } = c.req.valid("param");
    const agent = await openedAgent(c, id);
    const { messageId, fencingToken: token, ...said } = c.req.valid("json");
    const tasks = c.env.AGENT.getByName(agent.id);
    const seq = seqOf(agent.id, messageId);
    if (seq === null) return refuse(LEASE_LOST);
    const told = toldFrom(said, { id: taskId }, () => crypto.randomUUID());
    const state = unwrap(await tasks.updateTask(taskId, { seq, token }, told));
    return c.json({ taskId, state });
  },
);

const read = route(
  {
    method: "get",
    path: "/v1/agents/{id}/tasks/{taskId}",
    summary: "Read a task that somebody gave your agent, as A2A shows it",
    access: "task.read",
    request: { params: taskParam },
    responses: {
      200: { description: "The task", ...json(z.record(z.string(), z.unknown())) },
      ...fails("not-found", "forbidden"),
    },
  },
  async (c) => {
    const { id, taskId } = c.req.valid("param");
    const agent = await openedAgent(c, id);
    const task = await c.env.AGENT.getByName(agent.id).seenTask(taskId);
    if (task === null) return refuse({ code: "not-found" });
    return { text: task, status: 200, headers: { "Content-Type": "application/json" } };
  },
);

export const agentTasks = feature(update, read);
