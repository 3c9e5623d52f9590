/** Ids that a partition remembers, so that a producer who repeats itself writes once, and what their texts may take. */
const IDS_MAX = 16_384;
const CHARS_MAX = 600_000;

/** The newest ids of a partition and the offsets of their events; below zero, in the partition that it goes on from. */
export class RecentIds {
  readonly #offsets = new Map<string, number>();
  /** Oldest first from `#oldest` on: a map walks over all that was taken from its beginning before it finds its first. */
  #order: string[] = [];
  #oldest = 0;
  #chars = 0;

  offsetOf(id: string): number | undefined {
    return this.#offsets.get(id);
  }

  add(id: string, offset: number): void {
    if (this.#offsets.has(id)) return;
    this.#offsets.set(id, offset);
    this.#order.push(id);
    this.#chars += id.length;
    while (this.#offsets.size > IDS_MAX || this.#chars > CHARS_MAX) this.#forgetOldest();
  }

  /** As it is stored: oldest first. */
  entries(): [string, number][] {
    return [...this.#offsets];
  }

  #forgetOldest(): void {
    const id = this.#order[this.#oldest++] ?? "";
    this.#offsets.delete(id);
    this.#chars -= id.length;
    if (this.#oldest < IDS_MAX) return;
    this.#order = this.#order.slice(this.#oldest);
    this.#oldest = 0;
  }
}
