import { z } from "zod";
import { POOLS } from "#domain/resources/pools.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { merged, positionsFrom, positionsText } from "#domain/tasks/listing.ts";
import { taskView } from "#domain/tasks/model.ts";
import { taskViewOf } from "#domain/tasks/record.ts";
import { TASK_STATES } from "#domain/tasks/state.ts";
import {
  fails,
  feature,
  json,
  PAGE_DEFAULT,
  pageOf,
  pageQuery,
  refuse,
  route,
} from "#workers/http/kit.ts";

const CURSOR = { pointer: "#/query/cursor", detail: "must be a nextCursor this list has given" };

const list = route(
  {
    method: "get",
    path: "/v1/tasks",
    summary: "List your account's tasks, the newest first",
    description:
      "A page may hold fewer than asked for where few are of that state or type: go on while there is a `nextCursor`. What has ended is kept for seven days. Failed tasks are the dead letters; `POST /v1/tasks/redrive` tries them again.",
    access: "task.show",
    request: {
      query: pageQuery.extend({
        state: z.enum(TASK_STATES).optional(),
        type: text(LIMITS.taskTypeCharsMax).optional(),
        pool: z.enum(POOLS).optional(),
      }),
    },
    responses: {
      200: { description: "A page of tasks", ...json(pageOf(taskView)) },
      ...fails("invalid-request"),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const query = c.req.valid("query");
    const { limit = PAGE_DEFAULT, cursor, pool = "account", state = null, type = null } = query;
    const positions = cursor === undefined ? [] : positionsFrom(cursor);
    if (positions === null) return refuse({ code: "invalid-request", errors: [CURSOR] });
    const asked = { account: principal.accountId, state, type, limit };
    const { queues, pages } = await services.taskPools.pages(pool, asked, positions);
    const page = merged(pages, limit);
    const isOver = page.positions.every((one) => one === null);
    return c.json({
      items: page.tasks.flatMap(({ shard, task }) => {
        const queue = queues[shard];
        return queue === undefined ? [] : [taskViewOf(queue, task)];
      }),
      nextCursor: isOver ? null : positionsText(page.positions),
    });
  },
);

export const taskLists = feature(list);
