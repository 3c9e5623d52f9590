import { z } from "zod";
import type { Problem } from "#domain/shared/problem.ts";
import { DAY_MS, STEPS_MAX, stepsOf, totalOf } from "#domain/usage/view.ts";
import { CALLERS, HOUR_MS } from "#domain/usage/use.ts";
import { fails, feature, json, refuse, route } from "#workers/http/kit.ts";

const instant = z.iso.datetime({ offset: true });
const counts = {
  calls: z.int(),
  /** Of these, what was refused or failed: it costs nothing. */
  failed: z.int(),
  units: z.int(),
};
const usageView = z.object({
  step: z.enum(["hour", "day"]),
  total: z.object(counts),
  items: z.array(
    z.object({
      at: z.string(),
      /** Whether it will never change again: its hours are over, and added up. */
      isSealed: z.boolean(),
      operations: z.array(z.object({ operation: z.string(), caller: z.enum(CALLERS), ...counts })),
    }),
  ),
});

const STEP_MS = { hour: HOUR_MS, day: DAY_MS } as const;

const read = route(
  {
    method: "get",
    path: "/v1/usage",
    summary: "Read what your account used, by hour or day, operation and kind of caller",
    description:
      "Each call counts once, also those asked over sessions, MCP and A2A; `inference.tokens` are tokens. Without a time, the last day. A call is here within 10 seconds, and its hour is sealed 5 minutes after its end.",
    access: "usage.read",
    request: {
      query: z.strictObject({
        from: instant.optional(),
        to: instant.optional(),
        step: z.enum(["hour", "day"]).optional(),
      }),
    },
    responses: {
      200: {
        description: "In time order; a step in which nothing was used is left out",
        ...json(usageView),
      },
      ...fails("invalid-request"),
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const { from, to, step = "hour" } = c.req.valid("query");
    const stepMs = STEP_MS[step];
    const toMs = to === undefined ? nowMs + 1 : Date.parse(to);
    const wantedMs = from === undefined ? toMs - DAY_MS : Date.parse(from);
    const fromMs = wantedMs - (wantedMs % stepMs);
    if (fromMs >= toMs) refuse(wrong("from", "must be before `to`"));
    if ((toMs - fromMs) / stepMs > STEPS_MAX)
      refuse(wrong("from", `makes more than ${STEPS_MAX} steps`));
    await services.usage.told();
    const steps = stepsOf(await services.usage.hours(principal.accountId, fromMs, toMs), stepMs);
    return c.json({
      step,
      total: totalOf(steps),
      items: steps.map(({ atMs, isSealed, lines }) => ({
        at: new Date(atMs).toISOString(),
        isSealed,
        operations: lines,
      })),
    });
  },
);

const wrong = (name: string, detail: string): Problem<"invalid-request"> => ({
  code: "invalid-request",
  errors: [{ pointer: `#/query/${name}`, detail }],
});

export const usage = feature(read);
