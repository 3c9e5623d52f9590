import type { Context } from "hono";
import { ackRequest, pullRequest, succeeded } from "#domain/jobs/pull.ts";
import { JOB_QUEUE } from "#domain/jobs/wakeup.ts";
import { base64Of } from "#domain/shared/bytes.ts";
import { sameText } from "#domain/shared/text.ts";
import { z } from "zod";
import { fails, feature, json, refuse, route } from "#workers/http/kit.ts";
import { bearerOf } from "./bearer.ts";

/** Only where the operator gave backends a token; deployed, the queue is the platform's and is pulled from there. */
function admits(c: Context<{ Bindings: Env }>): void {
  const token = c.env.WISHUB_JOBS_TOKEN;
  if (token === undefined || token === "") refuse({ code: "not-found" });
  if (!sameText(bearerOf(c), token)) refuse({ code: "unauthenticated" });
}

const queueOf = (env: Env) => env.PULL_QUEUE.getByName(JOB_QUEUE);
const envelope = <S extends z.ZodType>(result: S) =>
  z.object({
    success: z.literal(true),
    errors: z.array(z.unknown()),
    messages: z.array(z.unknown()),
    result,
  });

const pull = route(
  {
    method: "post",
    path: "/jobs/queue/messages/pull",
    summary: "Take announcements of heavy jobs (Cloudflare's HTTP pull API)",
    description: "For backends that hold the operator's token; not for accounts.",
    access: "public",
    idempotency: "ignored",
    request: { body: json(pullRequest) },
    responses: {
      200: {
        description: "Messages, each under a lease",
        ...json(
          envelope(
            z.object({ message_backlog_count: z.int(), messages: z.array(z.looseObject({})) }),
          ),
        ),
      },
      ...fails("invalid-request", "unauthenticated", "not-found"),
    },
  },
  async (c) => {
    const asked = c.req.valid("json");
    const queue = queueOf(c.env);
    const { messages, backlog } = await queue.pull(asked.batch_size, asked.visibility_timeout_ms);
    const utf8 = new TextEncoder();
    return c.json(
      succeeded({
        message_backlog_count: backlog,
        messages: messages.map(({ id, body, attempts, sentAtMs, leaseId }) => ({
          id,
          body: base64Of(utf8.encode(body)),
          attempts,
          timestamp_ms: sentAtMs,
          lease_id: leaseId,
          metadata: { "CF-Content-Type": "json" },
        })),
      }),
    );
  },
  { admits },
);

const ack = route(
  {
    method: "post",
    path: "/jobs/queue/messages/ack",
    summary:
      "Be done with announcements of heavy jobs, or give them back (Cloudflare's HTTP pull API)",
    description: "For backends that hold the operator's token; not for accounts.",
    access: "public",
    idempotency: "ignored",
    request: { body: json(ackRequest) },
    responses: {
      200: {
        description: "How many of which; leases that were no good are warned of",
        ...json(
          envelope(
            z.object({ ackCount: z.int(), retryCount: z.int(), warnings: z.array(z.string()) }),
          ),
        ),
      },
      ...fails("invalid-request", "unauthenticated", "not-found"),
    },
  },
  async (c) => {
    const { acked, retried, lost } = await queueOf(c.env).settle(c.req.valid("json"));
    const warnings = lost.map((leaseId) => `lease ${leaseId} is no good any more`);
    return c.json(succeeded({ ackCount: acked, retryCount: retried, warnings }));
  },
  { admits },
);

export const jobQueue = feature(pull, ack);
