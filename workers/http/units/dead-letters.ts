import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import { feature, json, route } from "#workers/http/kit.ts";

const deadLetterView = z.object({
  queue: z.enum(["unit-verify", "unit-index"]),
  unitId: z.string(),
  version: z.int(),
  reason: z.string(),
  at: z.string(),
});

const list = route(
  {
    method: "get",
    path: "/v1/dead-letters",
    summary: "Show the work of your account that failed on every attempt",
    description: "The oldest 100. Redrive them once the cause is mended.",
    access: "dead-letter.read",
    responses: {
      200: {
        description: "The dead letters",
        ...json(z.object({ items: z.array(deadLetterView) })),
      },
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const letters = await services.deadLetters.list(principal.accountId, LIMITS.pageMax);
    return c.json({
      items: letters.map(({ atMs, ...letter }) => ({
        ...letter,
        at: new Date(atMs).toISOString(),
      })),
    });
  },
);

const redrive = route(
  {
    method: "post",
    path: "/v1/dead-letters/redrive",
    priority: "background",
    summary: "Put your account's oldest 100 dead letters back to work",
    access: "dead-letter.redrive",
    responses: {
      202: { description: "How many were put back", ...json(z.object({ redriven: z.int() })) },
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const letters = await services.deadLetters.list(principal.accountId, LIMITS.pageMax);
    await services.relay.arm(letters.map((letter) => letter.unitId));
    await services.deadLetters.redrive(principal.accountId, letters, nowMs);
    services.hand.verify(letters.filter((letter) => letter.queue === "unit-verify"));
    services.hand.index(letters.filter((letter) => letter.queue === "unit-index"));
    return c.json({ redriven: letters.length }, 202);
  },
);

export const deadLetters = feature(list, redrive);
