import type { Context } from "hono";
import { viewOfMember } from "#domain/people/members.ts";
import { isVisible } from "#domain/units/record.ts";
import { unitAttributes } from "#domain/units/attributes.ts";
import { builtOnView, USES, usesView } from "#domain/units/uses.ts";
import { askingOf, insist, mayNow, permitted } from "#workers/http/guard/policing.ts";
import { type AppEnv, fails, feature, idParam, json, refuse, route } from "#workers/http/kit.ts";

const uses = route(
  {
    method: "get",
    path: "/v1/units/{id}/uses",
    summary: "Read who used a unit, and what builds on it",
    description:
      "Who read it whole by a key or a token (searches and the console do not count), in the last 90 days: your account's agents and people one by one, who read it last first, and of other accounts how many. A read counts within 10 seconds; `partial` says that there were more than could be kept. `builtOn` are units that link to it and that you may read, newest first.",
    access: "unit.read",
    request: { params: idParam },
    responses: {
      200: { description: "Its users, and the units that link to it", ...json(usesView) },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const { accountId } = principal;
    const { id } = c.req.valid("param");
    const stored = await services.units.visible(id, accountId);
    if (stored === null || !isVisible(stored, accountId)) return refuse({ code: "not-found" });
    insist(c, { id, attributes: unitAttributes(stored, accountId) });
    // Whoever has just read it here finds themselves.
    await services.units.usesTold();
    const [{ own, others, isPartial }, linking] = await Promise.all([
      services.units.usersOf(id, accountId, nowMs),
      services.units.linking(id, accountId, USES.builtOnMax + 1),
    ]);
    const ids = own.map(({ principalId }) => principalId);
    const [agents, people] = await Promise.all([agentsAmong(c, ids), peopleAmong(c, ids)]);
    const seen = linking.filter((version) => isVisible(version, accountId));
    const builtOn = builtOnView(id, permitted(c, seen));
    return c.json({
      users: own.map(({ principalId, reads, firstAtMs, lastAtMs }) => ({
        principalId,
        agentId: agents.has(principalId) ? principalId : null,
        name: agents.get(principalId) ?? people.get(principalId) ?? null,
        reads,
        firstAt: new Date(firstAtMs).toISOString(),
        lastAt: new Date(lastAtMs).toISOString(),
      })),
      others,
      partial: isPartial,
      builtOn: builtOn.slice(0, USES.builtOnMax),
      more: new Set(linking.map(({ head }) => head.id)).size > USES.builtOnMax,
    });
  },
  { policed: "items" },
);

/** The account's agents among these principals, and their names where the reader may know them. */
async function agentsAmong(
  c: Context<AppEnv>,
  ids: readonly string[],
): Promise<Map<string, string | null>> {
  const { services, principal } = c.var;
  const agents = [...(await services.agents.manyLately(ids)).values()];
  const may = agents.length > 0 && (await mayNow(askingOf(c), "agent.read"));
  return new Map(
    agents
      .filter(({ accountId }) => accountId === principal.accountId)
      .map(({ id, name }) => [id, may ? name : null]),
  );
}

/** The names of the account's members among these principals, as the reader may see them. */
async function peopleAmong(
  c: Context<AppEnv>,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const { services, principal } = c.var;
  if (ids.length === 0 || !(await mayNow(askingOf(c), "member.read"))) return new Map();
  const members = await services.people.membersAmong(principal.accountId, ids);
  const people = members.flatMap(({ person }) => (person === null ? [] : [person]));
  const names = await services.keyRing.openMany(
    people.map(({ id, name }) => ({ scope: { person: id }, field: "name", sealed: name })),
  );
  const opened = new Map(people.map(({ id }, i) => [id, names[i] ?? null]));
  return new Map(
    members.map((member) => {
      const name = opened.get(member.person?.id ?? "") ?? null;
      return [member.id, viewOfMember(member, { name, email: null }, principal).name];
    }),
  );
}

export const unitUsing = feature(uses);
