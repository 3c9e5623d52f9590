import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Parent } from "./partitions.ts";

/**
 * Readers that share a topic: each partition is read by one member. The generation rises whenever partitions are given out
 * anew, and what is said in an earlier one is refused, so that whoever lost a partition moves nothing in it.
 */
export type Group = {
  generation: number;
  members: Member[];
  /** By partition, the last offset that the group is done with. */
  committed: number[];
};
export type Member = { id: string; sessionMs: number; seenAtMs: number; partitions: number[] };

/** By partition, what it goes on from; null for the first one. */
export type Parents = readonly (Parent | null)[];
export type Commit = { partition: number; offset: number };

/** A new group; `committed` is where it begins in each partition that there is. */
export const newGroup = (committed: number[]): Group => ({ generation: 1, members: [], committed });

/** Takes a member in, or hears of it again. */
export function join(
  group: Group,
  { id, sessionMs }: { id: string; sessionMs: number },
  parents: Parents,
  nowMs: number,
): Result<Group, Problem<"too-many-requests">> {
  const standing = withoutSilent(group, nowMs);
  const known = standing.members.find((member) => member.id === id);
  if (known === undefined && standing.members.length >= LIMITS.groupMembersMax)
    return err({
      code: "too-many-requests",
      detail: `a group has at most ${LIMITS.groupMembersMax} members`,
      retryAfterS: 10,
    });
  const member = { id, sessionMs, seenAtMs: nowMs, partitions: known?.partitions ?? [] };
  const members =
    known === undefined
      ? [...standing.members, member]
      : standing.members.map((one) => (one.id === id ? member : one));
  return ok(givenOut({ ...standing, members }, group, parents));
}

/** Hears of a member in its generation: what it has may have been given to others meanwhile. */
export function heard(
  group: Group,
  { id, generation }: { id: string; generation: number },
  parents: Parents,
  nowMs: number,
): Result<Group, Problem<"group-rebalanced">> {
  const members = group.members.map((one) => (one.id === id ? { ...one, seenAtMs: nowMs } : one));
  const standing = givenOut(withoutSilent({ ...group, members }, nowMs), group, parents);
  const isIn = standing.members.some((one) => one.id === id);
  return isIn && standing.generation === generation ? ok(standing) : REBALANCED;
}

/** Moves the group on in partitions that are the member's; all of them or none. */
export function commit(
  group: Group,
  { id, generation, offsets }: { id: string; generation: number; offsets: readonly Commit[] },
  parents: Parents,
  nowMs: number,
): Result<Group, Problem<"group-rebalanced">> {
  const known = heard(group, { id, generation }, parents, nowMs);
  if (!known.ok) return known;
  const own = known.value.members.find((one) => one.id === id)?.partitions ?? [];
  if (offsets.some(({ partition }) => !own.includes(partition))) return REBALANCED;
  const committed = parents.map((_, partition) => known.value.committed[partition] ?? 0);
  for (const { partition, offset } of offsets) committed[partition] = offset;
  // What goes on from a partition that is read up to there now may be given out.
  return ok(givenOut({ ...known.value, committed }, known.value, parents));
}

export function leave(group: Group, id: string, parents: Parents, nowMs: number): Group {
  const members = group.members.filter((one) => one.id !== id);
  return givenOut(withoutSilent({ ...group, members }, nowMs), group, parents);
}

/** Without those that were not heard of for longer than they said. */
export function withoutSilent(group: Group, nowMs: number): Group {
  const members = group.members.filter(({ seenAtMs, sessionMs }) => nowMs - seenAtMs <= sessionMs);
  return members.length === group.members.length ? group : { ...group, members };
}

/** Partitions that may be read: their parent is read up to where they go on, so that each key's events come in their order. */
export const readable = ({ committed }: Pick<Group, "committed">, parents: Parents): number[] =>
  parents.flatMap((parent, partition) =>
    parent === null || (committed[parent.partition] ?? 0) >= parent.offset ? [partition] : [],
  );

/** The group with its partitions given out; in a new generation where that gives anybody others than before. */
function givenOut(group: Group, before: Group, parents: Parents): Group {
  const shares = balanced(
    group.members.map(({ partitions }) => partitions),
    readable(group, parents),
  );
  const members = group.members.map((member, i) => ({ ...member, partitions: shares[i] ?? [] }));
  const isSame = members.every(({ id, partitions }) => {
    const old = before.members.find((one) => one.id === id)?.partitions ?? [];
    return old.length === partitions.length && old.every((one) => partitions.includes(one));
  });
  return { ...group, members, generation: before.generation + (isSame ? 0 : 1) };
}

/** Shares that differ by one at most; everybody keeps what they may. */
export function balanced(held: readonly number[][], partitions: readonly number[]): number[][] {
  if (held.length === 0) return [];
  const least = Math.floor(partitions.length / held.length);
  let larger = partitions.length % held.length;
  const free = new Set(partitions);
  const shares = held.map((own) => {
    const kept = own.filter((one) => free.has(one)).slice(0, larger > 0 ? least + 1 : least);
    if (kept.length > least) larger--;
    for (const one of kept) free.delete(one);
    return kept;
  });
  const left = [...free];
  for (const share of shares) while (share.length < least) share.push(left.shift() ?? 0);
  for (const share of shares) {
    const next = share.length === least ? left.shift() : undefined;
    if (next !== undefined) share.push(next);
  }
  return shares;
}

const REBALANCED = err({ code: "group-rebalanced" as const });
