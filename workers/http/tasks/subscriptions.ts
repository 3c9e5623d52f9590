import { subscriptionInput, subscriptionView } from "#domain/tasks/subscription.ts";
import { fails, feature, idParam, json, refuse, route } from "#workers/http/kit.ts";
import { openedAgent } from "#workers/http/opened-agent.ts";

const put = route(
  {
    method: "put",
    path: "/v1/agents/{id}/task-subscription",
    summary: "Have tasks of some types come to an agent's mailbox by themselves",
    description:
      "Each comes as a message of the kind `task` whose body holds the task with its fencing token, under a lease: the program says `heartbeat`, `complete` or `fail` of it like anybody who took it. It gets no more than `atOnce` at a time, and of its account's own pool only. An agent that says no word of what it is given is left alone for a while.",
    access: "task.subscribe",
    request: { params: idParam, body: json(subscriptionInput) },
    responses: {
      200: { description: "The subscription", ...json(subscriptionView) },
      ...fails("not-found", "forbidden", "agent-unavailable", "too-many-requests"),
    },
  },
  async (c) => {
    const agent = await openedAgent(c, c.req.valid("param").id);
    if (agent.outside !== null)
      refuse({ code: "agent-unavailable", detail: "it runs elsewhere, and has no mailbox here" });
    const subscription = { ...c.req.valid("json"), capabilities: agent.capabilities };
    const { services } = c.var;
    if (!(await services.taskPools.subscribe(agent.accountId, agent.id, subscription)))
      refuse({ code: "too-many-requests", detail: "too many agents have tasks sent to them" });
    const { types, atOnce, leaseMs } = subscription;
    return c.json({ types, atOnce, leaseMs });
  },
);

const get = route(
  {
    method: "get",
    path: "/v1/agents/{id}/task-subscription",
    summary: "Read which tasks come to an agent's mailbox",
    access: "task.subscribe",
    request: { params: idParam },
    responses: {
      200: { description: "The subscription", ...json(subscriptionView) },
      ...fails("not-found", "forbidden"),
    },
  },
  async (c) => {
    const agent = await openedAgent(c, c.req.valid("param").id);
    const found = await c.var.services.taskPools.subscription(agent.accountId, agent.id);
    if (found === null) return refuse({ code: "not-found" });
    const { types, atOnce, leaseMs } = found;
    return c.json({ types, atOnce, leaseMs });
  },
);

const end = route(
  {
    method: "delete",
    path: "/v1/agents/{id}/task-subscription",
    summary: "Send an agent no more tasks; those that it has stay its own",
    access: "task.subscribe",
    request: { params: idParam },
    responses: { 204: { description: "None come" }, ...fails("not-found", "forbidden") },
  },
  async (c) => {
    const agent = await openedAgent(c, c.req.valid("param").id);
    await c.var.services.taskPools.subscribe(agent.accountId, agent.id, null);
    return c.body(null, 204);
  },
);

export const taskSubscriptions = feature(put, get, end);
