type Answer<T> = { atMs: number; value: Promise<T> };

/**
 * Answers that are asked for once for all who want them, and believed for a while. Of one object or request: no other may
 * await what it has asked for.
 */
export class Lately<T> {
  readonly #lifeMs: number;
  readonly #max: number;
  readonly #answers = new Map<string, Answer<T>>();

  constructor({ lifeMs, max }: { lifeMs: number; max: number }) {
    this.#lifeMs = lifeMs;
    this.#max = max;
  }

  /** `ask` answers what is true, and since when it is known to be where that is not now. */
  of(name: string, nowMs: number, ask: (since: (atMs: number) => void) => Promise<T>): Promise<T> {
    const known = this.#answers.get(name);
    const ageMs = known === undefined ? Infinity : nowMs - known.atMs;
    if (known !== undefined && ageMs >= 0 && ageMs < this.#lifeMs) return known.value;
    const answer: { atMs: number } = { atMs: nowMs };
    const value = ask((atMs) => (answer.atMs = Math.min(answer.atMs, atMs)));
    this.#put(name, Object.assign(answer, { value }));
    return value;
  }

  /** What was heard without having been asked for. */
  put(name: string, value: T, atMs: number): void {
    if ((this.#answers.get(name)?.atMs ?? -Infinity) < atMs)
      this.#put(name, { atMs, value: Promise.resolve(value) });
  }

  forget(name: string): void {
    this.#answers.delete(name);
  }

  #put(name: string, answer: Answer<T>): void {
    this.#answers.delete(name);
    this.#answers.set(name, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > this.#max && oldest !== undefined) this.#answers.delete(oldest);
  }
}
