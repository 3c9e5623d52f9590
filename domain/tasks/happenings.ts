import type { Change, End } from "#domain/scheduling/row.ts";
import { type QueueName, taskIdOf } from "#domain/tasks/task-id.ts";
import type { EventDraft } from "#domain/topics/event.ts";

/**
 * What happens to tasks, as the topic `agent.tasks` tells it: `task.created` and so on. `delayed`: an attempt came to
 * nothing and another one follows. `lapsed`: a lease ran out. `recalled`: it was taken back from whoever had it.
 * `callback-failed`: whoever was to be told of its end never took that.
 */
const WHAT = [
  "created",
  "leased",
  "progressed",
  "delayed",
  "lapsed",
  "recalled",
  "completed",
  "failed",
  "canceled",
  "redriven",
  "callback-failed",
] as const;
type What = (typeof WHAT)[number];

/**
 * One of them as it is kept until its topic has it: `WHAT`'s index, time, place, account, type, attempts, the agent or 0,
 * and what else there is to say.
 */
export type TaskNote = [number, number, number, string, string, number, string | 0, More?];
type More = {
  cause?: string;
  progress?: number;
  untilMs?: number;
  priority?: number;
  reason?: string;
  /** Of the task, where its trace is recorded. */
  traceparent?: string;
};

type About = {
  seq: number;
  account: string;
  type: string;
  attempts: number;
  agentId: string | null;
};

export function taskNote(what: What, about: About, atMs: number, more?: More): TaskNote {
  const { seq, account, type, attempts, agentId } = about;
  const note: TaskNote = [WHAT.indexOf(what), atMs, seq, account, type, attempts, agentId ?? 0];
  if (more !== undefined) note.push(more);
  return note;
}

/** The same of a task that is part of a trace. */
export function tracedNote(note: TaskNote, traceparent: string): TaskNote {
  const [what, atMs, seq, account, type, attempts, agent, more] = note;
  return [what, atMs, seq, account, type, attempts, agent, { ...more, traceparent }];
}

/** Why a task moved, where its row does not say: what its holder said, or that it was taken from them. */
export type Why = { progress: number | null; data: string | null } | "recalled" | null;

/**
 * What a change tells; null where it is nothing that anybody asked to know: a lease that goes on, a delay that is over, a
 * task whose turn has come.
 */
export function noteOf(change: Change, why: Why, nowMs: number): TaskNote | null {
  switch (change.kind) {
    case "added":
      return taskNote("created", agentless(change.row), nowMs, { priority: change.row.priority });
    case "revived":
      return taskNote("redriven", agentless(change.row), nowMs);
    case "ended":
      return taskNote(change.end.state, aboutOf(change), nowMs, whyOf(change.end));
    case "moved": {
      const { standing, isHeld, untilMs } = change.moving;
      if (why === "recalled") return taskNote(why, aboutOf(change), nowMs);
      if (why !== null) return saidNote(change, why, nowMs);
      if (standing === "leased") return taskNote("leased", aboutOf(change), nowMs, { untilMs });
      if (standing === "delayed") return taskNote("delayed", aboutOf(change), nowMs, { untilMs });
      return standing === "waiting" && isHeld ? taskNote("lapsed", aboutOf(change), nowMs) : null;
    }
  }
}

function saidNote(
  change: Change & { kind: "moved" },
  { progress, data }: Exclude<Why, string | null>,
  nowMs: number,
): TaskNote | null {
  if (progress === null && data === null) return null;
  return taskNote("progressed", aboutOf(change), nowMs, progress === null ? {} : { progress });
}

const agentless = (row: Omit<About, "agentId">): About => ({ ...row, agentId: null });

const aboutOf = ({ seq, account, type, moving }: Change & { kind: "moved" | "ended" }): About => ({
  seq,
  account,
  type,
  attempts: moving.attempts,
  agentId: moving.holder,
});

const whyOf = ({ cause }: End): More | undefined => (cause === null ? undefined : { cause });

/** The event that a note becomes, and whose it is. No input, no result, nothing that somebody said: ids and facts. */
export function taskEvent(
  queue: QueueName,
  note: TaskNote,
  id: string,
): { accountId: string; draft: EventDraft } {
  const [what, timeMs, seq, accountId, type, attempts, agent, more = {}] = note;
  const taskId = taskIdOf(queue, seq);
  const { untilMs, traceparent, ...rest } = more;
  const data = {
    taskId,
    type,
    pool: queue.pool,
    attempts,
    ...(agent !== 0 && { agentId: agent }),
    ...(untilMs !== undefined && { until: new Date(untilMs).toISOString() }),
    ...rest,
  };
  const draft: EventDraft = { id, type: `task.${WHAT[what]}`, timeMs, subject: taskId, data };
  if (traceparent !== undefined) draft.traceparent = traceparent;
  return { accountId, draft };
}
