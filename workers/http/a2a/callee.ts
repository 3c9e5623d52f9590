import type { A2aFailure } from "#domain/a2a/errors.ts";
import type { Message, PushConfig } from "#domain/a2a/wire.ts";
import type { Result } from "#domain/shared/result.ts";
import type {
  Asked,
  Caller,
  News,
  NewsAsked,
  Opened,
  TaskFilter,
  TaskPage,
} from "#domain/tasks/asked.ts";

/** The tasks of whoever is called, as far as this caller may see them. What is JSON stays text. */
export type TaskPort = {
  beginTask(asked: Asked): Promise<Result<Opened, A2aFailure>>;
  openTask(caller: Caller, id: string, historyLength: number | null): Promise<Opened | null>;
  taskNews(caller: Caller, id: string, asked: NewsAsked): Promise<News | null>;
  /** As `openTask`; from here on the caller knows the task. */
  showTask(caller: Caller, id: string, historyLength: number | null): Promise<string | null>;
  listTasks(caller: Caller, filter: TaskFilter): Promise<TaskPage>;
  cancelTask(caller: Caller, id: string): Promise<Result<string, A2aFailure>>;
  /** `isOver`: nothing will happen any more that anybody could be told of. */
  setTaskPush(
    caller: Caller,
    taskId: string,
    id: string,
    body: string,
  ): Promise<Result<{ isOver: boolean }, A2aFailure>>;
  taskPushes(caller: Caller, taskId: string): Promise<{ id: string; body: string }[] | null>;
  dropTaskPush(caller: Caller, taskId: string, id: string): Promise<boolean>;
};

/** Whoever is called over A2A, in one request: what it can do, and where its tasks are. */
export type Callee = {
  caller: Caller;
  /** Whether the caller's credential still counts: asked again and again while an answer takes its time. */
  stands(): Promise<boolean>;
  /** Whether whoever is called is the caller's own account's. */
  isOwn: boolean;
  streaming: boolean;
  /** Media types it takes. */
  inputModes: readonly string[];
  /** JSON; null where it has none. */
  extendedCard: (() => Promise<string>) | null;
  /** Answers a message itself, without a task; or a task is begun. */
  answer: ((message: Message) => Promise<Result<Message, A2aFailure>>) | null;
  /** Null where nothing ever becomes a task. */
  tasks: TaskPort | null;
  /** Why it takes no message now, asked before anything is begun. */
  refusal: A2aFailure | null;
  /** Those who are told of its tasks: each is known by its task and its own id. Null where nobody can be. */
  pushes: PushPort | null;
};

export type PushPort = {
  /** Has a place told; refused where it may not be reached. */
  set(taskId: string, id: string, config: PushConfig): Promise<A2aFailure | null>;
  end(taskId: string, id: string): Promise<void>;
};
