import { z } from "zod";
import { fails, feature, json, refuse, route } from "#workers/http/kit.ts";

const state = z.object({ status: z.literal("ok") });

const alive = route(
  {
    method: "get",
    path: "/healthz",
    priority: "vital",
    summary: "Whether the process answers",
    access: "public",
    responses: { 200: { description: "It does", ...json(state) } },
  },
  (c) => c.json({ status: "ok" }),
);

const ready = route(
  {
    method: "get",
    path: "/readyz",
    priority: "vital",
    summary: "Whether requests can be served: every database answers",
    access: "public",
    responses: { 200: { description: "They can", ...json(state) }, ...fails("overloaded") },
  },
  async (c) => {
    if (!(await c.var.services.isReady())) refuse({ code: "overloaded", retryAfterS: 1 });
    return c.json({ status: "ok" });
  },
);

export const health = feature(alive, ready);
