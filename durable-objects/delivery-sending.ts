import { type Endpoint, HEADERS_FIELD, SECRET_FIELD } from "#domain/delivery/model.ts";
import { type Outcome, outcomeOf } from "#domain/delivery/pace.ts";
import { webhookHeaders } from "#domain/delivery/webhook.ts";
import { unsampledText } from "#domain/observability/traceparent.ts";
import { openText, scopeName } from "#domain/protection/envelope.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { heldKeys } from "#db/catalog/held-keys.ts";
import { bodyOf } from "#objects/delivery-body.ts";
import { egress } from "#objects/outgoing.ts";
import { goneOn, perSecond, type TraceLink } from "#objects/tracing.ts";

type Sent = { id: string; body: string; path?: string };
/** What came of it, and in a few words why where nothing was answered. */
export type Attempted = { outcome: Outcome; detail: string | null };

const PUSH = "application/a2a+json";
/** CloudEvents' HTTP binding, 3.2: an event as a whole is the body. */
const EVENT = "application/cloudevents+json; charset=utf-8";

const SPAN = { name: "deliver", service: "Delivery", kind: "producer" } as const;
/** What an account's events say of their traces, it says itself: beyond so many a second nothing more is recorded. */
const mayRecord = perSecond(LIMITS.tracesAskedPerSecond);

function linkOf({ accountId }: Endpoint, traceparent: string | null): TraceLink | undefined {
  if (traceparent === null) return undefined;
  const isRecorded = mayRecord(Date.now());
  return { traceparent: isRecorded ? traceparent : unsampledText(traceparent), accountId };
}

/** Signs and sends one thing to an endpoint. */
export class Sending {
  readonly #keys: ReturnType<typeof heldKeys>;
  readonly #send: ReturnType<typeof egress>;

  constructor(env: Env) {
    this.#keys = heldKeys(env);
    this.#send = egress(env);
  }

  /** `traceparent`: of whoever caused what is sent (W3C Trace Context). */
  async attempt(endpoint: Endpoint, sent: Sent, traceparent: string | null): Promise<Attempted> {
    const body = await bodyOf(this.#keys, endpoint, sent.body);
    const headers =
      body === null ? null : await this.#headers(endpoint, { ...sent, body }, Date.now());
    // Its account was erased, and its secrets with it.
    if (headers === null || body === null)
      return { outcome: { kind: "gone", status: null }, detail: "its secrets were erased" };
    const request = { method: "POST", headers, body, secure: true } as const;
    const answer = await goneOn(linkOf(endpoint, traceparent), SPAN, () =>
      this.#send(`${endpoint.url}${sent.path ?? ""}`, request),
    );
    const detail = answer.ok ? null : (answer.error.detail ?? answer.error.code);
    return { outcome: outcomeOf(answer, Date.now()), detail };
  }

  async #headers(
    endpoint: Endpoint,
    { id, body }: Sent,
    nowMs: number,
  ): Promise<Record<string, string> | null> {
    const scope = scopeName({ account: endpoint.accountId });
    const key = (await this.#keys.present([scope])).get(scope);
    if (endpoint.form === "push") {
      const { sealedHeaders } = endpoint;
      const plain = { "Content-Type": PUSH };
      if (sealedHeaders === null) return plain;
      const opened = key == null ? null : await openText(key, scope, HEADERS_FIELD, sealedHeaders);
      if (opened === null) return null;
      return { ...plain, ...(JSON.parse(opened) as Record<string, string>) };
    }
    const isEvent = endpoint.webhookId !== undefined;
    const typed = { "Content-Type": isEvent ? EVENT : "application/json" };
    if (endpoint.isUnsigned === true)
      return { ...typed, ...(await webhookHeaders([], id, nowMs, body)) };
    if (key == null) return null;
    const inForce = endpoint.secrets.filter(({ untilMs }) => untilMs === null || untilMs > nowMs);
    const secrets = await Promise.all(
      inForce.map(({ sealed }) => openText(key, scope, SECRET_FIELD, sealed)),
    );
    const opened = secrets.filter((secret) => secret !== null);
    if (opened.length === 0) return null;
    const signed = await webhookHeaders([...new Set(opened)], id, nowMs, body);
    return { ...typed, ...signed };
  }
}
