import { WorkerEntrypoint } from "cloudflare:workers";
import { type Principal, SCOPES } from "#domain/accounts/model.ts";
import { knownRole, type Verdict } from "#domain/accounts/verdict.ts";
import { isAtWork } from "#domain/agents/life.ts";
import type { CloseReason } from "#domain/sessions/close.ts";
import type { Stands } from "#domain/sessions/standing.ts";
import type { Opening } from "#domain/sessions/state.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { catalogStore } from "#db/catalog/store.ts";
import { tracedEnv } from "#adapters/traced-env.ts";
import type { Lane } from "#domain/topics/reading.ts";
import type { Asker, Heard } from "#domain/topics/news.ts";
import type { TopicName } from "#domain/topics/topics.ts";
import { servicesOf } from "#adapters/index.ts";
import { perform } from "#workers/http/app.ts";
import { readHolder, readHolders } from "#workers/http/guard/holders.ts";
import { mayNow } from "#workers/http/guard/policing.ts";
import type { Operation } from "#workers/http/operations.ts";
import { hearableTopics } from "#workers/http/topic-rights.ts";

/**
 * The product's operations for its own objects, which hold sessions and tasks of principals that were authenticated when
 * they came. Reached by its binding alone: whoever holds that speaks for anybody.
 */
export class Operations extends WorkerEntrypoint<Env> {
  /** The route's answer, whatever it is; a refusal is a problem document and never thrown. */
  async perform(principal: Principal, operation: Operation): Promise<Response> {
    return await perform(tracedEnv(this.env), this.ctx, principal, operation);
  }

  /** Whether whoever opened a session could open it now, and as whom; the reason to end it if not. */
  async standing({
    agentId,
    ...opened
  }: Pick<Opening, "agentId" | "holder" | "address">): Promise<Result<Stands, CloseReason>> {
    return await this.#standingAt(`/v1/agents/${agentId}/session`, opened);
  }

  /** The same of a stream, which is no agent's. Its address is asked only for the reason where it would refuse. */
  async streamStanding({
    holder,
    address,
  }: Pick<Opening, "holder" | "address">): Promise<Result<Stands, CloseReason>> {
    const env = tracedEnv(this.env);
    const nowMs = Date.now();
    const { verdict, readAtMs } = await readHolder(env, holder, nowMs);
    if (verdict === null) return err("unauthenticated");
    const { principal } = verdict;
    const circumstances = { nowMs, address };
    const asking = { services: servicesOf(env), principal, circumstances };
    if (await mayNow(asking, "stream.open")) return ok(standsBy(verdict, readAtMs));
    return await this.#standingAt("/v1/stream", { holder, address });
  }

  async #standingAt(
    path: string,
    { holder, address }: Pick<Opening, "holder" | "address">,
  ): Promise<Result<Stands, CloseReason>> {
    const { verdict, readAtMs } = await readHolder(tracedEnv(this.env), holder, Date.now());
    if (verdict === null) return err("unauthenticated");
    const { principal } = verdict;
    const asked = { method: "GET", path, address, isCounted: true };
    const { status } = await perform(tracedEnv(this.env), this.ctx, principal, asked);
    if (status !== MAY_OPEN) return err(REASONS[status] ?? "overloaded");
    return ok(standsBy(verdict, readAtMs));
  }

  /** Which of these topics whoever opened a stream may be told of, and since when that is known. */
  async mayHear(asker: Asker): Promise<Result<Heard, Problem>> {
    const [heard = null] = await this.mayAllHear([asker]);
    return heard === null ? err(await this.#unheard(asker)) : ok(heard);
  }

  /** The same for many of one account together, in their order; null for who may not, or has to be asked about alone. */
  async mayAllHear(askers: readonly Asker[]): Promise<(Heard | null)[]> {
    const env = tracedEnv(this.env);
    const nowMs = Date.now();
    const known = await readHolders(
      env,
      askers.map(({ holder }) => holder),
      nowMs,
    );
    const services = servicesOf(env);
    const all: (Heard | null)[] = [];
    // One after the other: the first brings the policy that all of them are asked about.
    for (const [i, asker] of askers.entries()) {
      const { verdict = null, readAtMs: atMs = nowMs } = known[i] ?? {};
      const circumstances = { nowMs, address: asker.address };
      const topics =
        verdict &&
        (await hearableTopics(
          { services, principal: verdict.principal, circumstances },
          asker.topics,
        ));
      all.push(topics && { asker, topics, atMs });
    }
    return all;
  }

  /** Why not, is what the address answers that tells of them. */
  async #unheard({ holder, address, topics }: Asker): Promise<Problem> {
    const env = tracedEnv(this.env);
    const { verdict } = await readHolder(env, holder, Date.now());
    if (verdict === null) return { code: "unauthenticated" };
    const query = topics === undefined ? "" : `?topic=${topics.map(encodeURIComponent).join()}`;
    const asked = { method: "GET", path: `/v1/events${query}`, address, isCounted: true };
    const refusal = await perform(env, this.ctx, verdict.principal, asked);
    if (refusal.ok) {
      await refusal.body?.cancel();
      return { code: "overloaded", retryAfterS: 1 };
    }
    const { code, detail } = (await refusal.json()) as Problem;
    return { code, ...(detail !== undefined && { detail }) };
  }

  /**
   * Whether a principal that set something up for its account may read these topics still: by what it is and what the
   * account's policy says of it, with whichever credential and from nowhere in particular.
   */
  async mayRead(
    { accountId, principalId }: Pick<Principal, "accountId" | "principalId">,
    topics: readonly TopicName[],
  ): Promise<boolean> {
    const env = tracedEnv(this.env);
    const row = await catalogStore([env.CATALOG_0]).principalRow(accountId, principalId);
    if (row?.accountStatus !== "active" || row.principalStatus !== "active") return false;
    const principal: Principal = {
      accountId,
      principalId,
      kind: "key",
      scopes: new Set(SCOPES),
      role: knownRole(row.role),
      policyVersion: row.policyVersion,
    };
    const circumstances = { nowMs: Date.now(), address: null };
    const asking = { services: servicesOf(env), principal, circumstances };
    return (await hearableTopics(asking, topics)) !== null;
  }

  /** For the streams of an account: where its topics' partitions are. */
  async partitionsOf(accountId: string, topic: TopicName) {
    return await servicesOf(tracedEnv(this.env)).topics.partitionsOf(accountId, topic);
  }

  /** And what one of them has. */
  async readTopic(
    accountId: string,
    { topic, partition }: Lane,
    asked: { after: number; limit: number; bytesMax: number },
  ) {
    const reading = { partition, ...asked, waitMs: 0 };
    return await servicesOf(tracedEnv(this.env)).topics.read(accountId, topic, reading);
  }

  /** Whether the agent is to be given messages. Whoever sent one has just asked for it, so this costs no read. */
  async takes(agentId: string): Promise<boolean> {
    const agent = await servicesOf(this.env).agents.lately(agentId);
    return agent !== null && isAtWork(agent.state);
  }

  /** Takes back what an agent elsewhere was called for. False where it could not be told: ask again. */
  async cancelOutside(agentId: string, taskId: string): Promise<boolean> {
    const { agents, outside } = servicesOf(this.env);
    const agent = await agents.agent(agentId);
    if (agent === null || agent.outside === null) return true;
    // What it answers is its own: it has heard.
    return (await outside.call(agent, "CancelTask", { id: taskId })).ok;
  }
}

const standsBy = ({ principal, expiresAtMs }: Verdict, checkedAtMs: number): Stands => ({
  principal,
  checkedAtMs,
  endsAtMs: Number.isFinite(expiresAtMs) ? expiresAtMs : null,
});

/** What its own address answers to whoever may open a session and asks for no upgrade. */
const MAY_OPEN = 426;
/** And to whoever may not; what is not known to be allowed is not. */
const REASONS: Partial<Record<number, CloseReason>> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not-found",
  409: "forbidden",
  503: "overloaded",
};
