import fc from "fast-check";
import { expect, it } from "vitest";
import { type Looked, pageOfLooked } from "#domain/agents/listing.ts";
import { agentFrom, type AgentRecord } from "#domain/agents/record.ts";
import type { Cursor } from "#domain/shared/cursor.ts";

const input = {
  name: "Otter",
  type: "query" as const,
  description: "",
  capabilities: [],
  visibility: "listed" as const,
  accepts: "listed" as const,
  envelopeKeys: [],
  start: true,
};
const by = { accountId: "a0_1", principalId: "p0_1" };
const isBehind = ({ createdAtMs, id }: AgentRecord, after: Cursor | null) =>
  after === null || createdAtMs < after.atMs || (createdAtMs === after.atMs && id < after.id);
const newestFirst = (a: AgentRecord, b: AgentRecord) =>
  isBehind(b, { atMs: a.createdAtMs, id: a.id }) ? -1 : 1;

it("pages through several places that are looked at piece by piece, each agent once and newest first", () => {
  const rows = fc.array(fc.record({ place: fc.nat(2), atMs: fc.nat(5), wanted: fc.boolean() }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(
      rows,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 5 }),
      (all, limit, window) => {
        const agents = all.map(({ place, atMs, wanted }, i) => ({
          place,
          wanted,
          agent: agentFrom(input, by, `n${place}_${String(i).padStart(3, "0")}`, atMs),
        }));
        const look = (after: Cursor | null): Looked[] =>
          [0, 1, 2].map((place) => {
            const here = agents
              .filter((one) => one.place === place && isBehind(one.agent, after))
              .sort((a, b) => newestFirst(a.agent, b.agent));
            const seen = here.slice(0, window);
            const last = seen.at(-1)?.agent;
            const more = here.length > window && last !== undefined;
            return {
              found: seen.filter(({ wanted }) => wanted).map(({ agent }) => agent),
              endsAt: more ? { atMs: last.createdAtMs, id: last.id } : null,
            };
          });
        const listed: string[] = [];
        let after: Cursor | null = null;
        do {
          const { page, next } = pageOfLooked(look(after), limit);
          expect(page.length).toBeLessThanOrEqual(limit);
          listed.push(...page.map(({ id }) => id));
          after = next;
        } while (after !== null);
        const wanted = agents.filter((one) => one.wanted).map(({ agent }) => agent);
        expect(listed).toEqual(wanted.sort(newestFirst).map(({ id }) => id));
      },
    ),
  );
});
