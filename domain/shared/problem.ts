/** Every failure a client can see, once (RFC 9457). The code is stable; the title may be reworded. */
export const PROBLEMS = {
  "invalid-request": { status: 400, title: "The request is not valid" },
  "egress-refused": { status: 400, title: "The target may not be reached" },
  "envelope-refused": { status: 400, title: "The envelope was changed, replayed or has expired" },
  unauthenticated: { status: 401, title: "A valid credential is needed" },
  forbidden: { status: 403, title: "The credential does not allow this" },
  "second-factor-required": { status: 403, title: "Prove your second factor once more" },
  "sign-in-refused": {
    status: 403,
    title: "What the identity provider answered signs nobody in here",
  },
  "model-unknown": { status: 404, title: "No such model is offered here" },
  "topic-unknown": { status: 404, title: "There is no such topic" },
  "not-found": { status: 404, title: "There is nothing here that you may see" },
  "method-not-allowed": { status: 405, title: "This address does not take that method" },
  conflict: { status: 409, title: "The request conflicts with the present state" },
  "unit-duplicate": { status: 409, title: "This content is already published" },
  "lease-lost": { status: 409, title: "The lease is not yours any more" },
  "agent-unavailable": {
    status: 409,
    title: "The agent is in a state in which it does not do this",
  },
  "delegation-loop": { status: 409, title: "The work came by that agent already" },
  "delegation-too-deep": { status: 409, title: "The work has been handed on too often" },
  "delegation-over": { status: 409, title: "The work that this is for is over" },
  "delegation-unclear": { status: 409, title: "Say which work this is for" },
  "budget-exhausted": { status: 409, title: "The budget of the work does not allow it" },
  "group-rebalanced": {
    status: 409,
    title: "The group's partitions were given out anew: join again",
  },
  "idempotency-conflict": { status: 409, title: "The idempotency key was used with another body" },
  "idempotency-in-flight": {
    status: 409,
    title: "The first request with this idempotency key is still running",
  },
  "offset-gone": { status: 410, title: "These events are kept no more" },
  "version-stale": { status: 412, title: "The resource has changed since you read it" },
  "event-too-large": { status: 413, title: "The event is too large" },
  "body-too-large": { status: 413, title: "The body is too large" },
  "unsupported-media-type": { status: 415, title: "The body has the wrong media type" },
  "upgrade-required": { status: 426, title: "This address speaks WebSocket" },
  "version-required": { status: 428, title: "Send If-Match with the version you read" },
  "too-many-requests": { status: 429, title: "Too many requests" },
  "inference-budget-spent": { status: 429, title: "Today's budget for models is spent" },
  internal: { status: 500, title: "Something went wrong on our side" },
  "no-model-bound": { status: 501, title: "No model is bound for this task" },
  "model-failed": { status: 502, title: "The model did not answer as it should" },
  "egress-failed": { status: 502, title: "The target did not answer as it should" },
  "queue-full": { status: 503, title: "The queue has no room until tasks are taken from it" },
  "queue-closed": { status: 503, title: "The queue takes no new tasks at present" },
  "mailbox-full": { status: 503, title: "The mailbox has no room until its agent takes messages" },
  "shards-full": { status: 503, title: "There is no room for new units until a shard is added" },
  overloaded: { status: 503, title: "This part is busy, try again shortly" },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** `pointer` is a JSON Pointer (RFC 6901) into the body, or `#/query/name` and `#/headers/name` outside it. */
export type Invalid = { pointer: string; detail: string };

export type Problem<C extends ProblemCode = ProblemCode> = {
  code: C;
  detail?: string;
  errors?: Invalid[];
  retryAfterS?: number;
  /** The scope that would have been enough: told in the challenge, so that a client can ask for it. */
  scope?: string;
  /** The first event that is still there, where those that were asked for are not. */
  earliest?: number;
};
