import { log } from "#domain/observability/log.ts";
import { learned, treeOf } from "#adapters/search-calls.ts";
import type { silentLeaves } from "#adapters/search-silent.ts";
import type { Collection } from "#domain/search/model.ts";
import type { ShardAnswer } from "#domain/search/protocol.ts";
import type { Place } from "#domain/search/leaves/ranges.ts";
import { leavesBelow } from "#domain/search/leaves/tree.ts";

const SHARD_TIMEOUT_MS = 2_000;
/** Shards asked at once for one search. */
const FAN_OUT_MAX = 32;
/** How long leaves are asked one after the other, so that one that does not answer keeps no others from it. */
const IN_TURNS_MS = 250;
/** Leaves named in a line of the log. */
const LOGGED_MAX = 8;

export type Ask<T> = (collection: Collection, place: Place) => Promise<ShardAnswer<T>>;
export type Choose = (leaves: readonly Place[], collection: Collection) => Place[];
/** Whether leaves are asked one after the other. */
export type InTurns = (leaves: readonly Place[]) => boolean;

/** `missing` are leaves that have not answered, `waiting` those of them that were asked and may still. */
type Gathered<T> = {
  values: T[];
  missing: Set<string>;
  waiting: Set<string>;
  busyForS: number;
};

/** Asks leaves and takes in what they say; `silent` knows those that lately did not. */
export function gathering(silent: ReturnType<typeof silentLeaves>) {
  /** Asks the leaves chosen of one collection, and those that turn out to have taken their place. */
  async function gather<T>(
    collection: Collection,
    choose: Choose,
    ask: Ask<T>,
    into: Gathered<T>,
    inTurns: InTurns,
  ): Promise<void> {
    const tree = treeOf(collection);
    const asked = new Set<string>();
    const askOne = async (place: Place): Promise<void> => {
      const { name } = place;
      if (silent.isLeftOut(name)) return;
      into.waiting.add(name);
      const answer = await ask(collection, place).catch((error: unknown) =>
        unreachable(name, error),
      );
      into.waiting.delete(name);
      if (answer === undefined) return;
      silent.answered(name);
      if (answer.kind === "overloaded") {
        into.busyForS = Math.max(into.busyForS, answer.retryAfterS);
        return;
      }
      if (answer.kind === "done") into.values.push(answer.value);
      else {
        learned(tree, name, answer);
        hasMoved = true;
      }
      into.missing.delete(name);
    };
    let hasMoved = true;
    while (hasMoved) {
      hasMoved = false;
      const chosen = choose(leavesBelow(tree, tree.root), collection);
      const leaves = asked.size === 0 ? chosen : chosen.filter(({ name }) => !asked.has(name));
      for (const { name } of leaves) {
        asked.add(name);
        into.missing.add(name);
      }
      await (leaves.length > 1 && inTurns(leaves)
        ? oneByOne(leaves, askOne)
        : manyAtOnce(leaves, askOne));
    }
  }

  /** What the leaves chosen of each collection answer; those that do not in time are `missing`. */
  return async function gatherAll<T>(
    collections: readonly Collection[],
    choose: Choose,
    ask: Ask<T>,
    inTurns: InTurns = () => false,
  ): Promise<{ values: T[]; missing: number; busyForS: number }> {
    const into: Gathered<T> = { values: [], missing: new Set(), waiting: new Set(), busyForS: 0 };
    const gathering = collections.map((collection) =>
      gather(collection, choose, ask, into, inTurns),
    );
    // One timer for all. It is left to run out, which costs less than ending it does, and goes with the request.
    await Promise.race([Promise.all(gathering), scheduler.wait(SHARD_TIMEOUT_MS)]);
    for (const name of into.waiting) silent.wasSilent(name);
    if (into.missing.size > 0) reportMissing(into);
    // A shard that answers later than this changes nothing any more.
    const { values, missing, busyForS } = into;
    return { values: [...values], missing: missing.size, busyForS };
  };
}

async function manyAtOnce(
  leaves: readonly Place[],
  ask: (leaf: Place) => Promise<void>,
): Promise<void> {
  for (let first = 0; first < leaves.length; first += FAN_OUT_MAX)
    await Promise.all(leaves.slice(first, first + FAN_OUT_MAX).map(ask));
}

/** One after the other, until that takes long: then all that are left. */
async function oneByOne(
  leaves: readonly Place[],
  ask: (leaf: Place) => Promise<void>,
): Promise<void> {
  const late = scheduler.wait(IN_TURNS_MS);
  const asking: Promise<void>[] = [];
  for (const leaf of leaves) {
    const answered = ask(leaf);
    asking.push(answered);
    await Promise.race([answered, late]);
  }
  await Promise.all(asking);
}

/** What a client sees as `partial`, for whoever runs the shards. */
function reportMissing({ values, missing, waiting, busyForS }: Gathered<unknown>): void {
  log("warn", "search-partial", {
    leaves: [...missing].slice(0, LOGGED_MAX),
    missing: missing.size,
    silent: waiting.size,
    answered: values.length,
    busyForS,
  });
}

function unreachable(leaf: string, error: unknown): undefined {
  log("error", "search-shard-failed", {
    leaf,
    error: error instanceof Error ? error.message : String(error),
  });
}
