import { backoffMs, followed, type Following, isPassing } from "./following.ts";
import type { Mutation, Query } from "./request.ts";
import type { Waiting } from "./retry.ts";
import type { Operations } from "./types.ts";

export type Task = Operations["GET /v1/tasks/{id}"]["answer"];
export type TaskInput = Operations["POST /v1/tasks"]["body"];
export type TaskPage = Operations["GET /v1/tasks"]["answer"];
export type TaskBatch = Operations["POST /v1/tasks/batch"]["body"];
export type TasksMade = Operations["POST /v1/tasks/batch"]["answer"];
export type Canceled = Operations["POST /v1/tasks/{id}/cancel"]["answer"];
export type TaskLease = Operations["POST /v1/tasks/lease"]["body"];
export type LeasedTask = Operations["POST /v1/tasks/lease"]["answer"]["tasks"][number];
export type Redrive = Operations["POST /v1/queues/{pool}/redrive"]["body"];
export type Redriven = Operations["POST /v1/queues/{pool}/redrive"]["answer"];
/** What a task's stream tells: how it stands, or what whoever works on it said. */
export type TaskNews =
  | { kind: "task"; task: Task }
  | { kind: "event"; at: string; progress: number | null; data: unknown };

/** What the client gives it: HTTP, and how to wait. */
export type TaskHttp = {
  waiting: Waiting;
  read<T>(path: string, query?: Query): Promise<T>;
  mutate<T>(method: string, path: string, body: unknown, options?: Mutation): Promise<T>;
  /** Asked once; the caller repeats it where it may. */
  ask<T>(path: string, body: unknown): Promise<T>;
  stream(
    path: string,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<ReadableStream<Uint8Array> | null>;
};

export type WorkOptions = Omit<TaskLease, "types" | "limit" | "waitMs"> & {
  /** Tasks at work at once. */
  atOnce?: number;
  signal?: AbortSignal;
};
/** What is done with a task. What it returns is the result; a throw fails the attempt. */
export type Worker = (
  task: LeasedTask,
  /** Says how far it is (0–1), and anything that whoever follows the task shall read. */
  tell: (progress?: number, data?: unknown) => Promise<void>,
) => unknown;

const POLL_MS = 20_000;
const LEASE_MS = 30_000;
const REASON_CHARS = 400;
const ENDED: ReadonlySet<string> = new Set(["completed", "failed", "canceled", "rejected"]);

/** Tasks of the account: given, followed, and worked on. */
export class Tasks {
  readonly #http: TaskHttp;

  constructor(http: TaskHttp) {
    this.#http = http;
  }

  create(task: TaskInput, options?: Mutation): Promise<Task> {
    return this.#http.mutate("POST", "/v1/tasks", task, options);
  }
  /** Several, all or none, each after those that it depends on. */
  createBatch(batch: TaskBatch, options?: Mutation): Promise<TasksMade> {
    return this.#http.mutate("POST", "/v1/tasks/batch", batch, options);
  }
  get(id: string): Promise<Task> {
    return this.#http.read(pathOf(id));
  }
  list(query: Query = {}): Promise<TaskPage> {
    return this.#http.read("/v1/tasks", query);
  }
  cancel(id: string, reason?: string, options?: Mutation): Promise<Canceled> {
    return this.#http.mutate("POST", `${pathOf(id)}/cancel`, { reason }, options);
  }
  /** What it came to, as it was stored. */
  async result(id: string): Promise<ReadableStream<Uint8Array>> {
    return (await this.#http.stream(`${pathOf(id)}/result`, {})) ?? nothing();
  }
  /** Puts failed tasks back to work, as if nobody had tried them. */
  redrive(pool: Task["pool"], which: Redrive = {}, options?: Mutation): Promise<Redriven> {
    return this.#http.mutate("POST", `/v1/queues/${pool}/redrive`, which, options);
  }

  /** A task's news until it has ended; a stream that breaks off is taken up where it was. */
  async *watch(id: string, options: Following = {}): AsyncGenerator<TaskNews> {
    const { waiting, stream } = this.#http;
    const open = (last: string | null, signal?: AbortSignal) =>
      stream(`${pathOf(id)}/events`, last === null ? {} : { "last-event-id": last }, signal);
    for await (const event of followed({ waiting, open }, options)) {
      const news = newsOf(event.name, JSON.parse(event.data));
      if (news === null) continue;
      yield news;
      if (news.kind === "task" && ENDED.has(news.task.state)) return;
    }
  }

  /** Works on tasks of these types until `signal`, or until it may not any more, which is thrown. */
  async work(types: string[], worker: Worker, options: WorkOptions = {}): Promise<void> {
    const { atOnce = 1, signal, leaseMs = LEASE_MS, ...lease } = options;
    const { waiting } = this.#http;
    const running = new Set<Promise<void>>();
    for (let failures = 0; signal?.aborted !== true;) {
      try {
        if (running.size >= atOnce) await Promise.race(running);
        const limit = Math.max(1, atOnce - running.size);
        const body = { ...lease, types, limit, leaseMs, waitMs: running.size > 0 ? 0 : POLL_MS };
        const { tasks } = await this.#http.ask<{ tasks: LeasedTask[] }>("/v1/tasks/lease", body);
        failures = 0;
        for (const task of tasks) {
          const work = this.#do(task, worker, leaseMs).finally(() => running.delete(work));
          running.add(work);
        }
        if (tasks.length === 0 && running.size > 0) await Promise.race(running);
      } catch (error) {
        if (!isPassing(error)) throw error;
        await waiting.sleep(backoffMs(++failures, waiting));
      }
    }
    await Promise.all(running);
  }

  async #do(task: LeasedTask, worker: Worker, leaseMs: number): Promise<void> {
    const { id, fencingToken } = task;
    const path = pathOf(id);
    const say = (more: object) =>
      this.#http.ask(`${path}/heartbeat`, { fencingToken, leaseMs, ...more });
    // What cannot be said is said again, or somebody else is given the task.
    const living = setInterval(() => void say({}).catch(() => {}), leaseMs / 3);
    try {
      const result = await worker(task, async (progress, data) => {
        await say({ progress, event: data }).catch(() => {});
      });
      await this.#http.mutate("POST", `${path}/complete`, { fencingToken, result: result ?? null });
    } catch (error) {
      const reason = String(error).slice(0, REASON_CHARS);
      await this.#http
        .mutate("POST", `${path}/fail`, { fencingToken, reason })
        .catch(() => undefined);
    } finally {
      clearInterval(living);
    }
  }
}

function newsOf(name: string, value: unknown): TaskNews | null {
  if (name === "task") return { kind: "task", task: value as Task };
  if (name !== "progress") return null;
  return { kind: "event", ...(value as { at: string; progress: number | null; data: unknown }) };
}

const pathOf = (id: string): string => `/v1/tasks/${encodeURIComponent(id)}`;
const nothing = (): ReadableStream<Uint8Array> => new Blob([]).stream();
