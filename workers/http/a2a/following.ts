import type { Caller, News, NewsAsked, Opened } from "#domain/tasks/asked.ts";
import { refuse } from "#workers/http/kit.ts";
import type { Callee, TaskPort } from "./callee.ts";

/** A caller that waits for its answer is shown the task as it stands after this: then it can ask again. */
const BLOCKING_MAX_MS = 120_000;
/** One question to the object; after each it is asked whether the caller may still hear the answer (5 s with what a verdict lives). */
const TURN_MS = 4_000;
/** A stream in which nothing happens says that it is still there. */
const QUIET_MAX_MS = 16_000;
/** Whoever answers without a task does so within this, or its caller is shown a task. */
const FIRST_WORD_MS = 400;
/** A stream ends then; its reader subscribes again. */
const STREAM_MAX_MS = 600_000;
/** An object may be moved or started anew while somebody follows one of its tasks. */
const RESETS_MAX = 5;
const RESET_WAIT_MS = 200;

type Until = "rest" | "end";
/** Who is called, where there are tasks to be followed. */
type Followed = Pick<Callee, "caller" | "stands"> & { tasks: TaskPort };

/** Waits until nobody works on it. The message that is the answer, where there is no task; null: look at the task. */
export async function untilRest(
  { tasks, caller, stands }: Followed,
  { taskId, lastEvent }: Opened,
): Promise<string | null> {
  const endMs = Date.now() + BLOCKING_MAX_MS;
  let after = lastEvent;
  for (;;) {
    const waitMs = Math.min(TURN_MS, endMs - Date.now());
    const news = await newsOf(tasks, caller, taskId, { after, waitMs, until: "rest" });
    if (!(await stands())) return refuse({ code: "unauthenticated" });
    if (news === null || news.answer !== null) return news?.answer ?? null;
    if (news.isAtRest || waitMs <= 0) return null;
    after = news.last;
  }
}

/** A new message's stream: its one answer, or the task it began and what comes of it until nobody works on it. */
export async function* streamed(followed: Followed, opened: Opened): AsyncGenerator<string | null> {
  const { tasks, caller } = followed;
  const { taskId, lastEvent: after } = opened;
  const until = "rest" as const;
  const first = await newsOf(tasks, caller, taskId, { after, waitMs: FIRST_WORD_MS, until });
  if (first !== null && first.answer === null) {
    if ((await tasks.showTask(caller, taskId, 0)) !== null)
      return yield* events(followed, opened, until);
  }
  const { answer } =
    first?.answer == null
      ? { ...(await tasks.taskNews(caller, taskId, { after, waitMs: 0, until })) }
      : first;
  if (answer == null) throw new Error("a task was gone before it was shown");
  yield `{"message":${answer}}`;
}

/** The task, and then each thing that happens to it. */
export async function* events(
  { tasks, caller, stands }: Followed,
  { taskId, task, lastEvent }: Opened,
  until: Until,
): AsyncGenerator<string | null> {
  yield `{"task":${task}}`;
  const endMs = Date.now() + STREAM_MAX_MS;
  let after = lastEvent;
  let saidAtMs = Date.now();
  while (Date.now() < endMs) {
    const news = await newsOf(tasks, caller, taskId, { after, waitMs: TURN_MS, until });
    // Whoever fell so far behind subscribes again, and begins with the task as it is.
    if (news === null || news.isBehind || !(await stands())) return;
    yield* news.events;
    after = news.last;
    if (news.hasEnded || (until === "rest" && news.isAtRest)) return;
    if (news.events.length === 0 && Date.now() - saidAtMs < QUIET_MAX_MS) continue;
    if (news.events.length === 0) yield null;
    saidAtMs = Date.now();
  }
}

async function newsOf(
  tasks: TaskPort,
  caller: Caller,
  taskId: string,
  asked: NewsAsked,
): Promise<News | null> {
  for (let resets = 0; ; resets++) {
    try {
      return await tasks.taskNews(caller, taskId, asked);
    } catch (thrown) {
      if (resets >= RESETS_MAX) throw thrown;
      await new Promise((done) => setTimeout(done, RESET_WAIT_MS * (resets + 1)));
    }
  }
}
