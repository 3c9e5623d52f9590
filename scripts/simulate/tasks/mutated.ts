import { STALE } from "#scripts/simulate/tasks/mutants.ts";

// Plays seeds until one breaks a promise, or the core throws: then this ends with 1.

const seeds = Number(process.argv[2]);
// A fault that is no program shows nothing.
const { play } = await import("#scripts/simulate/tasks/play.ts").catch(() => process.exit(STALE));
for (let seed = 1; seed <= seeds; seed++) if (play(seed).broken.length > 0) process.exit(1);
