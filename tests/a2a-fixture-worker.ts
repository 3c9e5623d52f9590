import { DurableObject } from "cloudflare:workers";
import { toldFrom } from "#domain/a2a/update.ts";
import type { Message } from "#domain/a2a/wire.ts";
import type { Asked, Caller, NewsAsked, TaskFilter } from "#domain/tasks/asked.ts";
import { TASK_SPAN_STEP, TASK_STEPS, type TaskRow } from "#objects/agent-task-rows.ts";
import { AgentTasks } from "#objects/agent-tasks.ts";
import { migrate } from "#objects/migrate.ts";
import { a2aAt } from "#workers/http/a2a/routes.ts";
import type { TaskPort } from "#workers/http/a2a/callee.ts";
import { appOf } from "#workers/http/app.ts";
import { feature, route } from "#workers/http/kit.ts";

// An agent for outside compatibility kits, on the product's own A2A handler, bindings and task store. What it does follows
// from how the id of the message begins.

type FixtureEnv = Env & {
  FIXTURE_AGENT: DurableObjectNamespace<FixtureAgent>;
  FIXTURE_URL: string;
  FIXTURE_CARD: string;
};
type Step = Partial<Parameters<typeof toldFrom>[0]> | { waitMs: number };

const text = (words: string) => [{ text: words }];
const done = { status: { state: "completed" } } as const;
const working = { status: { state: "working" } } as const;
const artifact = (
  parts: { text?: string; raw?: string; url?: string; data?: unknown }[],
  { append = false, lastChunk = true } = {},
): Step => ({ artifacts: [{ artifactId: "output", parts, append, lastChunk }] });
const file = { filename: "output.txt", mediaType: "text/plain" };
const inlineFile = artifact([{ raw: btoa("File content from TCK"), ...file }]);
const SILENCE_MS = 4_000;

/** The first that a message's id begins with. */
const BEHAVIOURS: readonly [prefix: string, steps: readonly Step[]][] = [
  ["tck-artifact-text", [artifact(text("Generated text content")), done]],
  ["tck-artifact-file-url", [artifact([{ url: "https://example.com/output.txt", ...file }]), done]],
  ["tck-artifact-file", [inlineFile, done]],
  ["tck-artifact-data", [artifact([{ data: { key: "value", count: 42 } }]), done]],
  ["tck-message-response", [{ answer: text("Direct message response") }]],
  ["tck-input-required", [{ status: { state: "input-required" } }]],
  ["tck-reject-task", [{ status: { state: "rejected", parts: text("rejected") } }]],
  ["tck-stream-001", [working, artifact(text("Stream hello from TCK")), done]],
  ["tck-stream-002", [done]],
  ["tck-stream-003", [working, artifact(text("Stream task lifecycle")), done]],
  ["tck-stream-ordering-001", [working, artifact(text("Ordered output")), done]],
  ["tck-stream-artifact-text", [working, artifact(text("Streamed text content")), done]],
  ["tck-stream-artifact-file", [working, inlineFile, done]],
  [
    "tck-stream-artifact-chunked",
    [
      working,
      artifact(text("chunk-1 "), { lastChunk: false }),
      artifact(text("chunk-2"), { append: true }),
      done,
    ],
  ],
  ["test-resubscribe-message-id", [working, { waitMs: SILENCE_MS }, done]],
  ["", [{ status: { state: "completed", parts: text("Hello from TCK") } }]],
];

/** The tasks of the fixture: the product's own part of an agent's object, with the agent's program in the same place. */
export class FixtureAgent extends DurableObject<FixtureEnv> {
  readonly #tasks: AgentTasks;

  constructor(ctx: DurableObjectState, env: FixtureEnv) {
    super(ctx, env);
    migrate(ctx.storage, [...TASK_STEPS, TASK_SPAN_STEP]);
    this.#tasks = new AgentTasks(ctx.storage, {
      hand: (task, message) => {
        ctx.waitUntil(this.#work(task, JSON.parse(message) as Message));
        return null;
      },
      ended: () => {},
      push: () => {},
    });
  }

  async #work({ id }: TaskRow, { messageId }: Message): Promise<void> {
    const [, steps = []] = BEHAVIOURS.find(([prefix]) => messageId.startsWith(prefix)) ?? [];
    for (const step of steps) {
      const waitMs = "waitMs" in step ? step.waitMs : 0;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      if ("waitMs" in step) continue;
      const said = { artifacts: [], status: undefined, answer: undefined, ...step };
      const told = toldFrom(said, { id }, () => crypto.randomUUID());
      if (!this.#tasks.tell(id, told, Date.now()).ok) return; // it was canceled
    }
  }

  beginTask(asked: Asked) {
    return this.#tasks.begin(asked, Date.now());
  }
  openTask(caller: Caller, id: string, historyLength: number | null) {
    return this.#tasks.open(caller, id, historyLength);
  }
  taskNews(caller: Caller, id: string, asked: NewsAsked) {
    return this.#tasks.news(caller, id, asked);
  }
  showTask(caller: Caller, id: string, historyLength: number | null) {
    return this.#tasks.show(caller, id, historyLength);
  }
  listTasks(caller: Caller, filter: TaskFilter) {
    return this.#tasks.list(caller, filter);
  }
  cancelTask(caller: Caller, id: string) {
    return this.#tasks.cancel(caller, id, Date.now());
  }
  setTaskPush(caller: Caller, taskId: string, id: string, body: string) {
    return this.#tasks.setPush(caller, taskId, id, body);
  }
  taskPushes(caller: Caller, taskId: string) {
    return this.#tasks.pushes(caller, taskId);
  }
  dropTaskPush(caller: Caller, taskId: string, id: string) {
    return this.#tasks.dropPush(caller, taskId, id);
  }
}

const INPUT_MODES = ["text/plain", "application/json"];

/** `minimal`: an agent that does only what every agent must. */
const isFull = (env: FixtureEnv): boolean => env.FIXTURE_CARD !== "minimal";

function cardOf(env: FixtureEnv): object {
  const binding = (protocolBinding: string, path: string) => ({
    url: `${env.FIXTURE_URL}${path}`,
    protocolBinding,
    protocolVersion: "1.0",
  });
  return {
    name: "WisHub A2A fixture",
    description:
      "Behaves as compatibility kits expect: what it does follows from the message's id.",
    version: "1.0.0",
    supportedInterfaces: [binding("JSONRPC", "/a2a"), binding("HTTP+JSON", "/a2a/rest")],
    capabilities: {
      streaming: isFull(env),
      pushNotifications: isFull(env),
      extendedAgentCard: isFull(env),
      extensions: [],
    },
    defaultInputModes: INPUT_MODES,
    defaultOutputModes: INPUT_MODES,
    skills: [{ id: "tck", name: "TCK", description: "Answers a kit's messages.", tags: ["test"] }],
  };
}

const card = route(
  {
    method: "get",
    path: "/.well-known/agent-card.json",
    summary: "The fixture's card",
    access: "public",
    responses: {},
  },
  (c) => {
    const headers = { "Cache-Control": "public, max-age=60", ETag: '"1"' };
    return Response.json(cardOf(c.env as FixtureEnv), { headers });
  },
);

const app = appOf([
  feature(card),
  a2aAt({
    path: "/a2a",
    who: "the fixture",
    access: "public",
    async calleeOf(c) {
      const env = c.env as FixtureEnv;
      return {
        caller: { accountId: "anybody", agentId: null },
        isOwn: false,
        stands: async () => true,
        streaming: isFull(env),
        inputModes: INPUT_MODES,
        extendedCard: isFull(env) ? async () => JSON.stringify(cardOf(env)) : null,
        answer: null,
        // A stub answers with the same values, in promises.
        tasks: env.FIXTURE_AGENT.getByName("fixture") as unknown as TaskPort,
        refusal: null,
        // Kept and shown; nothing is sent from here.
        pushes: isFull(env) ? { set: async () => null, end: async () => {} } : null,
      };
    },
  }),
]);

export default { fetch: app.fetch } satisfies ExportedHandler<Env>;
