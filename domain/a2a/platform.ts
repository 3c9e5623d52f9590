import { err, ok, type Result } from "#domain/shared/result.ts";
import { type A2aFailure, failed } from "./errors.ts";
import type { Message, Part } from "./wire.ts";

// The platform as an agent: what a message asks of it is one of its operations, and its answer is a message. Nothing is
// kept of either.

/** An operation of the product, as its routes take it. */
export type Wanted = {
  method: "GET" | "POST";
  path: string;
  body?: Record<string, unknown>;
};
export type Skill = "search" | "publish" | "verify" | "match";

const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Each skill by what stands behind its name in a text, and by the fields of a data part. */
const SKILLS: Record<
  Skill,
  {
    ofText(text: string): Record<string, unknown>;
    wanted(input: Record<string, unknown>): Wanted | null;
  }
> = {
  search: {
    ofText: (query) => ({ query }),
    wanted: (body) => ({ method: "POST", path: "/v1/search", body }),
  },
  match: {
    ofText: (task) => ({ task }),
    wanted: (body) => ({ method: "POST", path: "/v1/agents/match", body }),
  },
  publish: {
    ofText: (text) => {
      const [title = "", ...rest] = text.split("\n");
      return { title: title.trim(), body: rest.join("\n").trim() };
    },
    wanted: (body) => ({ method: "POST", path: "/v1/units", body }),
  },
  verify: {
    ofText: (unitId) => ({ unitId }),
    wanted: ({ unitId }) =>
      typeof unitId === "string" && ID.test(unitId)
        ? { method: "GET", path: `/v1/units/${unitId}/evidence` }
        : null,
  },
};

/**
 * What a message asks for: a data part names its `skill` beside the fields of the operation; a text begins with the
 * skill and a colon, or is taken for a search.
 */
export function wantedBy({
  parts,
}: Pick<Message, "parts">): Result<{ skill: Skill; wanted: Wanted }, A2aFailure> {
  const asked = inputOf(parts);
  if (asked === null)
    return failed("invalid-params", "say what to do in one text, or in a data part with a skill");
  const { skill, input } = asked;
  if (!isSkill(skill))
    return failed("invalid-params", `skills are ${Object.keys(SKILLS).join(", ")}`);
  const wanted = SKILLS[skill].wanted(input);
  if (wanted !== null) return ok({ skill, wanted });
  const errors = [{ pointer: "/unitId", detail: "must be the id of a unit" }];
  return err({ name: "invalid-params", errors });
}

const isSkill = (name: unknown): name is Skill =>
  typeof name === "string" && Object.hasOwn(SKILLS, name);

function inputOf(
  parts: readonly Part[],
): { skill: unknown; input: Record<string, unknown> } | null {
  const data = parts.filter((part) => part.data !== undefined);
  const texts = parts.flatMap(({ text }) => (text === undefined ? [] : [text]));
  const [first] = data;
  if (data.length === 1 && first !== undefined) {
    if (typeof first.data !== "object" || first.data === null || Array.isArray(first.data))
      return null;
    const { skill, ...input } = first.data as Record<string, unknown>;
    return { skill, input };
  }
  if (data.length > 0 || texts.length === 0 || texts.length !== parts.length) return null;
  const text = texts.join("\n").trim();
  const [, named = "", rest = ""] = /^([a-z]{1,16}):([\s\S]*)$/.exec(text) ?? [];
  const skill = isSkill(named) ? named : "search";
  return { skill, input: SKILLS[skill].ofText((skill === named ? rest : text).trim()) };
}

type Hit = { unitId: string; title: string; level: string };
type Match = { agentId: string; name: string };
/** What the operation answered, for whoever reads and for whoever computes: a text, and all of it as data. */
export function partsOf(skill: Skill, answer: unknown): Part[] {
  return [{ text: textOf(skill, answer as Record<string, never>) }, { data: answer }];
}

function textOf(skill: Skill, answer: Record<string, unknown>): string {
  switch (skill) {
    case "search": {
      const hits = answer["hits"] as Hit[];
      if (hits.length === 0) return "Nothing was found.";
      return hits.map(({ unitId, title, level }) => `${title} (${level}, ${unitId})`).join("\n");
    }
    case "match": {
      const matches = answer["matches"] as Match[];
      if (matches.length === 0) return "No agent was found.";
      return matches.map(({ agentId, name }) => `${name} (${agentId})`).join("\n");
    }
    case "publish":
      return `Published as ${String(answer["id"])}; it is being verified.`;
    case "verify":
      return `Verified to level ${String(answer["level"])}.`;
  }
}
