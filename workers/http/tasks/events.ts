import type { Context } from "hono";
import { z } from "zod";
import { text } from "#domain/shared/text.ts";
import { type Mark, markFrom, markText, NOTHING_TOLD } from "#domain/tasks/news.ts";
import { taskViewOf } from "#domain/tasks/record.ts";
import { mayNow } from "#workers/http/guard/policing.ts";
import { type AppEnv, fails, feature, idParam, refuse, route, unwrap } from "#workers/http/kit.ts";
import { performedFor } from "#workers/http/operations.ts";
import { eventText, sse } from "#workers/http/sse.ts";
import { standing } from "#workers/http/standing.ts";

/** One question to the queue; after each, whether the caller may still hear the answer. */
const TURN_MS = 4_000;
/** A stream in which nothing happens says that it is still there. */
const QUIET_MAX_MS = 16_000;
/** A stream ends then; its reader comes again with the last id it saw. */
const STREAM_MAX_MS = 600_000;
/** Where an answer is carried as a whole. */
const POLL_MS = 20_000;
const MARK_CHARS_MAX = 80;

const follow = route(
  {
    method: "get",
    path: "/v1/tasks/{id}/events",
    summary: "Follow a task until it has ended, as server-sent events",
    description:
      "`task` says how it stands, `progress` what whoever works on it said. With the header `Last-Event-ID`, or `after`, it begins after that event; of states in between that nobody read only the newest is told. Over a session or MCP the answer ends with the first news, or after 20 seconds without any.",
    access: "task.show",
    request: { params: idParam, query: z.strictObject({ after: text(MARK_CHARS_MAX).optional() }) },
    responses: {
      200: { description: "What happens to it", content: { "text/event-stream": {} } },
      ...fails("not-found", "too-many-requests"),
    },
  },
  async (c) => {
    const { accountId } = c.var.principal;
    const found = unwrap(c.var.services.taskQueues.find(c.req.valid("param").id, accountId));
    const { seq, object } = found;
    if ((await object.show(seq, accountId)) === null) return refuse({ code: "not-found" });
    const after = c.req.valid("query").after ?? c.req.header("Last-Event-ID") ?? "";
    const isPoll = performedFor(c.req.raw) !== undefined;
    return sse(told(c, found, { mark: markFrom(after) ?? NOTHING_TOLD, isPoll }), () =>
      eventText({ name: "error", data: JSON.stringify({ code: "internal" }) }),
    );
  },
);

type Found = ReturnType<AppEnv["Variables"]["services"]["taskQueues"]["find"]> & { ok: true };

async function* told(
  c: Context<AppEnv>,
  { queue, seq, object }: Found["value"],
  { mark: from, isPoll }: { mark: Mark; isPoll: boolean },
): AsyncGenerator<string | null> {
  const { accountId } = c.var.principal;
  const endMs = Date.now() + (isPoll ? POLL_MS : STREAM_MAX_MS);
  const stands = standing(c, (asking) => mayNow(asking, "task.show", c.req.param("id")));
  let mark = from;
  let saidAtMs = Date.now();
  for (let waitMs = 0; Date.now() < endMs; waitMs = TURN_MS) {
    const news = await object.news(seq, accountId, mark, waitMs);
    if (news === null || !(await stands())) return;
    for (const event of news.events) {
      const { n, atMs, progress, data } = event;
      const at = new Date(atMs).toISOString();
      const id = markText({ n, stood: mark.stood });
      const said = `{"at":"${at}","progress":${progress},"data":${data ?? "null"}}`;
      yield eventText({ id, name: "progress", data: said });
    }
    if (news.mark.stood !== mark.stood) {
      const data = JSON.stringify(taskViewOf(queue, news.task));
      yield eventText({ id: markText(news.mark), name: "task", data });
    }
    const isNews = news.events.length > 0 || news.mark.stood !== mark.stood;
    mark = news.mark;
    if (news.task.end !== null || (isPoll && isNews)) return;
    if (!isNews && Date.now() - saidAtMs < QUIET_MAX_MS) continue;
    if (!isNews) yield null;
    saidAtMs = Date.now();
  }
}

export const taskEvents = feature(follow);
