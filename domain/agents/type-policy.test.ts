import { describe, expect, it } from "vitest";
import { ACTIONS, refusalOf } from "#domain/policies/actions.ts";
import { type Principal, SCOPES } from "#domain/accounts/model.ts";
import { AGENT_TYPES, type AgentType } from "./model.ts";
import { typeRefusal, useOf } from "./type-policy.ts";

const ACTION_NAMES = Object.keys(ACTIONS) as (keyof typeof ACTIONS)[];
/** Scopes that agents are given. */
const SHARED = ["search", "units:read", "units:write", "agents", "tasks", "inference", "events"];
/** Of their scopes, what only those do who answer for them. */
const FOR_PEOPLE = [
  "agent.retire",
  "agent.remove",
  "agent.quarantine",
  "queue.control",
  "channel.change",
  "webhook.change",
  "webhook.read",
];

const agent = (type: AgentType): Principal => ({
  accountId: "a0_x",
  principalId: "n0_x",
  agentId: "n0_x",
  agent: { type, state: "active" },
  kind: "key",
  scopes: new Set(SCOPES),
  role: "owner",
  policyVersion: 0,
});

describe("what an agent may do", () => {
  it("is said of every action that a key of an agent's can have the scope for", () => {
    const unsaid = ACTION_NAMES.filter((action) => {
      const { scope } = ACTIONS[action] as { scope?: string };
      return scope !== undefined && SHARED.includes(scope) && useOf(action) === null;
    });
    expect(unsaid.sort()).toEqual(FOR_PEOPLE.toSorted());
  });

  it("is never to administer, whatever its key was given", () => {
    for (const type of AGENT_TYPES)
      for (const action of ACTION_NAMES) {
        const { scope } = ACTIONS[action] as { scope?: string };
        if (scope === "admin" || scope === "audit" || scope === "scim")
          expect(refusalOf(agent(type), action, 0), `${type} ${action}`).not.toBeNull();
      }
  });

  it("is not to write where it is there to ask, to judge or to lead others", () => {
    const writers = AGENT_TYPES.filter((type) => typeRefusal(type, "unit.publish") === null);
    expect(writers).toEqual(["analysis", "generation"]);
    expect(refusalOf(agent("query"), "unit.revise", 0)).toMatchObject({
      detail: "an agent of type query does not write",
    });
  });

  it("is to search and to talk, by every protocol, whatever it is", () => {
    const all = ["unit.search", "message.send", "message.receive", "message.read"] as const;
    for (const type of AGENT_TYPES)
      for (const action of [...all, "a2a.use", "mcp.use"] as const)
        expect(refusalOf(agent(type), action, 0), `${type} ${action}`).toBeNull();
  });

  it("is to lead other agents only where it coordinates them", () => {
    expect(AGENT_TYPES.filter((type) => typeRefusal(type, "agent.run") === null)).toEqual([
      "coordination",
    ]);
  });
});
