import { z } from "zod";
import { unitShardOf } from "#domain/units/id.ts";
import { RELATIONS, STATUSES } from "#domain/units/model.ts";
import type { StoredUnit } from "#domain/units/record.ts";
import { LEVELS } from "#domain/verification/model.ts";

export const DAY_MS = 86_400_000;
export const dayOf = (atMs: number): number => Math.floor(atMs / DAY_MS);

export const USES = {
  /** Who has not read a unit for so many days is forgotten. */
  keptDays: 90,
  /** Readers of one unit that an isolate holds between two tellings: what bounds the rows that are written, whatever is read. */
  heldMax: 512,
  /** Readers of one unit that are kept: of one account, and of all. Who read it last stays; the unit's own account before others. */
  ofAccountMax: 50,
  ofUnitMax: 500,
  /** Units that build on one and are named. */
  builtOnMax: 50,
} as const;

/** Whoever read a unit whole, how often, and when first and last. */
export type UnitUse = {
  unitId: string;
  accountId: string;
  principalId: string;
  reads: number;
  firstAtMs: number;
  lastAtMs: number;
};

/** What was counted of one D1 shard; `missed`: reads by readers there was no room for. */
export type ShardUses = { shard: number; uses: UnitUse[]; missed: number };

/** What one isolate has counted and not told yet. It reads no clock and draws no lots. */
export class UseGathering {
  #held = new Map<string, UnitUse>();
  #missed = new Map<number, number>();

  add(unitId: string, accountId: string, principalId: string, nowMs: number): void {
    // A principal is of one account.
    const key = `${unitId} ${principalId}`;
    const held = this.#held.get(key);
    if (held !== undefined) {
      held.reads++;
      held.lastAtMs = Math.max(held.lastAtMs, nowMs);
    } else if (this.#held.size >= USES.heldMax) {
      this.miss(unitShardOf(unitId) ?? 0, 1);
    } else {
      const [firstAtMs, lastAtMs] = [nowMs, nowMs];
      this.#held.set(key, { unitId, accountId, principalId, reads: 1, firstAtMs, lastAtMs });
    }
  }

  /** Reads that nobody will know of by name. */
  miss(shard: number, reads: number): void {
    this.#missed.set(shard, (this.#missed.get(shard) ?? 0) + reads);
  }

  get isEmpty(): boolean {
    return this.#held.size === 0 && this.#missed.size === 0;
  }

  /** All that was not told yet, once. */
  take(): ShardUses[] {
    const byShard = Map.groupBy(this.#held.values(), ({ unitId }) => unitShardOf(unitId) ?? 0);
    const missed = this.#missed;
    this.#held = new Map();
    this.#missed = new Map();
    return [...new Set([...byShard.keys(), ...missed.keys()])].map((shard) => ({
      shard,
      uses: byShard.get(shard) ?? [],
      missed: missed.get(shard) ?? 0,
    }));
  }
}

/** The one of this isolate. */
export const useGathering = new UseGathering();

export const usesView = z.object({
  users: z.array(
    z.object({
      principalId: z.string(),
      /** The agent it is, where it is one. */
      agentId: z.string().nullable(),
      /** Null where the reader may not know it, or where it is gone. */
      name: z.string().nullable(),
      reads: z.int(),
      firstAt: z.string(),
      lastAt: z.string(),
    }),
  ),
  others: z.object({ accounts: z.int(), reads: z.int() }),
  partial: z.boolean(),
  builtOn: z.array(
    z.object({
      unitId: z.string(),
      title: z.string(),
      rels: z.array(z.enum(RELATIONS)),
      level: z.enum(LEVELS),
      status: z.enum(STATUSES),
    }),
  ),
  more: z.boolean(),
});
export type UsesView = z.infer<typeof usesView>;

/** Of the versions that a reader may see, newest first, how each unit's first builds on `unitId`; nothing of a unit whose does not. */
export function builtOnView(unitId: string, versions: readonly StoredUnit[]): UsesView["builtOn"] {
  return [...Map.groupBy(versions, ({ head }) => head.id)].flatMap(([id, [shown]]) => {
    if (shown === undefined || id === unitId) return [];
    const { content, level, status } = shown.version;
    const links = content.links.filter((link) => link.unitId === unitId);
    const rels = [...new Set(links.map(({ rel }) => rel))];
    return rels.length === 0 ? [] : [{ unitId: id, title: content.title, rels, level, status }];
  });
}
