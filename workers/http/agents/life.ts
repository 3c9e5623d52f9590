import type { Context } from "hono";
import { leadAgent, type LifeVerb } from "#domain/agents/life.ts";
import { agentView, quarantineInput } from "#domain/agents/model.ts";
import { type AgentRecord, agentViewOf } from "#domain/agents/record.ts";
import { forget } from "#workers/http/guard/auth.ts";
import {
  type AppEnv,
  expectedVersion,
  fails,
  feature,
  idParam,
  json,
  refuse,
  route,
  tagged,
  unwrap,
} from "#workers/http/kit.ts";

const request = { params: idParam };
const responses = {
  200: { description: "The agent as it is now", ...json(agentView) },
  ...fails("not-found", "conflict", "version-stale"),
};

/** A word of its account that changes an agent's life, and needs nothing beside it. */
const word = (
  verb: "start" | "pause" | "resume" | "retire",
  said: { summary: string; description?: string },
) => {
  const access = verb === "retire" ? "agent.retire" : "agent.run";
  const path = `/v1/agents/{id}/${verb}` as const;
  return route({ method: "post", path, ...said, access, request, responses }, (c) => lead(c, verb));
};

const start = word("start", { summary: "Start an agent that was registered to wait" });

const pause = word("pause", {
  summary: "Pause an agent",
  description: "It is not matched and gets nothing to do; messages for it are kept.",
});

const resume = word("resume", { summary: "Let a paused agent go on" });

const retire = word("retire", {
  summary: "Retire an agent for good",
  description: "Nothing is sent to it any more and its keys end; what it published stays.",
});

const remove = route(
  {
    method: "delete",
    path: "/v1/agents/{id}",
    summary: "Delete an agent with its mailbox; its name is free again",
    description: "One in quarantine stays until it is released.",
    access: "agent.remove",
    request,
    responses: {
      204: { description: "It is gone" },
      ...fails("not-found", "conflict", "version-stale"),
    },
  },
  async (c) => {
    const { services } = c.var;
    const agent = await found(c, false);
    const expected = expectedVersion(c) ?? "any";
    if (expected !== "any" && expected !== agent.version) refuse({ code: "version-stale" });
    if (agent.held !== null) refuse({ code: "conflict", detail: "it is in quarantine" });
    await services.agents.expectChange(agent.id);
    if (!(await services.agents.removeAgent(agent)))
      refuse({ code: "conflict", detail: "it is being changed by others; look again" });
    await services.agents.followRecord(agent.id);
    forget(c.env, (known) => known.agentId === agent.id);
    await services.deliveries.end(agent.id);
    return new Response(null, { status: 204 });
  },
);

const quarantine = route(
  {
    method: "post",
    path: "/v1/agents/{id}/quarantine",
    summary: "Stop an agent at once: its keys, its work and its units",
    description:
      "Within 5 seconds. The first account may do it to any account's agent, and then it alone releases it.",
    access: "agent.quarantine",
    request: { params: idParam, body: json(quarantineInput) },
    responses,
  },
  (c) => lead(c, "quarantine", c.req.valid("json").reason),
);

const release = route(
  {
    method: "post",
    path: "/v1/agents/{id}/release",
    summary: "Let an agent out of quarantine: all of it comes back as it was",
    access: "agent.quarantine",
    request,
    responses: { ...responses, ...fails("forbidden", "not-found", "conflict", "version-stale") },
  },
  (c) => lead(c, "release"),
);

/** After which what waits for an agent is delivered. */
const LETS_GO_ON: readonly LifeVerb[] = ["start", "resume", "release"];

async function lead(c: Context<AppEnv>, verb: LifeVerb, reason = "") {
  const { services, principal, nowMs } = c.var;
  const isHold = verb === "quarantine" || verb === "release";
  const agent = await found(c, isHold);
  const expected = expectedVersion(c) ?? "any";
  const by = isHold && (await isOperator(c)) ? "operator" : "account";
  const asked = {
    hold: { by, reason } as const,
    expectedVersion: expected === "any" ? null : expected,
  };
  if (LETS_GO_ON.includes(verb)) await services.deliveries.expect(agent.id);
  const after = unwrap(await leadAgent(services, agent, verb, asked, nowMs));
  forget(c.env, (known) => known.agentId === after.id);
  // Its webhook is told at once that it gets nothing, or what has waited.
  await services.deliveries.wake(agent.id);
  return tagged(c, agentViewOf(after, principal), after.version);
}

/** The agent that the path names: one of the caller's account, or any one where the operator asks. */
async function found(c: Context<AppEnv>, byOperator: boolean): Promise<AgentRecord> {
  const { services, principal } = c.var;
  const agent = await services.agents.agent(c.req.param("id") ?? "");
  if (agent !== null) {
    if (agent.accountId === principal.accountId) return agent;
    if (byOperator && (await isOperator(c))) return agent;
  }
  return refuse({ code: "not-found" });
}

/** The first account runs the installation. */
async function isOperator(c: Context<AppEnv>): Promise<boolean> {
  const { services, principal } = c.var;
  return principal.accountId === (await services.accounts.firstAccountId());
}

export const agentLife = feature(start, pause, resume, retire, remove, quarantine, release);
