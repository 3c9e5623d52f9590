/** A vector engine as the bench sees it; runs alone in a process of its own. Places are positions in `vectors`. */
export type VectorEngine = {
  /** What it was built with, for the table. */
  built: string;
  /** From fast to exact: what can be turned at query time, in the engine's own words. Empty: nothing to turn. */
  knob: string;
  settings: readonly number[];
  build(vectors: Float32Array, count: number): Promise<void> | void;
  turn(setting: number): void;
  /** The query in the engine's own shape, made before the clock starts. */
  prepared(query: Float32Array): unknown;
  search(query: unknown, limit: number): readonly number[] | Promise<readonly number[]>;
};

export const WIDTHS = [10, 16, 24, 32, 48, 64, 80, 96, 128, 160, 192, 256, 384, 512, 768, 1_024];

/** What parent and child say to each other, over the channel of child_process. */
export type ToChild =
  | { ask: "load"; engine: string; vectors: string; queries: string; count: number }
  | { ask: "build" }
  | { ask: "answers"; setting: number | null }
  | { ask: "time" }
  | { ask: "memory" };

export type FromChild = {
  built?: string;
  knob?: string;
  settings?: readonly number[];
  cpuMs?: number;
  wallMs?: number;
  /** Resident growth since the vectors themselves were read. */
  grownBytes?: number;
  answers?: readonly (readonly number[])[];
  p50Ms?: number;
  error?: string;
};
