import type { Context } from "hono";
import { z } from "zod";
import { POOLS, type PoolName } from "#domain/resources/pools.ts";
import { MODES, type Mode } from "#domain/scheduling/queue.ts";
import type { PoolDepth } from "#domain/tasks/depth.ts";
import { redriveInput } from "#domain/tasks/several.ts";
import { type AppEnv, fails, feature, json, refuse, route, unwrap } from "#workers/http/kit.ts";
import { plain } from "./making.ts";

const poolParam = z.object({ pool: z.enum(POOLS) });
const queueView = z.object({
  pool: z.enum(POOLS),
  /** `paused`: nothing is given out. `draining`: nothing new is taken. */
  mode: z.enum(MODES),
  waiting: z.int(),
  /** After an attempt failed, until it is given out again. */
  delayed: z.int(),
  /** Until others are completed. */
  blocked: z.int(),
  leased: z.int(),
  /** Ended otherwise than completed or canceled, and kept. */
  failed: z.int(),
  bytes: z.int(),
  /** Since when the oldest waits that could be given out. */
  oldestAt: z.string().nullable(),
  shards: z.int(),
});

const list = route(
  {
    method: "get",
    path: "/v1/queues",
    summary: "Show how much waits in the queues that your account's tasks go to",
    description: "Of a pool that all accounts share, what is told is your account's own.",
    access: "queue.read",
    responses: {
      200: { description: "The queues", ...json(z.object({ items: z.array(queueView) })) },
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const items = await Promise.all(
      POOLS.map(async (pool) =>
        viewOf(pool, await services.taskPools.depth(pool, principal.accountId)),
      ),
    );
    return c.json({ items });
  },
);

const MODE_OF = { pause: "paused", resume: "open", drain: "draining" } as const satisfies Record<
  string,
  Mode
>;
const SUMMARIES: Record<keyof typeof MODE_OF, string> = {
  pause: "Give no tasks out until the queue is resumed; what is worked on goes on",
  resume: "Let a paused or draining queue go on",
  drain: "Take no new tasks; those that are there are done",
};

const controls = (["pause", "resume", "drain"] as const).map((verb) =>
  route(
    {
      method: "post",
      path: `/v1/queues/{pool}/${verb}`,
      summary: SUMMARIES[verb],
      description: "Of a pool that all accounts share, the installation's first account decides.",
      access: "queue.control",
      request: { params: poolParam },
      responses: {
        200: { description: "The queue", ...json(queueView) },
        ...fails("forbidden", "not-found"),
      },
    },
    async (c) => {
      const { services, principal } = c.var;
      const { pool } = c.req.valid("param");
      await mayControl(c, pool);
      await services.taskPools.setMode(pool, principal.accountId, MODE_OF[verb]);
      return c.json(viewOf(pool, await services.taskPools.depth(pool, principal.accountId)));
    },
  ),
);

const redrive = route(
  {
    method: "post",
    path: "/v1/queues/{pool}/redrive",
    summary: "Try failed tasks again, as if nobody had tried them",
    description:
      "Those that are named, or the oldest 100 of your account. A deadline that has passed is taken off them. One that came after others waits for them again, and stays where it is while one of those has failed for good.",
    access: "queue.control",
    request: { params: poolParam, body: json(redriveInput) },
    responses: {
      200: { description: "How many were put back", ...json(z.object({ redriven: z.int() })) },
      ...fails("not-found", "too-many-requests", "queue-full", "queue-closed", "overloaded"),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { pool } = c.req.valid("param");
    const { ids = null } = c.req.valid("json");
    const redriven = await services.taskPools.redrive(pool, principal.accountId, ids);
    return plain({ redriven: unwrap(redriven) });
  },
);

async function mayControl(c: Context<AppEnv>, pool: PoolName): Promise<void> {
  const { services, principal } = c.var;
  if (pool === "account") return;
  if ((await services.accounts.firstAccountId()) === principal.accountId) return;
  refuse({ code: "forbidden", detail: "a pool that all share is the first account's" });
}

const viewOf = (pool: PoolName, { oldestMs, ...depth }: PoolDepth): z.infer<typeof queueView> => ({
  pool,
  ...depth,
  oldestAt: oldestMs === null ? null : new Date(oldestMs).toISOString(),
});

export const taskQueueRoutes = feature(list, ...controls, redrive);
