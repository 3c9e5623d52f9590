import { useQuery } from "@tanstack/react-query";
import type { Unit } from "#sdk/client.ts";
import { api, codeOf } from "#web/app/client.ts";
import { useEvents } from "#web/app/live.ts";
import type { unitWords } from "#web/screens/unit/messages.ts";

/** So many steps away, and so many units at most: a picture of more says nothing. */
const HOPS = 2;
const UNITS_MAX = 40;

type Relation = Unit["links"][number]["rel"];

/** What says each relation. */
export const RELATIONS = {
  "derived-from": "relderivedfrom",
  supersedes: "relsupersedes",
  contradicts: "relcontradicts",
  extends: "relextends",
  requires: "relrequires",
  cites: "relcites",
} as const satisfies Record<Relation, keyof typeof unitWords>;

/** `title` and `level` are null where the reader may not see the unit, or it is not drawn any more. */
export type LinkedUnit = {
  id: string;
  hop: number;
  title: string | null;
  level: Unit["level"] | null;
};
export type UnitEdge = { from: string; to: string; rel: Relation };
export type Linked = { units: LinkedUnit[]; edges: UnitEdge[] };

/** What a unit leads to, and what that leads to. */
export function useLinked(unit: Unit) {
  const query = useQuery({
    // Of all units' events only those of these few matter.
    queryKey: ["link", unit.id, unit.version],
    queryFn: () => linkedOf(unit),
    enabled: unit.links.length > 0,
  });
  useEvents(({ type, subject }) => {
    if (!type.startsWith("unit.") || subject === unit.id) return;
    if (query.data?.units.some(({ id }) => id === subject) === true) void query.refetch();
  });
  return query;
}

async function linkedOf(first: Unit): Promise<Linked> {
  const units = new Map([[first.id, shown(first, 0)]]);
  const edges: UnitEdge[] = [];
  let reached: Unit[] = [first];
  for (let hop = 1; hop <= HOPS; hop++) {
    const next = new Set<string>();
    for (const { id: from, links } of reached)
      for (const { rel, unitId: to } of links) {
        const isNew = !units.has(to) && !next.has(to);
        if (isNew && units.size + next.size >= UNITS_MAX) continue;
        if (isNew) next.add(to);
        edges.push({ from, to, rel });
      }
    const read = await Promise.all([...next].map(async (id) => ({ id, unit: await readable(id) })));
    for (const { id, unit } of read)
      units.set(id, unit === null ? { id, hop, title: null, level: null } : shown(unit, hop));
    reached = read.flatMap(({ unit }) => unit ?? []);
  }
  return { units: [...units.values()], edges };
}

const shown = ({ id, title, level }: Unit, hop: number): LinkedUnit => ({ id, hop, title, level });

/** A link may lead to what has been retracted or hidden since. */
async function readable(id: string): Promise<Unit | null> {
  try {
    return await api.getUnit(id);
  } catch (error) {
    if (codeOf(error) === "not-found" || codeOf(error) === "forbidden") return null;
    throw error;
  }
}
