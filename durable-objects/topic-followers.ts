const PREFIX = "follower ";
/** Whom nobody could wake is tried again after that. */
const AGAIN_MS = 1_000;
/** Whoever comes beyond it is told that there is more, and looks for itself. */
const FOLLOWERS_MAX = 1_000;

type Needs = {
  kv: SyncKvStorage;
  isMade(): boolean;
  make(): void;
  latest(): number;
  wake(name: string): Promise<void>;
};

/**
 * Readers that are to be woken by the next event, once, however many come after it: whoever reads on is not told again.
 * Each is a row until it was told, so a crash forgets nobody; without any, an event costs nothing here.
 */
export class TopicFollowers {
  readonly #needs: Needs;
  /** After which offset each wants to hear; a new one is put in for each time it asks. */
  #known: Map<string, { after: number }> | null = null;
  #isWaking = false;
  #againAtMs = 1;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** False where there is more already, or no room: then it has to look for itself. */
  add(name: string, after: number): boolean {
    const known = this.#all();
    if (after < this.#needs.latest()) return false;
    if (!known.has(name) && known.size >= FOLLOWERS_MAX) return false;
    this.#needs.make();
    if (known.get(name)?.after !== after) this.#needs.kv.put(`${PREFIX}${name}`, after);
    known.set(name, { after });
    return true;
  }

  /** When somebody is to be woken; Infinity where nobody is. */
  get dueMs(): number {
    return this.#due().length === 0 ? Infinity : this.#againAtMs;
  }

  /** Wakes them. Whatever cuts this off, an alarm at `dueMs` repeats it. `isAll`: also where nothing was appended. */
  async work(nowMs: number, isAll = false): Promise<void> {
    if (this.#isWaking) return;
    this.#isWaking = true;
    try {
      const due = isAll ? [...this.#all()] : this.#due();
      const outcomes = await Promise.allSettled(due.map(([name]) => this.#needs.wake(name)));
      for (const [i, [name, asked]] of due.entries()) {
        // One that has asked anew meanwhile stays.
        if (outcomes[i]?.status !== "fulfilled" || this.#all().get(name) !== asked) continue;
        this.#all().delete(name);
        this.#needs.kv.delete(`${PREFIX}${name}`);
      }
      const isMissed = outcomes.some(({ status }) => status === "rejected");
      this.#againAtMs = isMissed ? nowMs + AGAIN_MS : 1;
    } finally {
      this.#isWaking = false;
    }
  }

  forget(): void {
    this.#known = null;
  }

  #due(): [string, { after: number }][] {
    const latest = this.#needs.latest();
    return [...this.#all()].filter(([, { after }]) => after < latest);
  }

  #all(): Map<string, { after: number }> {
    this.#known ??= new Map(
      this.#needs.isMade()
        ? [...this.#needs.kv.list<number>({ prefix: PREFIX })].map(([key, after]) => [
            key.slice(PREFIX.length),
            { after },
          ])
        : [],
    );
    return this.#known;
  }
}
