import { spawn } from "node:child_process";
import { once } from "node:events";
import { inRoot } from "#scripts/launch/paths.ts";

/** One fault put into the core, as whoever edits it could: in this file, the first of this text becomes the other. */
export type Mutant = { name: string; file: string; from: string; to: string };

const QUEUE = "domain/scheduling/queue.ts";
const BOOK = "domain/scheduling/book.ts";
const LANES = "domain/scheduling/lanes.ts";
const SHARE = "domain/scheduling/share.ts";
const LEASE = "domain/shared/lease.ts";
const POOL = "domain/resources/allocator.ts";
const MACHINES = "domain/resources/machines.ts";

/** Each must be caught: what a simulation cannot see broken, it does not show to be whole. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "a lease repeats the token of the one before it",
    file: LEASE,
    from: "token: newestToken + 1,",
    to: "token: Math.max(1, newestToken),",
  },
  {
    name: "whoever had an earlier lease is heard",
    file: QUEUE,
    from: "entry.isHeld && entry.token === token",
    to: "entry.isHeld && entry.token >= token",
  },
  {
    name: "whoever gave a task back is still heard",
    file: QUEUE,
    from: "const isTheirs = entry.isHeld && entry.token === token",
    to: "const isTheirs = entry.token === token",
  },
  {
    name: "a result is taken after the deadline",
    file: QUEUE,
    from: "&& entry.deadlineMs > nowMs ?",
    to: "?",
  },
  {
    name: "a task is tried once too often",
    file: LEASE,
    from: "attempts >= attemptsMax",
    to: "attempts > attemptsMax",
  },
  {
    name: "a lease that runs out is not written down",
    file: QUEUE,
    from: '    // The token of a lease that ran out stays good until somebody else is given the task: who was slow may still finish.\n    this.#book.move(entry, "waiting");',
    to: '    this.#book.stand(entry, "waiting");',
  },
  {
    name: "leases never run out",
    file: QUEUE,
    from: "    const isLate = entry.deadlineMs <= nowMs;\n    const wasLeased",
    to: '    if (entry.standing === "leased") return;\n    const isLate = entry.deadlineMs <= nowMs;\n    const wasLeased',
  },
  {
    name: "a task does not wait for all that it comes after",
    file: BOOK,
    from: "else if (--next.blockedBy === 0)",
    to: "else if (--next.blockedBy <= 1)",
  },
  {
    name: "what comes after a failed task waits for ever",
    file: BOOK,
    from: 'if (end.state !== "completed") this.end(next, inVain(end));',
    to: 'if (end.state !== "completed") continue;',
  },
  {
    name: "after a kill, what is blocked is not known to be",
    file: QUEUE,
    from: "for (const { seq, after } of blocked) queue.#book.block(seq, after);",
    to: "",
  },
  {
    name: "places are given again after a kill",
    file: QUEUE,
    from: "const queue = new Queue(settings, newest);",
    to: "const queue = new Queue(settings, newest - newest);",
  },
  {
    name: "the queue forgets over a kill that it is paused",
    file: QUEUE,
    from: "    queue.mode = mode;\n",
    to: "",
  },
  {
    name: "the least urgent goes first",
    file: LANES,
    from: "a.rank < b.rank ||",
    to: "a.rank > b.rank ||",
  },
  {
    name: "what is near goes before everything",
    file: LANES,
    from: "const NEAR_MS = 60_000;",
    to: "const NEAR_MS = 6_000_000;",
  },
  {
    name: "needs are not looked at",
    file: LANES,
    from: "requires.every((one) => capabilities.includes(one));",
    to: "requires.length < 9 || capabilities.length < 9;",
  },
  {
    name: "weights are not looked at",
    file: SHARE,
    from: "sharer.pass = start + cost / sharer.weight;",
    to: "sharer.pass = start + cost;",
  },
  {
    name: "whoever comes back has saved up",
    file: SHARE,
    from: "sharer.pass = Math.max(sharer.pass, this.#virtual);",
    to: "sharer.pass = Math.min(sharer.pass, this.#virtual);",
  },
  {
    name: "what is late drops out when the clock goes back",
    file: LANES,
    from: "for (const entry of late) this.add(entry);",
    to: "",
  },
  {
    name: "reservations are never taken back",
    file: POOL,
    from: "for (const one of ended) this.#drop(one, changes);",
    to: "",
  },
  {
    name: "a machine is filled beyond what it has",
    file: MACHINES,
    from: "if (!fits(units, minus(this.#each, used))) continue;",
    to: "",
  },
  {
    name: "a machine goes while something is reserved there",
    file: MACHINES,
    from: "if (isLeaving && shareOf(this.usedOn(id), this.#each) === 0)",
    to: "if (isLeaving)",
  },
  {
    name: "whoever knows the name of a reservation may release it",
    file: POOL,
    from: "if (known.lease.token !== token) return { answer: err(LEASE_LOST), changes };",
    to: "",
  },
];

export type Verdict = "caught" | "missed" | "stale";

/** Plays the simulation with the fault in it. `stale`: there is no such text any more. */
export async function tried(mutant: Mutant, seeds: number): Promise<Verdict> {
  const child = spawn(
    process.execPath,
    [
      "--no-warnings",
      "--import",
      inRoot("scripts", "simulate", "tasks", "mutate.ts"),
      inRoot("scripts", "simulate", "tasks", "mutated.ts"),
      String(seeds),
    ],
    { env: { ...process.env, WISHUB_MUTANT: JSON.stringify(mutant) }, stdio: "ignore" },
  );
  const [code] = (await once(child, "exit")) as [number | null];
  if (code === STALE) return "stale";
  return code === 0 ? "missed" : "caught";
}

export const STALE = 3;
