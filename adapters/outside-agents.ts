import type { JWK } from "jose";
import { z } from "zod";
import { cardStanding, type FindKey } from "#domain/a2a/card-signature.ts";
import { cardFrom } from "#domain/agents/outside.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { parseJson } from "#domain/shared/parse.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { type Egress, mayBeReached } from "#adapters/egress.ts";
import type { keyRing } from "#adapters/key-ring.ts";

const CARD_TIMEOUT_MS = 5_000;
const AUTHORIZATION_FIELD = "outside-authorization";
const JSON_TYPE = "application/json";
/** Where keys are shown when a signature does not say. */
const JWKS_PATH = "/.well-known/jwks.json";

const keySet = z.object({ keys: z.array(z.record(z.string().max(64), z.unknown())).max(64) });
const rpcAnswer = z.object({
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string() }).nullish(),
});

/** What an agent outside answered: a result, or the error of its own that it named. */
export type OutsideAnswer = { result: unknown } | { error: { code: number; message: string } };

type Ring = Pick<ReturnType<typeof keyRing>, "seal" | "open" | "blindIndex">;

/** Agents that run elsewhere: their cards, and calls to them as an A2A client. All of it through egress. */
export function outsideAgents(env: Env, egress: Egress, ring: Ring) {
  /** A key counts where the card's own publisher shows it: anybody can show a key somewhere. */
  function findKeyFor(cardUrl: string): FindKey {
    const { origin } = new URL(cardUrl);
    return async (kid, jku) => {
      const url = URL.parse(jku ?? JWKS_PATH, origin);
      if (url?.origin !== origin) return null;
      const answer = await egress(url.href, {
        secure: true,
        headers: { Accept: JSON_TYPE },
        timeoutMs: CARD_TIMEOUT_MS,
      });
      if (!answer.ok || answer.value.status !== 200) return null;
      const read = parseJson(answer.value.body, keySet);
      const key = read.ok ? read.value.keys.find((one) => one["kid"] === kid) : undefined;
      // What is not public cannot be what a publisher shows.
      const isPublic = key !== undefined && key["kty"] !== "oct" && key["d"] === undefined;
      return isPublic ? (key as JWK) : null;
    };
  }

  return {
    async card(url: string, etag: string | null) {
      const refusal = mayBeReached(env, url);
      if (refusal !== null) return err(refusal);
      const headers: Record<string, string> = { Accept: JSON_TYPE };
      if (etag !== null) headers["If-None-Match"] = etag;
      const answer = await egress(url, { secure: true, headers, timeoutMs: CARD_TIMEOUT_MS });
      if (!answer.ok) return answer;
      const { status, headers: said, body } = answer.value;
      if (status === 304 && etag !== null) return ok(null);
      if (status !== 200) return err(failed(`its card's address answered ${status}`));
      const read = cardFrom(body);
      if (!read.ok) return read;
      const standing = await cardStanding(read.value.sent, findKeyFor(url));
      const tag = said.get("ETag");
      const isKept = tag !== null && tag.length <= LIMITS.cardWordCharsMax;
      return ok({ ...read.value, standing, etag: isKept ? tag : null });
    },

    mayCall: (url: string) => mayBeReached(env, url),

    seal: (accountId: string, text: string) =>
      ring.seal({ account: accountId }, AUTHORIZATION_FIELD, text),

    /** Calls a method of A2A (JSON-RPC 2.0). */
    async call(
      { outside, accountId }: AgentRecord,
      method: string,
      params: object,
    ): Promise<Result<OutsideAnswer, Problem<"egress-refused" | "egress-failed">>> {
      if (outside === null) throw new Error("only an agent outside is called");
      const headers: Record<string, string> = { "Content-Type": JSON_TYPE, "A2A-Version": "1.0" };
      const { endpoint, authorization } = outside;
      if (authorization !== null && authorization.origin === new URL(endpoint).origin) {
        const scope = { account: accountId };
        const opened = await ring.open(scope, AUTHORIZATION_FIELD, authorization.sealed);
        if (opened === null) return err(failed("what it wants to be told cannot be opened"));
        headers["Authorization"] = opened;
      }
      const body = JSON.stringify({ jsonrpc: "2.0", id: crypto.randomUUID(), method, params });
      const answer = await egress(endpoint, { method: "POST", headers, body, secure: true });
      if (!answer.ok) return answer;
      if (answer.value.status !== 200)
        return err(failed(`the agent answered ${answer.value.status}`));
      const read = parseJson(answer.value.body, rpcAnswer);
      if (!read.ok) return err(failed("the agent answered no JSON-RPC"));
      const { error, result } = read.value;
      return error == null ? ok({ result }) : ok({ error });
    },

    /** What tells a caller's own tasks at an agent outside from everybody else's: 52 characters nobody can make up. */
    markOf: (agentId: string, caller: string, id: string): Promise<string> =>
      ring.blindIndex("outside-task", `${agentId}\n${caller}\n${id}`),
  };
}

const failed = (detail: string): Problem<"egress-failed"> => ({ code: "egress-failed", detail });
