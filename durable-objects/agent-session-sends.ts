import { messageInput, type sentViews } from "#domain/mailbox/model.ts";
import { log } from "#domain/observability/log.ts";
import { answerText, type RequestFrame, together } from "#domain/sessions/frames.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { PROBLEMS, type ProblemCode } from "#domain/shared/problem.ts";
import type { z } from "zod";
import { problemText } from "#objects/agent-operations.ts";
import type { Session } from "#objects/agent-session.ts";

const PATH = /^\/v1\/agents\/([A-Za-z0-9_-]{1,64})\/messages$/;
/** What one request to a mailbox may carry, beside its quotes and commas. */
const TOGETHER_CHARS = LIMITS.bodyBytesMax / 4;

type Waiting = { id: string; message: object; chars: number };

/**
 * Messages that one session sends: those to one agent go together and in the order they came, and while some are on
 * their way the next ones wait for them.
 */
export class SessionSends {
  readonly #session: Session;
  readonly #send: (to: string, messages: object[]) => Promise<Response>;
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #busy = new Set<string>();

  constructor(session: Session, send: (to: string, messages: object[]) => Promise<Response>) {
    this.#session = session;
    this.#send = send;
  }

  /** Takes a request that sends a message as it should be; any other one goes its own way. */
  take({ id, method, path, headers = {}, body }: RequestFrame): boolean {
    const [, to] = method === "POST" ? (PATH.exec(path) ?? []) : [];
    const { "idempotency-key": idempotencyKey, ...others } = headers;
    if (to === undefined || Object.keys(others).length > 0) return false;
    // Refused by itself: together, one that is wrong is all that is answered.
    if ((idempotencyKey?.length ?? 0) > LIMITS.idempotencyKeyCharsMax) return false;
    if (!messageInput.safeParse(body).success) return false;
    const waiting = this.#waiting.get(to) ?? [];
    if (waiting.length === 0) this.#waiting.set(to, waiting);
    const message = {
      ...(body as object),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    };
    waiting.push({ id, message, chars: JSON.stringify(message).length });
    return true;
  }

  /** Sends what was taken, and what comes while it is on its way. */
  async flush(): Promise<void> {
    const free = [...this.#waiting.keys()].filter((to) => !this.#busy.has(to));
    await Promise.all(free.map((to) => this.#sendAll(to)));
  }

  async #sendAll(to: string): Promise<void> {
    this.#busy.add(to);
    for (let some = this.#next(to); some.length > 0; some = this.#next(to)) {
      const texts = await this.#sent(to, some);
      this.#session.requests -= some.length;
      this.#session.send(together(texts));
      this.#session.keep();
    }
    this.#busy.delete(to);
    this.#waiting.delete(to);
  }

  /** As many as may go together. */
  #next(to: string): Waiting[] {
    const waiting = this.#waiting.get(to) ?? [];
    let chars = 0;
    let count = 0;
    for (const one of waiting) {
      chars += one.chars;
      if (count > 0 && (count >= LIMITS.messagesPerCallMax || chars > TOGETHER_CHARS)) break;
      count++;
    }
    return waiting.splice(0, count);
  }

  async #sent(to: string, some: readonly Waiting[]): Promise<string[]> {
    try {
      const messages = some.map(({ message }) => message);
      const answer = await this.#send(to, messages);
      const { status } = answer;
      const text = await answer.text();
      if (status !== 200)
        return some.map(({ id }) => answerText({ id, status, headers: retry(answer), body: text }));
      const { results } = JSON.parse(text) as z.infer<typeof sentViews>;
      return some.map(({ id }, i) => outcomeText(id, results[i]));
    } catch (error) {
      log("error", "session-send-failed", { error: String(error) });
      return some.map(({ id }) => problemText(id, { code: "internal" }));
    }
  }
}

function retry({ headers }: Response): Record<string, string> {
  const after = headers.get("Retry-After");
  return after === null ? {} : { "retry-after": after };
}

type Outcome = z.infer<typeof sentViews>["results"][number];

function outcomeText(id: string, outcome: Outcome | undefined): string {
  if (outcome === undefined) return problemText(id, { code: "internal" });
  if (!("code" in outcome))
    return answerText({ id, status: 201, headers: {}, body: JSON.stringify(outcome) });
  const { code, detail, retryAfterS, errors } = outcome;
  const known = Object.hasOwn(PROBLEMS, code) ? (code as ProblemCode) : "internal";
  return problemText(id, {
    code: known,
    detail,
    ...(retryAfterS !== undefined && { retryAfterS }),
    ...(errors !== undefined && { errors }),
  });
}
