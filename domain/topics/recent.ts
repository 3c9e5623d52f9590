/** Ids that a partition remembers, so that a producer who repeats itself writes once, and what their texts may take. */
const IDS_MAX = 16_384;
const CHARS_MAX = 600_000;

/** The newest ids of a partition and the offsets of their events; below zero, in the partition that it goes on from. */
export class RecentIds {
  readonly #offsets = new Map<string, number>();
  /** Goes on behind what was forgotten: a new one would walk over all of it before it finds the first that is left. */
  #oldestFirst = this.#offsets.keys();
  #chars = 0;

  offsetOf(id: string): number | undefined {
    return this.#offsets.get(id);
  }

  add(id: string, offset: number): void {
    if (this.#offsets.has(id)) return;
    this.#offsets.set(id, offset);
    this.#chars += id.length;
    while (this.#offsets.size > IDS_MAX || this.#chars > CHARS_MAX) this.#forgetOldest();
  }

  /** As it is stored: oldest first. */
  entries(): [string, number][] {
    return [...this.#offsets];
  }

  #forgetOldest(): void {
    const { value: id, done } = this.#oldestFirst.next();
    if (done === true) this.#oldestFirst = this.#offsets.keys();
    else if (this.#offsets.delete(id)) this.#chars -= id.length;
  }
}
