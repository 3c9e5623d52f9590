import type { Context } from "hono";
import type { Principal } from "#domain/accounts/model.ts";
import { type A2aFailure, failureOf } from "#domain/a2a/errors.ts";
import { partsOf, type Skill, type Wanted, wantedBy } from "#domain/a2a/platform.ts";
import type { Message } from "#domain/a2a/wire.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Services } from "#adapters/index.ts";
import { type Feature, refuse } from "#workers/http/kit.ts";
import type { Perform } from "#workers/http/operations.ts";
import { a2aAt } from "./routes.ts";

const INPUT_MODES = ["text/plain", "application/json"];

/** The platform itself as an agent of A2A: each of its skills is an operation, with that operation's rights and limits. */
export const a2aPlatform = (perform: Perform): Feature =>
  a2aAt({
    path: "/a2a",
    who: "the platform",
    access: "a2a.use",
    async calleeOf(c, principal) {
      if (principal === null) return refuse({ code: "unauthenticated" });
      const { accountId, agentId = null } = principal;
      const services = c.get("services") as Services;
      return {
        caller: { accountId, agentId },
        isOwn: false,
        // Every skill is answered at once.
        stands: async () => true,
        streaming: true,
        inputModes: INPUT_MODES,
        extendedCard: async () => (await services.a2aCards.platformCard(Date.now())).text,
        answer: (message) => answered(c, perform, principal, message),
        tasks: null,
        refusal: null,
        // What is answered at once becomes no task that anybody could be told of.
        pushes: null,
      };
    },
  });

async function answered(
  c: Context,
  perform: Perform,
  principal: Principal,
  message: Message,
): Promise<Result<Message, A2aFailure>> {
  const asked = wantedBy(message);
  if (!asked.ok) return asked;
  const { skill, wanted } = asked.value;
  const response = await perform(c.env as Env, c.executionCtx, principal, {
    ...wanted,
    headers: headersOf(c, skill, wanted, message),
    address: (c.get("services") as Services).addressOf(c.req.raw),
    isCounted: true,
  });
  if (!response.ok) return err(failureIn(await response.json<Problem>()));
  return ok({
    messageId: crypto.randomUUID(),
    role: "ROLE_AGENT",
    contextId: message.contextId ?? crypto.randomUUID(),
    parts: partsOf(skill, await response.json()),
  });
}

/** A message that is sent again publishes nothing again: it is known by its id, unless the client names a key. */
function headersOf(
  c: Context,
  skill: Skill,
  { method }: Wanted,
  { messageId }: Message,
): Record<string, string> {
  if (skill !== "publish" || method !== "POST") return {};
  const ofMessage = /^[\x20-\x7e]{1,200}$/.test(messageId) ? `a2a ${messageId}` : null;
  const key = c.req.header("Idempotency-Key") ?? ofMessage;
  return key === null ? {} : { "Idempotency-Key": key };
}

/** A problem document as A2A's failure: what is wrong with the operation's input is wrong with the parameters. */
const failureIn = ({ code, detail, errors }: Problem): A2aFailure => {
  const problem: Problem = {
    code,
    ...(detail !== undefined && { detail }),
    ...(errors !== undefined && { errors }),
  };
  return code === "invalid-request" ? { name: "invalid-params", problem } : failureOf(problem);
};
