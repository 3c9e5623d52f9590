import { SCALING, type ScalingRule } from "#domain/resources/scaling.ts";
import type { Units } from "#domain/resources/units.ts";

/** One account's own capacity, or what all accounts share: the same words as those of queues. */
export const POOLS = ["account", "gpu"] as const;
export type PoolName = (typeof POOLS)[number];

/** `task`: what one task of the pool's queue takes. `shareMax`: of all capacity there may be, what one account may hold. */
export type PoolRule = {
  machine: Units;
  task: Units;
  scaling: ScalingRule;
  startsInMs: number;
  shareMax: number;
};

/** How often a pool looks at itself while anything goes on in it. */
export const STEP_MS = 10_000;

export const POOL_RULES: Record<PoolName, PoolRule> = {
  account: {
    machine: { cpuMilli: 4_000, gpuMilli: 0, memoryMiB: 16_384 },
    task: { cpuMilli: 500, gpuMilli: 0, memoryMiB: 512 },
    scaling: { ...SCALING, machinesMin: 1, machinesMax: 8 },
    startsInMs: 30_000,
    shareMax: 1,
  },
  gpu: {
    machine: { cpuMilli: 8_000, gpuMilli: 1_000, memoryMiB: 65_536 },
    task: { cpuMilli: 2_000, gpuMilli: 250, memoryMiB: 8_192 },
    scaling: { ...SCALING, machinesMin: 1, machinesMax: 16 },
    startsInMs: 60_000,
    shareMax: 0.5,
  },
};
