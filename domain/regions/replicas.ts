import { STALE_MS } from "#domain/search/leaves/follow.ts";
import { type Home, isRegion, type Region } from "#domain/regions/regions.ts";

/** Who reads: where the request came in, and what its client has seen of the leaders (0: nothing that matters). */
export type Reader = { region: Region | null; atLeastMs: number };

/** Calls a second that one object is to answer, half of what the platform takes softly. */
const CALLS_PER_S = 500;
const SPREAD_MAX = 7;

/**
 * Over how many replicas beside itself an object that was asked `perS` times a second lets its reads spread. It sees
 * only its own share, so the whole is that times all who answer; and it gives replicas up only once half would do.
 */
export function spreadAfter(spread: number, perS: number): number {
  const needed = Math.ceil((perS * (1 + spread)) / CALLS_PER_S) - 1;
  const calm = Math.ceil((perS * (1 + spread) * 2) / CALLS_PER_S) - 1;
  return Math.max(0, Math.min(SPREAD_MAX, needed > spread ? needed : Math.min(spread, calm)));
}

/** The replica that a reader near it asks, `name@region`, or one of several. */
export const replicaName = (leaf: string, home: Home, number: number): string =>
  number === 0 ? `${leaf}@${home}` : `${leaf}@${home}.${number}`;

export type Leaf = {
  name: string;
  isPublic: boolean;
  /** Where the leader is; null when nobody said. */
  home: Home | null;
};

/**
 * The replica a reader asks first; null for the leader itself. Public leaves are replicated in the other regions, and
 * nothing leaves a jurisdiction. `spreadOf` is what an object said last of itself; `pick` is in [0, 1).
 */
export function replicaFor(
  leaf: Leaf,
  reader: Reader,
  spreadOf: (name: string) => number,
  pick: number,
): { name: string; near: Home } | null {
  const { home } = leaf;
  if (home === null) return null;
  const isAway =
    leaf.isPublic && isRegion(home) && reader.region !== null && reader.region !== home;
  if (isAway && reader.region !== null) {
    const first = replicaName(leaf.name, reader.region, 0);
    const number = Math.floor(pick * (1 + spreadOf(first)));
    return { name: replicaName(leaf.name, reader.region, number), near: reader.region };
  }
  const number = Math.floor(pick * (1 + spreadOf(leaf.name)));
  return number === 0 ? null : { name: replicaName(leaf.name, home, number), near: home };
}

/** What a leaf answers; `asOfMs` is its leader's clock at the state it is of. */
type Answer = { kind: string; asOfMs?: number };
/** What a replica answers beside that: it does not know enough yet. */
export type Behind = { kind: "behind" };

/** One leaf's part of an answer. `isStale` when its leader could not be reached and something may be missing. */
export type LeafRead<A> = { answer: A; isStale: boolean };

/**
 * Reads a leaf: the replica, or else the leader. A replica that is down, busy, or behind what the reader has seen costs
 * the way to the leader. Where the leader does not answer either, the replica is asked for what it has, unless the
 * reader has seen more: then nobody answers for this leaf, which is the leader's exception.
 */
export async function readLeaf<A extends Answer>(
  replica: ((hasAskedLeader: boolean) => Promise<A | Behind>) | null,
  leader: () => Promise<A>,
  nowMs: () => number,
): Promise<LeafRead<A>> {
  const near = async (hasAskedLeader: boolean): Promise<LeafRead<A> | null> => {
    const answer = replica === null ? null : await replica(hasAskedLeader).catch(() => null);
    if (answer === null || !isUsable(answer)) return null;
    const isStale = answer.asOfMs !== undefined && nowMs() - answer.asOfMs > STALE_MS;
    return { answer, isStale };
  };
  const first = await near(false);
  if (first !== null) return first;
  const told = await leader().then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  if ("answer" in told && isUsable(told.answer)) return { answer: told.answer, isStale: false };
  const last = await near(true);
  if (last !== null) return last;
  if ("error" in told) throw told.error;
  return { answer: told.answer, isStale: false };
}

const isUsable = <A extends Answer>(answer: A | Behind): answer is A =>
  answer.kind === "done" || answer.kind === "moved";
