import type { Context } from "hono";
import type { Draft } from "#domain/audit/model.ts";
import { log } from "#domain/observability/log.ts";
import { type Action, requirementOf } from "#domain/policies/actions.ts";
import { PROBLEMS, type Problem } from "#domain/shared/problem.ts";
import type { Answer, AppEnv, Route } from "#workers/http/kit.ts";
import { Refusal } from "#workers/http/problem.ts";

/** One who is refused the same again and again is noted once in this time, in each isolate. */
const REFUSAL_EVERY_MS = 60_000;
const REFUSALS_MAX = 1_000;
/** Ids of principals and persons stand in no log. */
const SOMEBODY = /^[ph][0-9a-z]_[0-9a-v]{16}$/;

/** What is sensitive runs between two entries of the account's audit log; if the first cannot be written, it does not run. */
export function recorded(action: Action, handler: Route["handler"]): Route["handler"] {
  if (requirementOf(action).sensitive !== true) return handler;
  return async (context) => {
    const c = context as Context<AppEnv>;
    const { services, principal } = c.var;
    const begun: Draft = { ...(await draftOf(c, action)), phase: "intent" };
    const of = await services.audit.record(principal.accountId, begun);
    const nameOf = (id: string) => services.audit.nameOf(id, principal.accountId);
    const ended = async (status: number, code?: string, id?: string): Promise<void> => {
      const made = id !== undefined && SOMEBODY.test(id) ? await nameOf(id) : id;
      const resource = made === undefined ? begun.resource : { ...begun.resource, id: made };
      const outcome: Draft = { ...begun, phase: "outcome", resource, of, status };
      if (code === undefined) log("info", "state-changed", { action, status, ...resource });
      else outcome.code = code;
      if (c.var.noted !== undefined) outcome.detail = c.var.noted;
      // The intent stands: an answer is not taken back because its outcome could not be noted.
      await services.audit
        .record(principal.accountId, outcome)
        .catch((error: unknown) =>
          log("error", "audit-outcome-lost", { of, status, error: String(error) }),
        );
    };
    try {
      const answer = await handler(context);
      await ended(answer.status, undefined, await madeId(answer));
      return answer;
    } catch (thrown) {
      const code = thrown instanceof Refusal ? thrown.problem.code : "internal";
      await ended(PROBLEMS[code].status, code);
      throw thrown;
    }
  };
}

/** Notes who was refused what, and why, beside the request; the refusal stays what it was. */
export function refusalsRecorded(
  action: Action,
  answer: (c: Context) => Promise<Answer>,
): (c: Context) => Promise<Answer> {
  return async (c) => {
    try {
      return await answer(c);
    } catch (thrown) {
      if (thrown instanceof Refusal && isNoteworthy(c, action, thrown.problem))
        c.executionCtx.waitUntil(noteRefusal(c as Context<AppEnv>, action, thrown.problem));
      throw thrown;
    }
  };
}

const noted = new WeakMap<D1Database, Map<string, number>>();

function isNoteworthy(c: Context, action: Action, { code }: Problem): boolean {
  if (PROBLEMS[code].status !== 403 || c.get("principal") === undefined) return false;
  const { nowMs, principal } = (c as Context<AppEnv>).var;
  const { CATALOG_0: catalog } = (c as Context<AppEnv>).env;
  const seen = noted.get(catalog) ?? new Map<string, number>();
  noted.set(catalog, seen);
  const { accountId, principalId, sessionId, token, keyId } = principal;
  const who = [accountId, principalId, sessionId ?? token?.clientId ?? keyId, action].join(" ");
  const lastMs = seen.get(who);
  if (lastMs !== undefined && nowMs - lastMs < REFUSAL_EVERY_MS) return false;
  seen.delete(who);
  seen.set(who, nowMs);
  for (const oldest of seen.keys()) {
    if (seen.size <= REFUSALS_MAX) break;
    seen.delete(oldest);
  }
  return true;
}

async function noteRefusal(c: Context<AppEnv>, action: Action, problem: Problem): Promise<void> {
  const { services, principal } = c.var;
  try {
    const draft: Draft = { ...(await draftOf(c, action)), phase: "refused", status: 403 };
    const { code, detail } = problem;
    await services.audit.record(principal.accountId, {
      ...draft,
      code,
      ...(detail !== undefined && { detail: { reason: detail.slice(0, 200) } }),
    });
  } catch (error) {
    log("error", "audit-refusal-lost", { action, error: String(error) });
  }
}

async function draftOf(c: Context<AppEnv>, action: Action): Promise<Omit<Draft, "phase">> {
  const { services, principal, requestId } = c.var;
  const { resource: type } = requirementOf(action);
  const id = c.req.param("id")?.slice(0, 64);
  const named =
    id !== undefined && SOMEBODY.test(id)
      ? await services.audit.knownNameOf(id, principal.accountId)
      : id;
  return {
    action,
    actor: await services.audit.actor(principal),
    resource: named === undefined ? { type } : { type, id: named },
    request: requestId,
  };
}

/** The id of what an operation has made, as its answer says it. */
async function madeId(answer: Answer): Promise<string | undefined> {
  if (answer.status !== 201 && answer.status !== 202) return undefined;
  const text = answer instanceof Response ? await answer.clone().text() : answer.text;
  if (typeof text !== "string") return undefined;
  try {
    const { id } = JSON.parse(text) as { id?: unknown };
    return typeof id === "string" ? id.slice(0, 64) : undefined;
  } catch {
    return undefined; // no JSON, or nothing with an id
  }
}
