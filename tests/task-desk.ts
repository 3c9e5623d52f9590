import { newAccount, type TestAccount } from "./helpers.ts";

export type Task = {
  id: string;
  ref?: string;
  state: string;
  cause: string | null;
  reason: string | null;
  progress: number | null;
};
export type Given = {
  id: string;
  type: string;
  fencingToken: number;
  attempts: number;
  input: unknown;
};

export async function ok<T>(answer: Promise<Response>): Promise<T> {
  const response = await answer;
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return await response.json<T>();
}

/** A new account, and its tasks over HTTP: of the type `step` where nothing else is said. */
export async function newDesk() {
  const owner: TestAccount = await newAccount();
  const post = (path: string, body: object) => owner.call("POST", path, { body });
  return {
    owner,
    post,
    batch: async (tasks: object[]) => {
      const all = tasks.map((one) => ({ type: "step", input: 1, ...one }));
      return (await ok<{ tasks: Task[] }>(post("/v1/tasks/batch", { tasks: all }))).tasks;
    },
    lease: async (limit = 10, types = ["step"]) =>
      (await ok<{ tasks: Given[] }>(post("/v1/tasks/lease", { types, limit }))).tasks,
    say: (how: string, { id, fencingToken }: Given, more: object = {}) =>
      post(`/v1/tasks/${id}/${how}`, { fencingToken, ...more }),
    show: (id: string) => ok<Task>(owner.call("GET", `/v1/tasks/${id}`)),
  };
}
export type Desk = Awaited<ReturnType<typeof newDesk>>;
