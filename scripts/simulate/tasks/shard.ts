import { type Mode, Queue, type Settings } from "#domain/scheduling/queue.ts";
import type { Change } from "#domain/scheduling/row.ts";
import { Stored } from "#domain/scheduling/stored.ts";
import type { Clock } from "#scripts/simulate/tasks/clock.ts";
import { Host, type Kind } from "#scripts/simulate/tasks/host.ts";

/** `key`: a producer's name for what it asked, so that a repetition finds what the first one made. */
export type Written = { rows: readonly Change[]; mode?: Mode; key?: string; seqs?: number[] };
export type ShardDisk = { stored: Stored; mode: Mode; keys: Map<string, number[]> };
export type Shard = Host<Queue, ShardDisk, Written>;

/** Weights of the accounts of the play. */
export const WEIGHTS: Record<string, number> = { a: 1, b: 2, c: 4 };

export const SETTINGS: Settings = {
  weightOf: (account) => WEIGHTS[account] ?? 1,
  tasksMax: 80,
  bytesMax: 1_000_000,
  accountTasksMax: 45,
  accountBytesMax: 1_000_000,
};

const KIND: Kind<Queue, ShardDisk, Written> = {
  empty: () => ({ stored: new Stored(), mode: "open", keys: new Map() }),
  copyOf: ({ stored, mode, keys }) => {
    const copy = new Stored();
    for (const [seq, row] of stored.open) copy.open.set(seq, row);
    for (const [seq, one] of stored.ended) copy.ended.set(seq, one);
    copy.newest = stored.newest;
    return { stored: copy, mode, keys: new Map(keys) };
  },
  load: ({ stored, mode }) => Queue.load(SETTINGS, stored.open.values(), stored.newest, mode),
  write: (disk, { rows, mode, key, seqs }) => {
    disk.stored.apply(rows);
    if (mode !== undefined) disk.mode = mode;
    if (key !== undefined && seqs !== undefined) disk.keys.set(key, seqs);
  },
  dueMs: (queue) => queue.dueMs,
  wake: (queue, nowMs) => {
    const { answer, changes } = queue.tick(nowMs);
    return { answer, changes: { rows: changes } };
  },
};

export const shardOf = (name: string, clock: Clock): Shard => new Host(name, clock, KIND);
