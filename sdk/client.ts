import { AgentClient } from "./agent.ts";
import { WisHubError, errorOf, type ProblemDocument } from "./error.ts";
import { chatPieces, type ChatRequest } from "./inference.ts";
import { liveEvents } from "./live.ts";
import type { EventInput, EventsAppended, EventsOptions, LiveEvent } from "./live.ts";
import { bodyOf, readNdjson } from "./ndjson.ts";
import { filled, keyed, search } from "./request.ts";
import type { Call, Mutation, Page, Query, WisHubOptions } from "./request.ts";
import { realWaiting, withRetries } from "./retry.ts";
import { type TaskHttp, Tasks } from "./tasks.ts";
import type { Operations } from "./types.ts";

export type Unit = Operations["GET /v1/units/{id}"]["answer"];
export type UnitInput = Operations["POST /v1/units"]["body"];
export type UnitPatch = Operations["PATCH /v1/units/{id}"]["body"];
export type UnitPage = Operations["GET /v1/units"]["answer"];
export type VersionPage = Operations["GET /v1/units/{id}/versions"]["answer"];
export type Evidence = Operations["GET /v1/units/{id}/evidence"]["answer"];
export type SearchRequest = Operations["POST /v1/search"]["body"];
export type SearchAnswer = Operations["POST /v1/search"]["answer"];
export type SearchHit = SearchAnswer["hits"][number];
export type MatchRequest = Operations["POST /v1/agents/match"]["body"];
export type MatchAnswer = Operations["POST /v1/agents/match"]["answer"];
export type AgentMatch = MatchAnswer["matches"][number];
export type KeyInput = Operations["POST /v1/keys"]["body"];
export type NewKey = Operations["POST /v1/keys"]["answer"];
export type KeyPage = Operations["GET /v1/keys"]["answer"];
export type KeyRotation = Operations["POST /v1/keys/{id}/rotate"]["body"];
export type Policy = Operations["GET /v1/policies"]["answer"];
export type PolicyInput = Operations["PUT /v1/policies"]["body"];
export type PolicyActions = Operations["GET /v1/policies/actions"]["answer"];
export type ExplainInput = Operations["POST /v1/policies/explain"]["body"];
export type Explained = Operations["POST /v1/policies/explain"]["answer"];
export type ProviderInput = Operations["POST /v1/identity-providers"]["body"];
export type Provider = Operations["POST /v1/identity-providers"]["answer"];
export type ProviderPage = Operations["GET /v1/identity-providers"]["answer"];
export type Limits = Operations["GET /v1/limits"]["answer"];
export type Plan = Operations["PUT /v1/accounts/{id}/plan"]["answer"];
export type Session = Operations["POST /v1/sessions"]["answer"];
export type Collections = Operations["GET /v1/collections"]["answer"];
export type DeadLetters = Operations["GET /v1/dead-letters"]["answer"];
export type Redriven = Operations["POST /v1/dead-letters/redrive"]["answer"];

export type AuditPage = Operations["GET /v1/audit"]["answer"];
export type AuditEntry = AuditPage["items"][number];

export type Erasure = Operations["POST /v1/members/{id}/erase"]["answer"];

/** What became of one line of an import. */
export type ImportLine =
  | { line: number; id: string; cid: string; status: Unit["status"] }
  | { line: number; error: ProblemDocument };

/** A client of one WisHub. Every method answers or throws a WisHubError. */
export class WisHub {
  readonly url: string;
  readonly tasks: Tasks;
  #authorization: () => Promise<Record<string, string>>;
  #cookies: ((set: string[]) => void) | undefined;
  #fetch: typeof fetch;
  #http: TaskHttp;

  constructor(options: WisHubOptions) {
    this.url = options.url.replace(/\/+$/, "");
    const { apiKey, token = apiKey === undefined ? undefined : () => Promise.resolve(apiKey) } =
      options;
    const { cookie } = options;
    this.#authorization = async () => {
      // What changes something by cookie says where it comes from (CONTRACT.md, HTTP conventions).
      if (cookie !== undefined) return { cookie, origin: new URL(this.url).origin };
      const headers: Record<string, string> = {};
      if (token !== undefined) headers["authorization"] = `Bearer ${await token()}`;
      return headers;
    };
    this.#cookies = options.cookies;
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#http = {
      waiting: options.waiting ?? realWaiting,
      read: (path, query) => this.#read(path, query),
      mutate: (...asked) => this.#mutate(...asked),
      ask: async (path, body) => parsed(await this.#send("POST", path, { body })),
      stream: async (path, headers, signal) =>
        (await this.#send("GET", path, { headers, repeatable: true }, signal)).body,
    };
    this.tasks = new Tasks(this.#http);
  }

  /** What happens in your account, as it happens. */
  events(options: EventsOptions = {}): AsyncGenerator<LiveEvent> {
    return liveEvents(this.#http, options);
  }
  /** Tells of something of your own; its type begins with `custom.`. */
  appendEvent(event: EventInput, options?: Mutation): Promise<EventsAppended> {
    return this.#mutate("POST", "/v1/topics/agent.events/events", event, options);
  }

  publish(unit: UnitInput, options?: Mutation): Promise<Unit> {
    return this.#mutate("POST", "/v1/units", unit, options);
  }
  getUnit(id: string): Promise<Unit> {
    return this.#read(`/v1/units/${encodeURIComponent(id)}`);
  }
  listUnits(page: Page = {}): Promise<UnitPage> {
    return this.#read("/v1/units", page);
  }
  /** `version` is the one you read: a change made meanwhile fails with `version-stale` instead of being lost. */
  patchUnit(id: string, version: number, patch: UnitPatch, options?: Mutation): Promise<Unit> {
    return this.#mutate("PATCH", `/v1/units/${encodeURIComponent(id)}`, patch, options, {
      "if-match": `"${version}"`,
    });
  }
  retractUnit(id: string, options?: Mutation): Promise<Unit> {
    return this.#mutate("DELETE", `/v1/units/${encodeURIComponent(id)}`, undefined, options);
  }
  versions(id: string, page: Page = {}): Promise<VersionPage> {
    return this.#read(`/v1/units/${encodeURIComponent(id)}/versions`, page);
  }
  evidence(id: string): Promise<Evidence> {
    return this.#read(`/v1/units/${encodeURIComponent(id)}/evidence`);
  }
  search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer> {
    return this.#ask("/v1/search", request, signal);
  }

  match(request: MatchRequest, signal?: AbortSignal): Promise<MatchAnswer> {
    return this.#ask("/v1/agents/match", request, signal);
  }

  /**
   * Publishes one unit a line, answering line by line while the lines are still being sent. The first line has the
   * number `fromLine`, so a cut-off import goes on where it stopped: same key, and the lines that had no answer yet.
   */
  async *importNdjson(
    lines: AsyncIterable<string>,
    options: { fromLine?: number; idempotencyKey?: string } = {},
  ): AsyncGenerator<ImportLine> {
    const init = {
      method: "POST",
      body: bodyOf(lines),
      duplex: "half",
      headers: keyed(options, { "content-type": "application/x-ndjson" }),
    };
    const response = await this.#attempt(
      `/v1/units/import${search({ fromLine: options.fromLine })}`,
      init,
    );
    if (response.body !== null) yield* readNdjson<ImportLine>(response.body);
  }
  /** Every unit of the account in the form that `importNdjson` takes. */
  async *exportNdjson(): AsyncGenerator<UnitInput> {
    const response = await this.#send("GET", "/v1/units/export", { repeatable: true });
    if (response.body !== null) yield* readNdjson<UnitInput>(response.body);
  }

  spaces(): Promise<Operations["GET /v1/spaces"]["answer"]> {
    return this.#read("/v1/spaces");
  }
  collections(): Promise<Collections> {
    return this.#read("/v1/collections");
  }
  createKey(key: KeyInput, options?: Mutation): Promise<NewKey> {
    return this.#mutate("POST", "/v1/keys", key, options);
  }
  /** `under`: those that end with that key. */
  keys(page: Page & { under?: string } = {}): Promise<KeyPage> {
    return this.#read("/v1/keys", page);
  }
  revokeKey(id: string, options?: Mutation): Promise<void> {
    return this.#delete(`/v1/keys/${encodeURIComponent(id)}`, options);
  }
  /** A new key in place of this one, which goes on working for a while. */
  rotateKey(id: string, rotation: KeyRotation = {}, options?: Mutation): Promise<NewKey> {
    return this.#mutate("POST", `/v1/keys/${encodeURIComponent(id)}/rotate`, rotation, options);
  }
  /** Who may sign people in to your account. */
  providers(page: Page = {}): Promise<ProviderPage> {
    return this.#read("/v1/identity-providers", page);
  }
  connectProvider(provider: ProviderInput, options?: Mutation): Promise<Provider> {
    return this.#mutate("POST", "/v1/identity-providers", provider, options);
  }
  disconnectProvider(id: string, options?: Mutation): Promise<void> {
    return this.#delete(`/v1/identity-providers/${encodeURIComponent(id)}`, options);
  }
  /** Your plan, and what is left of its limits. */
  limits(): Promise<Limits> {
    return this.#read("/v1/limits");
  }
  /** Gives another account a plan; for the first account's owner. */
  setPlan(accountId: string, plan: Plan["plan"], options?: Mutation): Promise<Plan> {
    const path = `/v1/accounts/${encodeURIComponent(accountId)}/plan`;
    return this.#mutate("PUT", path, { plan }, options);
  }
  /** The account's policy: the version in force, or an older one. */
  policy(version?: number): Promise<Policy> {
    return this.#read("/v1/policies", { version });
  }
  /** `version` is the one you read. */
  putPolicy(version: number, policy: PolicyInput, options?: Mutation): Promise<Policy> {
    const headers = { "if-match": `"${version}"` };
    return this.#mutate("PUT", "/v1/policies", policy, options, headers);
  }
  /** Every action there is, with what it needs. */
  policyActions(): Promise<PolicyActions> {
    return this.#read("/v1/policies/actions");
  }
  /** Whether something would be allowed, and which rule decides. Nothing is done. */
  explain(question: ExplainInput): Promise<Explained> {
    return this.#ask("/v1/policies/explain", question);
  }
  /** Sets this browser's session cookie, from an API key or from the single-use code of the console link. */
  async createSession(credential: { apiKey: string } | { code: string }): Promise<Session> {
    return parsed(await this.#send("POST", "/v1/sessions", { body: credential }));
  }
  async endSession(): Promise<void> {
    await this.#send("DELETE", "/v1/sessions", {});
  }
  /** Begins to erase a member, or goes on; it is over when the status is `done`. */
  async eraseMember(id: string, units: "keep" | "erase"): Promise<Erasure> {
    const path = `/v1/members/${encodeURIComponent(id)}/erase`;
    return parsed(await this.#send("POST", path, { body: { units }, repeatable: true }));
  }
  /** The archive (.tar.gz) of everything that is kept of the account. */
  async exportAccount(): Promise<ReadableStream<Uint8Array> | null> {
    return (await this.#send("GET", "/v1/account/export", {})).body;
  }
  /** The account's audit log, newest first. */
  audit(query: Page & Query = {}): Promise<AuditPage> {
    return this.#read("/v1/audit", query);
  }
  verifyAudit(): Promise<Operations["GET /v1/audit/verify"]["answer"]> {
    return this.#read("/v1/audit/verify");
  }
  auditCheckpoints(): Promise<Operations["GET /v1/audit/checkpoints"]["answer"]> {
    return this.#read("/v1/audit/checkpoints");
  }
  /** Every entry as it is hashed, oldest first. */
  async *exportAudit(): AsyncGenerator<AuditEntry> {
    const response = await this.#send("GET", "/v1/audit/export", { repeatable: true });
    if (response.body !== null) yield* readNdjson<AuditEntry>(response.body);
  }
  deadLetters(): Promise<DeadLetters> {
    return this.#read("/v1/dead-letters");
  }
  /** Puts the account's oldest dead letters back to work. */
  redrive(options?: Mutation): Promise<Redriven> {
    return this.#mutate("POST", "/v1/dead-letters/redrive", undefined, options);
  }

  /**
   * Any operation by its name, for those that have no method of their own: `operation("GET /v1/members/{id}", …)`. What
   * changes something carries an idempotency key, its own where its headers name one.
   */
  async operation<K extends keyof Operations>(
    name: K,
    given: Pick<Call, "query" | "headers"> & {
      path?: Record<string, string>;
      body?: Operations[K]["body"];
    } = {},
  ): Promise<Operations[K]["answer"]> {
    const { path: named, headers = {}, ...call } = given;
    const [method = "", template = ""] = name.split(" ");
    const isRead = method === "GET";
    const all = isRead ? headers : { ...keyed({}), ...headers };
    const path = filled(template, named);
    const response = await this.#send(method, path, { ...call, headers: all, repeatable: isRead });
    const text = await response.text();
    return (text === "" ? undefined : JSON.parse(text)) as Operations[K]["answer"];
  }

  /** A model's answer to a chat as it is written, piece by piece. Throws where it breaks off. */
  chat(request: ChatRequest, signal?: AbortSignal): AsyncGenerator<string> {
    const call = { body: { ...request, stream: true } };
    return chatPieces(this.#send("POST", "/v1/inference/chat", call, signal));
  }

  /** One of your agents, to work as: over its session, or over HTTP where there is no way to one. */
  agent(id: string): AgentClient {
    return new AgentClient(id, {
      url: this.url,
      waiting: this.#http.waiting,
      authorization: this.#authorization,
      send: async (method, path, body, idempotencyKey) => {
        const headers: Record<string, string> =
          idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey };
        const text = await (await this.#send(method, path, { body, headers })).text();
        return text === "" ? undefined : (JSON.parse(text) as unknown);
      },
    });
  }

  async #read<T>(path: string, query: Query = {}): Promise<T> {
    return parsed(await this.#send("GET", path, { query, repeatable: true }));
  }

  /** What only reads, and is a POST because the question is long. */
  async #ask<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    return parsed(await this.#send("POST", path, { body, repeatable: true }, signal));
  }

  async #delete(path: string, options: Mutation = {}): Promise<void> {
    await this.#send("DELETE", path, { headers: keyed(options), repeatable: true });
  }

  /** A mutation always carries an idempotency key, so that repeating it is safe. */
  async #mutate<T>(
    method: string,
    path: string,
    body: unknown,
    options: Mutation = {},
    headers: Record<string, string> = {},
  ): Promise<T> {
    return parsed(
      await this.#send(method, path, { body, headers: keyed(options, headers), repeatable: true }),
    );
  }

  #send(method: string, path: string, call: Call, signal?: AbortSignal): Promise<Response> {
    const json: Record<string, string> =
      call.body === undefined ? {} : { "content-type": "application/json" };
    const init: RequestInit = {
      method,
      headers: { ...json, ...call.headers },
      ...(signal === undefined ? {} : { signal }),
    };
    if (call.body !== undefined) init.body = JSON.stringify(call.body);
    return withRetries(this.#http.waiting, call.repeatable ?? false, () =>
      this.#attempt(`${path}${search(call.query ?? {})}`, init),
    );
  }

  async #attempt(path: string, init: RequestInit): Promise<Response> {
    const authorization = await this.#authorization();
    const response = await this.#fetch(this.url + path, {
      ...init,
      headers: { ...authorization, ...init.headers },
    }).catch((cause: unknown) => {
      if (init.signal?.aborted === true) throw cause;
      throw new WisHubError(
        { code: "network", status: 0, detail: `${this.url} does not answer` },
        undefined,
        undefined,
        cause,
      );
    });
    this.#cookies?.(response.headers.getSetCookie());
    if (!response.ok) throw await errorOf(response);
    return response;
  }
}

async function parsed<T>(response: Response): Promise<T> {
  return (await response.json()) as T;
}
