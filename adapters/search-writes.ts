import { type Call, learned, treeOf } from "#adapters/search-calls.ts";
import type { ClaimOutcome, Collection, ContentClaim, IndexedUnit } from "#domain/search/model.ts";
import type {
  Admitted,
  Located,
  ShardAnswer,
  ShardCalls,
  SimilarAsked,
  Withdrawn,
} from "#domain/search/protocol.ts";
import {
  beforeMoves,
  isDirectoryOnly,
  type Place,
  placeNamed,
} from "#domain/search/leaves/ranges.ts";
import {
  directoriesBelow,
  directoryOf,
  leafFor,
  leavesBelow,
  routed,
  type Tree,
} from "#domain/search/leaves/tree.ts";
import type { Quantised } from "#domain/search/engine/vectors.ts";

/** Times one change may be sent on, through a tree as deep as a collection's can be. */
const HOPS_MAX = 80;

type Ask<T> = (stub: ShardCalls) => Promise<ShardAnswer<T>>;
type Tell = (
  stub: ShardCalls,
  place: Place,
  claims: ContentClaim[],
) => Promise<ShardAnswer<Withdrawn[] | null>>;
type Routed = { unit: IndexedUnit; contentKey: string; vectors: Quantised[] };
/** A unit on its way to its leaf, at or below `from`. */
type Landing = Routed & { from: string; again: boolean };

/**
 * Changes to a collection, each handed to the shards it concerns, following those that have moved. Whatever is cut
 * off is done by doing all of it again.
 */
// oxlint-disable-next-line max-lines-per-function -- short methods over the same few helpers
export function searchWrites(call: Call) {
  /** The answer of a shard, or null when it has moved: then the tree knows where. */
  async function answerOf<T>(tree: Tree, name: string, ask: Ask<T>): Promise<{ value: T } | null> {
    const answer = await call(name, ask);
    if (answer.kind === "overloaded") throw new Error(`The search shard ${name} is busy`);
    if (answer.kind === "done") return { value: answer.value };
    learned(tree, name, answer);
    return null;
  }

  /** Hands each item to the directory of its content. */
  async function toDirectories<I extends { contentKey: string }, T>(
    tree: Tree,
    items: readonly I[],
    ask: (stub: ShardCalls, place: Place, items: I[]) => Promise<ShardAnswer<T>>,
    use: (answer: T, items: I[]) => void,
  ): Promise<void> {
    let left: I[] = [...items];
    for (let hop = 0; left.length > 0; hop++) {
      checkHops(hop);
      const later: I[] = [];
      const groups = grouped(left, ({ contentKey }) => directoryOf(tree, contentKey));
      await Promise.all(
        groups.map(async ([place, mine]) => {
          const answer = await answerOf(tree, place.name, (stub) => ask(stub, place, mine));
          if (answer === null) later.push(...mine);
          else use(answer.value, mine);
        }),
      );
      left = later;
    }
  }

  /** Brings units to their leaves. One that was placed before may lie below its leaf already: it stays where it is. */
  async function land(tree: Tree, landings: Landing[]): Promise<void> {
    let left = await withoutHeld(tree, landings);
    for (let hop = 0; left.length > 0; hop++) {
      checkHops(hop);
      const later: Landing[] = [];
      const groups = grouped(left, (landing) => leafFor(tree, placeNamed(landing.from), landing));
      await Promise.all(
        groups.map(async ([place, mine]) => {
          const units = mine.map(({ unit }) => unit);
          const answer = await answerOf(tree, place.name, (stub) =>
            stub.index(place, units, "leaf"),
          );
          if (answer === null) later.push(...mine);
        }),
      );
      left = await withoutHeld(tree, later);
    }
  }

  async function withoutHeld(tree: Tree, landings: Landing[]): Promise<Landing[]> {
    const asked = landings.filter(({ from, again }) => again && tree.leaves.has(from));
    const held = new Set<Landing>();
    const groups = Map.groupBy(asked, ({ from }) => from);
    for (const [from, mine] of groups) {
      await everyLeaf(tree, from, async (name) => {
        const units = mine.map(({ unit }) => unit);
        const answer = await answerOf(tree, name, (stub) => stub.reindex(units));
        for (const [i, isHeld] of (answer?.value ?? []).entries()) {
          const landing = mine[i];
          if (isHeld && landing !== undefined) held.add(landing);
        }
      });
    }
    return landings.filter((landing) => !held.has(landing));
  }

  /** Tells all leaves at or below a place, also those that it only learns of on the way. */
  async function everyLeaf(
    tree: Tree,
    name: string,
    tell: (name: string) => Promise<void>,
    hop = 0,
  ): Promise<void> {
    checkHops(hop);
    await Promise.all(
      leavesBelow(tree, placeNamed(name)).map(async (leaf) => {
        await tell(leaf.name);
        if (tree.leaves.has(leaf.name)) await everyLeaf(tree, leaf.name, tell, hop + 1);
      }),
    );
  }

  /** Tells the directory of each content, and then the leaves that it says it is in. */
  async function whereverTheyAre(
    collection: Collection,
    claims: ContentClaim[],
    tell: Record<"both" | "directory" | "leaf", Tell>,
  ): Promise<void> {
    const tree = treeOf(collection);
    const found: { claim: ContentClaim; leaf: string }[] = [];
    await toDirectories<ContentClaim, Withdrawn[] | null>(
      tree,
      claims,
      (stub, place, mine) =>
        tell[sharesLeaf(tree, place) ? "both" : "directory"](stub, place, mine),
      (located, mine) => {
        for (const [i, where] of (located ?? []).entries()) {
          const claim = mine[i];
          if (claim === undefined || where.kind === "nowhere") continue;
          const leaf = beforeMoves(where.leaf ?? directoryOf(tree, claim.contentKey).name);
          found.push({ claim, leaf });
        }
      },
    );
    const byLeaf = Map.groupBy(found, ({ leaf }) => leaf);
    for (const [leaf, members] of byLeaf) {
      const mine = members.map(({ claim }) => claim);
      await everyLeaf(tree, leaf, async (name) => {
        await answerOf(tree, name, (stub) => tell.leaf(stub, placeNamed(name), mine));
      });
    }
  }

  return {
    /** Takes contents for units, one outcome for each claim in its order. Of two units that race, one gets it. */
    async claim(collection: Collection, claims: ContentClaim[]): Promise<ClaimOutcome[]> {
      const outcomes = new Map<ContentClaim, ClaimOutcome>();
      await toDirectories(
        treeOf(collection),
        claims,
        (stub, _, mine) => stub.claim(mine),
        (answer, mine) => {
          for (const [i, outcome] of answer.entries()) {
            const claim = mine[i];
            if (claim !== undefined) outcomes.set(claim, outcome);
          }
        },
      );
      return claims.flatMap((claim) => outcomes.get(claim) ?? []);
    },

    /**
     * The same, and whatever was claimed is indexed and compared with what is near it, in one call; of what was
     * `refused` the claim is only looked at. Null, and nothing done, where one object does not hold all of a collection.
     */
    async admit(
      collection: Collection,
      units: IndexedUnit[],
      refused: ContentClaim[],
      asked: SimilarAsked,
    ): Promise<Admitted | null> {
      const tree = treeOf(collection);
      const { root } = tree;
      if (tree.directories.has(root.name) || !sharesLeaf(tree, root)) return null;
      const answer = await answerOf(tree, root.name, (stub) =>
        stub.admit(root, units, refused, asked),
      );
      return answer && answer.value;
    },

    /** Gives back contents that were claimed and never indexed. */
    release: (collection: Collection, claims: ContentClaim[]): Promise<void> =>
      toDirectories(
        treeOf(collection),
        claims,
        (stub, _, mine) => stub.release(mine),
        () => {},
      ),

    /** Findable when it answers. An older version never replaces a newer one, a removed one never comes back. */
    async index(collection: Collection, units: IndexedUnit[]): Promise<void> {
      const tree = treeOf(collection);
      const landings: Landing[] = [];
      const items = units.map((unit) => ({
        unit,
        contentKey: unit.contentKey,
        vectors: routed(unit.passages),
      }));
      await toDirectories<Routed, Located[] | null>(
        tree,
        items,
        async (stub, place, mine) => {
          if (sharesLeaf(tree, place))
            return await stub.index(
              place,
              mine.map(({ unit }) => unit),
              "both",
            );
          const placings = mine.map((item) => ({
            ...claimOf(item.unit),
            leaf: leafFor(tree, tree.root, item).name,
          }));
          return await stub.locate(place, placings);
        },
        (located, mine) => {
          for (const [i, where] of (located ?? []).entries()) {
            const item = mine[i];
            if (item === undefined || where.kind === "removed") continue;
            const from = beforeMoves(where.leaf ?? directoryOf(tree, item.contentKey).name);
            landings.push({ ...item, from, again: where.again });
          }
        },
      );
      await land(tree, landings);
    },

    /** Takes these versions, and older ones of the same units in the same leaf, out of search for good. */
    remove: (collection: Collection, claims: ContentClaim[]): Promise<void> =>
      whereverTheyAre(collection, claims, {
        both: async (stub, place, mine) => await stub.remove(place, mine, "both"),
        directory: async (stub, _, mine) => await stub.withdraw(mine),
        leaf: async (stub, place, mine) => await stub.remove(place, mine, "leaf"),
      }),

    /** Lets versions come back that were removed before a time; what was removed since stays out. */
    restore: (collection: Collection, claims: ContentClaim[], beforeMs: number): Promise<void> =>
      whereverTheyAre(collection, claims, {
        both: async (stub, place, mine) => await stub.restore(place, mine, beforeMs, "both"),
        directory: async (stub, place, mine) =>
          await stub.restore(place, mine, beforeMs, "directory"),
        leaf: async (stub, place, mine) => await stub.restore(place, mine, beforeMs, "leaf"),
      }),

    /** Has every leaf move away from what was removed; true once nothing of that is left anywhere. The name of a removal is new with each. */
    async scrub(collection: Collection, removal: string): Promise<boolean> {
      const tree = treeOf(collection);
      let isClean = true;
      await everyLeaf(tree, tree.root.name, async (name) => {
        const answer = await answerOf(tree, name, (stub) => stub.scrub(removal));
        if (answer?.value === false) isClean = false;
      });
      return isClean;
    },

    /** Empties a collection that nothing reads or writes yet, of whatever was in it when it was last in use. */
    async clear(collection: Collection): Promise<void> {
      const tree = treeOf(collection);
      await everyLeaf(tree, tree.root.name, async (name) => {
        await answerOf(tree, name, (stub) => stub.clear("leaf"));
      });
      const cleared = new Set<string>();
      for (let hop = 0; ; hop++) {
        checkHops(hop);
        const open = directoriesBelow(tree, tree.root).filter(({ name }) => !cleared.has(name));
        if (open.length === 0) return;
        for (const { name } of open) {
          if ((await answerOf(tree, name, (stub) => stub.clear("directory"))) !== null)
            cleared.add(name);
        }
      }
    },
  };
}

/** Whether a directory's leaf is in the same object still, so that one call does both. */
const sharesLeaf = (tree: Tree, { name }: Place): boolean =>
  !tree.leaves.has(name) && !isDirectoryOnly(name);

function checkHops(hop: number): void {
  if (hop > HOPS_MAX) throw new Error("The shards of a collection point at each other");
}

function grouped<I>(items: readonly I[], placeOf: (item: I) => Place): [Place, I[]][] {
  const groups = new Map<string, [Place, I[]]>();
  for (const item of items) {
    const place = placeOf(item);
    const group = groups.get(place.name);
    if (group === undefined) groups.set(place.name, [place, [item]]);
    else group[1].push(item);
  }
  return [...groups.values()];
}

const claimOf = ({ contentKey, unitId, version }: IndexedUnit): ContentClaim => ({
  contentKey,
  unitId,
  version,
});
