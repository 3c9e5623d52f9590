import type { Context } from "hono";
import { z } from "zod";
import { checkedInput, checkedResult } from "#domain/jobs/check.ts";
import { isJobKind, type JobInput, type JobKind } from "#domain/jobs/kinds.ts";
import {
  type BackendSpan,
  claimAnswer,
  claimInput,
  failureInput,
  heartbeatAnswer,
  heartbeatInput,
  resultInput,
  settledAnswer,
  sourcePage,
} from "#domain/jobs/protocol.ts";
import { cursorFrom, readSource, sourceOf } from "#domain/jobs/source.ts";
import { type Ticket, ticketFrom, ticketText } from "#domain/jobs/ticket.ts";
import { shardOfSecret } from "#domain/jobs/wakeup.ts";
import { openSpan } from "#domain/observability/traceparent.ts";
import { LEASE_LOST } from "#domain/shared/lease.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import type { TaskSettled } from "#domain/tasks/record.ts";
import { queueFrom, queueNameOf, taskIdOf } from "#domain/tasks/task-id.ts";
import type { TaskSettlement } from "#domain/tasks/settlement.ts";
import { recorded } from "#adapters/tracing.ts";
import { fails, feature, json, type PublicEnv, refuse, route, unwrap } from "#workers/http/kit.ts";
import { traceIsOf } from "#workers/http/guard/tracing.ts";
import { type Holding, keptText } from "#workers/http/long-results.ts";
import { bearerOf } from "./bearer.ts";

// Heavy jobs as backends see them. A backend has no account: it holds the secret of a wake-up, then a job's ticket.

type C = Context<PublicEnv>;
const SCOPE = "installation";
const FIELD = "job";

const claim = route(
  {
    method: "post",
    path: "/jobs/claim",
    summary: "Take the next heavy job, with the secret of a wake-up",
    description:
      "For backends that pulled an announcement. A secret is good for one job; null where there is none that this backend can do.",
    access: "public",
    idempotency: "ignored",
    request: { body: json(claimInput) },
    responses: {
      200: { description: "The job, under a lease", ...json(claimAnswer) },
      ...fails("invalid-request", "unauthenticated", "not-found", "overloaded"),
    },
  },
  async (c) => {
    const secret = bearerOf(c);
    const queue = shardOfSecret(secret) ?? refuse({ code: "unauthenticated" });
    const name = queueNameOf(queue);
    const { kinds, leaseMs } = c.req.valid("json");
    const ask = { types: kinds, capabilities: [], near: null, limit: 1, leaseMs, holder: null };
    const task = unwrap(await c.env.TASK_QUEUE.getByName(name).claim(secret, ask));
    if (task === null) return c.json({ job: null });
    const { seq, token, type: kind, attempts, traceparent } = task;
    const ticket = await sealed(c, { queue: name, seq, token });
    const input: unknown = JSON.parse(task.input);
    const traced = traceparent === undefined ? {} : { traceparent };
    const id = taskIdOf(queue, seq);
    return c.json({ job: { id, kind, input, attempts, leaseMs, ticket, ...traced } });
  },
  {
    admits: (c) => {
      if (shardOfSecret(bearerOf(c)) === null) refuse({ code: "unauthenticated" });
    },
  },
);

const heartbeat = route(
  {
    method: "post",
    path: "/jobs/heartbeat",
    summary: "Keep a heavy job longer, and say how far it is",
    access: "public",
    idempotency: "ignored",
    request: { body: json(heartbeatInput) },
    responses: {
      200: { description: "Until when it is yours", ...json(heartbeatAnswer) },
      ...fails("invalid-request", "unauthenticated", "not-found", "lease-lost", "overloaded"),
    },
  },
  async (c) => {
    const { queue, seq, token } = heldIn(c);
    const { leaseMs, progress = null } = c.req.valid("json");
    const settled = await say(c, { how: "heartbeat", leaseMs, progress, data: null });
    const leasedUntil = new Date(settled.leasedUntilMs ?? 0).toISOString();
    return c.json({ leasedUntil, ticket: await sealed(c, { queue, seq, token }) });
  },
  { admits },
);

const complete = route(
  {
    method: "post",
    path: "/jobs/complete",
    summary: "Say what a heavy job came to",
    description:
      "What cannot be a result of this job (shape, lengths, ranges, sums) is refused, and the attempt has failed. Said again under the same lease it changes nothing.",
    access: "public",
    idempotency: "ignored",
    request: { body: { ...json(resultInput), bytesMax: LIMITS.jobResultBytesMax } },
    responses: {
      200: { description: "It is done", ...json(settledAnswer) },
      ...fails("invalid-request", "unauthenticated", "not-found", "lease-lost", "overloaded"),
      ...fails("body-too-large"),
    },
  },
  async (c) => {
    const job = await jobIn(c);
    if (job.isDone) return c.json({ state: "completed" });
    const { result: said, spans } = c.req.valid("json");
    keepSpans(job, spans);
    const checked = checkedResult(job.kind, job.input, said);
    if (!checked.ok) {
      const [wrong] = checked.error.errors ?? [];
      const reason = `the result is none: ${wrong?.pointer ?? ""} ${wrong?.detail ?? ""}`;
      await say(c, { how: "fail", reason, isFinal: false, delayMs: null });
      return refuse(checked.error);
    }
    const text = JSON.stringify(checked.value);
    const result = unwrap(await keptText(c.var.services, holdingIn(c, job.account), text));
    const { state } = await say(c, { how: "complete", result });
    return c.json({ state });
  },
  { admits },
);

const fail = route(
  {
    method: "post",
    path: "/jobs/fail",
    summary: "Give a heavy job back that could not be done",
    access: "public",
    idempotency: "ignored",
    request: { body: json(failureInput) },
    responses: {
      200: { description: "What became of it", ...json(settledAnswer) },
      ...fails("invalid-request", "unauthenticated", "not-found", "lease-lost", "overloaded"),
    },
  },
  async (c) => {
    const { reason, final, delayMs, spans } = c.req.valid("json");
    if (spans.length > 0) keepSpans(await jobIn(c), spans);
    const { state } = await say(c, { how: "fail", reason, isFinal: final, delayMs });
    return c.json({ state });
  },
  { admits },
);

const source = route(
  {
    method: "get",
    path: "/jobs/source",
    summary: "Read the collection that a heavy job is about, page by page",
    description:
      "While its lease stands. Of a collection that changes meanwhile a unit may come twice.",
    access: "public",
    request: {
      query: z.strictObject({ after: text(LIMITS.cursorCharsMax).optional() }),
    },
    responses: {
      200: { description: "Some units", ...json(sourcePage) },
      ...fails("invalid-request", "unauthenticated", "not-found", "lease-lost", "overloaded"),
    },
  },
  async (c) => {
    const { services } = c.var;
    const { kind, input, account } = await jobIn(c);
    const asked = sourceOf(kind, input, account) ?? refuse({ code: "not-found" });
    const { after } = c.req.valid("query");
    const from = after === undefined ? null : unwrap(cursorFrom(after));
    return c.json(unwrap(await readSource(services, asked, from)));
  },
  { admits },
);

/** By request: whose ticket it came with. */
const tickets = new WeakMap<Request, Ticket>();

async function admits(c: Context): Promise<void> {
  const { services, nowMs } = (c as C).var;
  const opened = await services.keyRing.open(SCOPE, FIELD, bearerOf(c));
  const ticket = ticketFrom(opened, nowMs) ?? refuse({ code: "unauthenticated" });
  tickets.set(c.req.raw, ticket);
}

const heldIn = (c: Context): Ticket =>
  tickets.get(c.req.raw) ?? refuse({ code: "unauthenticated" });

const sealed = async (c: C, held: Omit<Ticket, "untilMs">): Promise<string> =>
  await c.var.services.keyRing.seal(SCOPE, FIELD, ticketText(held, Date.now()));

const objectOf = (c: C, { queue }: Ticket) => c.env.TASK_QUEUE.getByName(queue);

/** The job of a ticket whose lease stands. */
async function jobIn(c: C): Promise<Job> {
  const ticket = heldIn(c);
  const held = unwrap(await objectOf(c, ticket).held(ticket.seq, ticket.token));
  const { type: kind, account, isDone, traceparent } = held;
  if (!isJobKind(kind)) return refuse({ code: "not-found" });
  traceIsOf(account);
  const input = unwrap(checkedInput(kind, JSON.parse(held.input)));
  return { kind, account, isDone, input, traceparent };
}
type Job = {
  kind: JobKind;
  account: string;
  isDone: boolean;
  input: JobInput;
  traceparent: string | undefined;
};

/** What the backend did, into the trace that its job is part of: which one that is, is not the backend's to say. */
function keepSpans(
  { account: accountId, traceparent }: Pick<Job, "account" | "traceparent">,
  spans: readonly BackendSpan[],
): void {
  for (const { spanId, parentId, name, startMs, endMs, isError } of spans) {
    const place = traceparent === undefined ? null : openSpan(traceparent, spanId);
    if (place === null) return;
    const span = { name, kind: "internal", startMs, endMs, isError, attributes: {} } as const;
    recorded({ ...place, parentId, accountId, service: "gpu-backend" }, span);
  }
}

function holdingIn(c: C, accountId: string): Holding {
  const { queue: name, seq, token } = heldIn(c);
  const queue = queueFrom(name) ?? refuse(LEASE_LOST);
  const held = { seq, token, by: null, account: null };
  return { object: c.env.TASK_QUEUE.getByName(name), held, accountId, id: taskIdOf(queue, seq) };
}

async function say(c: C, said: TaskSettlement["said"]): Promise<TaskSettled> {
  const ticket = heldIn(c);
  if (queueFrom(ticket.queue) === null) refuse(LEASE_LOST);
  const { seq, token } = ticket;
  const one = { seq, token, by: null, account: null, said };
  const [settled] = await objectOf(c, ticket).settle([one]);
  return settled === undefined ? refuse({ code: "internal" }) : unwrap(settled);
}

export const jobs = feature(claim, heartbeat, complete, fail, source);
