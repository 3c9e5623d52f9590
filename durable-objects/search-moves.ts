import { log } from "#domain/observability/log.ts";
import { objectNamed } from "#domain/regions/objects.ts";
import type { Role } from "#domain/search/protocol.ts";
import {
  beforeMoves,
  directoriesUnder,
  keepsClaims,
  type Place,
  placeAbove,
} from "#domain/search/leaves/ranges.ts";
import type { Pace } from "#domain/search/engine/pace.ts";
import { roomStep } from "#domain/search/leaves/room.ts";
import type { Moved } from "#domain/search/leaves/tree.ts";
import type { SearchContents } from "#objects/search-contents.ts";
import { type Child, childrenFor, copySome, type SplitState } from "#objects/search-split.ts";
import type { SearchStore } from "#objects/search-store.ts";

const PASSAGES_MAX = 100_000;
/** Claims of a directory, for each passage of a full leaf: 2 million, some 300 MB. */
const CLAIMS_PER_PASSAGE = 20;
/** Of what a step copies: of each unit that was written since the last one two, so that it catches up. */
const COPIED_PER_WRITTEN = 2;
const [COPIED_MIN, COPIED_MAX] = [32, 1_000];
/** Whoever writes more than a step catches up with waits for a step, and after so many looks at what has changed for the move. */
const AHEAD_MAX = COPIED_MAX / COPIED_PER_WRITTEN;
const LOOKS = 8;
const HOLD_MS = 250;
/** Removals that a place remembers to be clear of. One that it has forgotten costs a copy. */
const CLEAR_OF_MAX = 64;

/** Another shard, as far as one that moves talks to it. */
type Other = Child & {
  leadOn(name: string, to: Place[]): Promise<void>;
  leftBehind(): Promise<LeftBehind>;
};
/** Where rows of units are that have moved: here, perhaps in places above, or in none of them. */
export type LeftBehind = "here" | "above" | "nowhere";
export type SearchMoves = ReturnType<typeof openMoves>;

/**
 * Where a shard's units and claims are: here, being copied, or elsewhere. `leafMoved` is called in the transaction in
 * which its units have moved.
 */
// oxlint-disable-next-line max-lines-per-function -- short methods over one state
export function openMoves(
  storage: DurableObjectStorage,
  env: () => Env,
  store: SearchStore,
  contents: SearchContents,
  leafMoved: () => void,
  pace: Pace,
) {
  const { kv } = storage;
  const both = kv.get<Place[]>("moved");
  const legacy: Moved | null = both === undefined ? null : { of: "both", to: both };
  let leaf = kv.get<Moved>("moved-leaf") ?? legacy;
  let directory = kv.get<Moved>("moved-directory") ?? legacy;
  /** As its parent named it; a root or directory is told with each change. */
  let place = kv.get<Place>("place") ?? null;
  /** A child of a split takes what is copied to it until it is written to as a shard of its own. */
  let isOpen = kv.get<boolean>("open") ?? false;
  let split = kv.get<SplitState>("split") ?? null;
  /** Removals of which nothing can be here: what is alive came here, or nothing was dead, after they had ended. */
  let clearOf = kv.get<string[]>("clear-of") ?? [];
  let sequence = Math.max(Date.now(), store.newestChange());
  /** An upper bound; exact when it is first needed and when it comes near the limit. */
  let claims: number | null = null;
  /** How often what had changed meanwhile was copied. */
  let looks = 0;
  let stepped = Promise.withResolvers<void>();
  let caughtUp = Promise.withResolvers<void>();
  /** Where it went in this life, for whoever leads to it. */
  let left: { name: string; to: Place[] } | null = null;
  const owesSpace = (): boolean =>
    leaf !== null && (contents.engine() !== null || store.isLeaving());
  // A crash may have come between beginning and the alarm.
  if (split !== null || owesSpace()) void storage.setAlarm(Date.now());

  const full = (): number => Number(env().WISHUB_SHARD_PASSAGES ?? PASSAGES_MAX);
  const other = (name: string): Other =>
    objectNamed(env().SEARCH_SHARD as DurableObjectNamespace, name) as unknown as Other;

  function clear(removals: readonly string[]): void {
    clearOf = [...new Set([...removals, ...clearOf])].slice(0, CLEAR_OF_MAX);
    kv.put("clear-of", clearOf);
  }

  function begin(
    of: "leaf" | "directory",
    { name }: Place,
    children: Place[],
    isClearOf = clearOf,
  ): void {
    split = { of, name, children, phase: "records", after: ["", ""], clearOf: isClearOf };
    kv.put("split", split);
  }

  function move(moved: Moved, name: string | undefined): void {
    if (moved.of !== "directory") {
      kv.put("moved-leaf", moved);
      leafMoved();
      leaf = moved;
      if (name !== undefined) left = { name, to: moved.to };
    }
    if (moved.of !== "leaf") {
      kv.put("moved-directory", moved);
      directory = moved;
    }
  }

  function roomDue(): ReturnType<typeof roomStep> {
    const engine = contents.engine();
    if (engine === null || split !== null || leaf !== null) return "nothing";
    return roomStep({ alive: engine.alive(), slots: engine.nextSlot() }, full());
  }

  async function copyOn(from: SplitState): Promise<void> {
    const records = pace.turn(COPIED_PER_WRITTEN, COPIED_MIN, COPIED_MAX);
    const next = await copySome(from, store, contents, ({ name }) => other(name), records);
    if (from.phase === "changes") looks++;
    stepped.resolve();
    stepped = Promise.withResolvers();
    storage.transactionSync(() => {
      if (split === null) return; // whoever copied beside us was done first
      if (next !== "copied") {
        split = next;
        kv.put("split", next);
        return;
      }
      // Nothing has changed since the last look and nothing can before this ends: from here on the children answer.
      if (store.changesAfter(from.through ?? 0, 1).length > 0) return;
      move({ of: from.of ?? "both", to: from.children }, from.name);
      kv.delete("split");
      store.forgetChanges(Number.MAX_SAFE_INTEGER);
      split = null;
      looks = 0;
      caughtUp.resolve();
      caughtUp = Promise.withResolvers();
    });
  }

  return {
    isSplitting: () => split !== null,
    hasLeft: () => leaf !== null && directory !== null,
    /** Hears of every record and claim that changes, in the same transaction. */
    note(key: string): void {
      if (split !== null) store.noteChanged(key, ++sequence);
    },
    whereTo(role: Role | "directory"): ({ kind: "moved" } & Moved) | null {
      const moved = (role === "directory" ? null : leaf) ?? (role === "leaf" ? null : directory);
      return moved === null ? null : { kind: "moved", ...moved };
    },
    /** It is written to as a shard of its own; true the first time. */
    open({ depth }: Place): boolean {
      if (isOpen || depth === 0) return false;
      kv.put("open", true);
      isOpen = true;
      return true;
    },
    /** Whether it still takes what the shard that splits copies to it. */
    takesOver(as: Place, isClearOf: readonly string[]): boolean {
      if (isOpen) return false;
      if (place === null) {
        kv.put("place", as);
        clear(isClearOf);
      }
      place = as;
      return true;
    },
    /** Begins to move the units when the leaf is full, or mostly dead. True when the alarm has something to do. */
    lookAtRoom(told: Place | null): boolean {
      const due = roomDue();
      const from = place ?? told;
      if (from === null) return false;
      if (due === "divide" || due === "compact") {
        const dimensions = contents.engine()?.kernel.dimensions ?? 0;
        begin("leaf", from, childrenFor(from, due === "compact", dimensions, store));
      }
      return due !== "nothing";
    },
    /**
     * The same whatever there is room for, so that nothing is left of a removal; false once nothing is. What is dead
     * since is others' own: a copy that began when the removal had ended left everything of it behind.
     */
    scrub(told: Place, removal: string): boolean {
      if (leaf !== null || clearOf.includes(removal)) return false;
      if (split !== null) return true;
      const engine = contents.engine();
      const isWhole = engine === null || engine.nextSlot() === engine.alive();
      if (engine === null || isWhole || engine.alive() === 0) {
        if (!isWhole) contents.forget("records");
        clear([removal]);
        return false;
      }
      const from = place ?? told;
      const to = childrenFor(from, true, engine.kernel.dimensions, store);
      begin("leaf", from, to, [removal, ...clearOf]);
      return true;
    },
    /** A directory divides once its leaf has gone: until then it has no more claims than a leaf has units. */
    lookAtClaims(told: Place, added: number): boolean {
      if (split !== null) return false;
      const most = CLAIMS_PER_PASSAGE * full();
      claims = (claims ?? store.claimCount()) + added;
      if (claims < most) return false;
      claims = store.claimCount();
      const isLeaf = leaf === null ? contents.engine() !== null : owesSpace();
      if (claims < most || isLeaf || told.to - told.from < 2) return false;
      begin("directory", told, directoriesUnder(told));
      return true;
    },
    /** What a write waits for, so that there comes a time when all is copied; null: nothing. */
    held(): Promise<unknown> | null {
      if (split === null || (looks < LOOKS && pace.written() < AHEAD_MAX)) return null;
      const { promise } = looks < LOOKS ? stepped : caughtUp;
      return Promise.race([promise, scheduler.wait(HOLD_MS)]);
    },
    /** Copies to the end. Throws when a child does not answer; nothing is lost by that. */
    async copy(): Promise<void> {
      while (split !== null) {
        await copyOn(split);
        // Objects of one process call each other without waiting for anything, and requests come in only while it waits.
        await scheduler.wait(0);
      }
    },
    /** Whether the places that its units came through have given back their space, down to the root. */
    async isAlone(name: string): Promise<boolean> {
      if (kv.get("alone") === true) return true;
      for (let above = placeAbove(name); above !== null; above = placeAbove(above)) {
        const where = await other(above).leftBehind();
        if (where === "here") return false;
        if (where === "nowhere") break;
      }
      kv.put("alone", true);
      return true;
    },
    leftBehind(): LeftBehind {
      if (owesSpace()) return "here";
      return kv.get("alone") === true ? "nowhere" : "above";
    },
    /** Gives back the space of what has moved, in several turns, or of what is all dead. Done again after a crash. */
    async giveBack(): Promise<void> {
      if (leaf !== null && contents.engine() !== null) {
        const name = leaf.to[0]?.name.slice(0, -1) ?? "";
        const keeps = leaf.of === "leaf" && keepsClaims(name) && directory === null;
        contents.leave(keeps ? "claims" : "nothing");
      }
      await store.leaveAll();
      if (directory !== null) store.emptyDirectory(leaf === null);
      if (roomDue() === "empty") contents.forget("records");
    },
    /** Has the place that leads here through moves to a fresh place lead on at once: no way gets longer by those. */
    async shorten(): Promise<void> {
      if (left === null) return;
      const { name, to } = left;
      left = null;
      const from = beforeMoves(name);
      if (from === name) return;
      await other(from)
        .leadOn(name, to)
        .catch((error: unknown) =>
          log("warn", "search-way-not-shortened", { error: String(error) }),
        );
    },
    leadOn(name: string, to: Place[]): void {
      const [next] = leaf?.to ?? [];
      if (leaf?.of !== "leaf" || leaf.to.length !== 1 || next === undefined) return;
      // Before its own space is given back, where it leads says what it was.
      if (contents.engine() !== null || !name.startsWith(next.name)) return;
      if (/[^c]/.test(name.slice(next.name.length))) return;
      leaf = { of: "leaf", to };
      kv.put("moved-leaf", leaf);
    },
  };
}
