import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { fails, feature, idParam, json, refuse, route } from "#workers/http/kit.ts";
import { openedAgent } from "#workers/http/opened-agent.ts";

const canceledView = z.object({ id: z.string(), state: z.literal("canceled") });

const cancel = route(
  {
    method: "post",
    path: "/v1/agents/{id}/delegations/{delegationId}/cancel",
    summary: "Cancel work that an agent has handed on",
    description:
      "Whoever was given it, and everybody whom they gave of it, is told: what waits is taken back, and what is being worked on loses its lease. What was done already stays done.",
    access: "message.send",
    request: {
      params: idParam.extend({
        delegationId: text(LIMITS.idCharsMax).regex(/^[A-Za-z0-9_-]+$/),
      }),
    },
    responses: {
      200: { description: "It is being cancelled", ...json(canceledView) },
      ...fails("not-found", "forbidden"),
    },
  },
  async (c) => {
    const { id, delegationId } = c.req.valid("param");
    const agent = await openedAgent(c, id);
    if (!(await c.env.AGENT.getByName(agent.id).cancelMade(delegationId)))
      return refuse({ code: "not-found" });
    return c.json({ id: delegationId, state: "canceled" as const });
  },
);

export const delegations = feature(cancel);
