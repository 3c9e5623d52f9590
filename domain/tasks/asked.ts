import type { Hop } from "#domain/delegation/hop.ts";
import type { EnvelopeName } from "#domain/envelope/admit.ts";

/** Who asks an agent for a task: an account, and the agent of it that asks, if one does. */
export type Caller = { accountId: string; agentId: string | null };

/** A message that begins a task or goes on with one. Texts are JSON: an object keeps them as they are. */
export type Asked = {
  caller: Caller;
  /** Whether the agent is the caller's own account's. */
  isOwn: boolean;
  /** The task it goes on with; a new one otherwise. */
  taskId: string | null;
  /** The delegation by which a new one comes. */
  hop?: Hop;
  /** What the envelope that it carries is known by: it is taken once, with what it begins. */
  envelope?: EnvelopeName;
  contextId: string | null;
  /** For what is made: unique, and nobody else's. */
  fresh: { taskId: string; contextId: string };
  message: string;
  metadata: string | null;
  /** A push config that is to be there before anything happens. */
  push: string | null;
  /** Of the task, where whoever asks is in a recorded trace, as `openSpanText` writes it. */
  span?: string;
  /** Asked again with the same key, it is the same task. */
  repeatKey: string | null;
  /** The caller is shown the task at once, so an answer without one is too late. */
  isShown: boolean;
  /** Of the task as it is told of first. */
  historyLength: number | null;
};

/** A task (JSON of A2A's Task) and the number of the last event that it holds already; news come after. */
export type Opened = { taskId: string; task: string; lastEvent: number; hasEnded: boolean };

/** News after an event, waiting so long for some; `rest`: that nobody works on it is news, too. */
export type NewsAsked = { after: number; waitMs: number; until: "rest" | "end" };

/** What came of a task since an event. `last`: the number to ask from next. */
export type News = {
  /** JSON of A2A's StreamResponse, in order. */
  events: string[];
  last: number;
  /** Nobody works on it: it has ended or waits for its caller. */
  isAtRest: boolean;
  hasEnded: boolean;
  /** JSON of a message that answers without a task; the task is none then. */
  answer: string | null;
  /** Some events are no longer kept. */
  isBehind: boolean;
};

/** How an asked-for page of tasks is chosen. */
export type TaskFilter = {
  contextId: string | null;
  state: string | null;
  changedAfterMs: number | null;
  historyLength: number | null;
  withArtifacts: boolean;
  limit: number;
  after: { atMs: number; id: string } | null;
};
/** `tasks`: JSON of A2A's Task each. */
export type TaskPage = {
  tasks: string[];
  next: { atMs: number; id: string } | null;
  total: number;
};

/** What the agent's program says of a task that it works on, as it came (domain/a2a/update.ts). */
export type Told = {
  artifacts: { id: string; body: string; append: boolean; lastChunk: boolean }[];
  status: { state: string; message: string | null } | null;
  /** JSON of a message that is the whole answer. */
  answer: string | null;
};
