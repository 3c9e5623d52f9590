/** Groups of the numbers below `count` that grow together; the lowest number of a group names it. */
export class Groups {
  readonly #parent: Uint32Array;

  constructor(count: number) {
    this.#parent = Uint32Array.from({ length: count }, (_, at) => at);
  }

  /** The name of the group that `at` is in. */
  of(at: number): number {
    const parent = this.#parent;
    let above = parent[at] ?? at;
    while (above !== at) {
      const next = parent[above] ?? above;
      parent[at] = next; // every other step is cut short, so paths stay short
      at = next;
      above = parent[at] ?? at;
    }
    return at;
  }

  /** Whether that made one group of two. */
  join(one: number, two: number): boolean {
    const [a, b] = [this.of(one), this.of(two)];
    if (a === b) return false;
    this.#parent[Math.max(a, b)] = Math.min(a, b);
    return true;
  }
}
