import {
  NO_RELEASE,
  type Release,
  rolledBack,
  upgraded,
  withState,
} from "#domain/agents/releases.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { ok, type Result } from "#domain/shared/result.ts";

export const RELEASE_STEP = `CREATE TABLE release (
  number INTEGER PRIMARY KEY, program TEXT, state TEXT NOT NULL, version INTEGER NOT NULL, at_ms INTEGER NOT NULL
) STRICT`;

type Row = {
  number: number;
  program: string | null;
  state: string;
  version: number;
  at_ms: number;
};
/** The newest release and those before it that are kept, newest first. */
export type Releases = { now: Release; previous: { number: number; program: string | null }[] };
/** `state` is JSON; null where an upgrade leaves it as it is. */
export type ReleaseChange =
  | { how: "state"; state: string }
  | { how: "upgrade"; program: string; state: string | null }
  | { how: "roll-back"; to: number };
export type ReleaseOutcome = Result<
  Releases,
  Problem<"version-stale" | "conflict" | "agent-unavailable">
>;
type Outcome = Result<Releases, Problem<"version-stale" | "conflict">>;
type Changed = Result<Release | null, Problem<"version-stale" | "conflict">>;

/** An agent's state and the releases of its program: an upgrade and its migrated state are one change, and so is the way back. */
export class AgentReleases {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  read(): Releases {
    const [now = NO_RELEASE, ...before] = this.#all();
    return { now, previous: before.map(({ number, program }) => ({ number, program })) };
  }

  change(asked: ReleaseChange, expected: number | null, nowMs: number): Outcome {
    switch (asked.how) {
      case "state":
        return this.#change((now) => withState(now, asked.state, expected, nowMs));
      case "upgrade":
        return this.#change((now) => upgraded(now, asked, expected, nowMs));
      case "roll-back":
        return this.#change((now, before) => rolledBack(now, before, asked.to, expected, nowMs));
    }
  }

  #change(change: (now: Release, before: Release[]) => Changed): Outcome {
    const { sql } = this.#storage;
    return this.#storage.transactionSync((): Outcome => {
      const [now = NO_RELEASE, ...before] = this.#all();
      const next = change(now, before);
      if (!next.ok) return next;
      if (next.value !== null) {
        const { number, program, state, version, atMs } = next.value;
        sql.exec("DELETE FROM release WHERE number > ?", number);
        // What it was before the first upgrade can be gone back to as well.
        if (number > 0 && now === NO_RELEASE) this.#save(NO_RELEASE);
        this.#save({ number, program, state, version, atMs });
        sql.exec("DELETE FROM release WHERE number <= ?", number - LIMITS.releasesKept);
      }
      return ok(this.read());
    });
  }

  #save({ number, program, state, version, atMs }: Release): void {
    this.#storage.sql.exec(
      "INSERT OR REPLACE INTO release VALUES (?, ?, ?, ?, ?)",
      number,
      program,
      state,
      version,
      atMs,
    );
  }

  #all(): Release[] {
    return this.#storage.sql
      .exec<Row>("SELECT * FROM release ORDER BY number DESC")
      .toArray()
      .map(({ at_ms: atMs, ...row }) => ({ ...row, atMs }));
  }
}
