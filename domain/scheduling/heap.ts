/** A binary heap: the first in the order of `before` comes out first, and anything can be taken out by its place. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;
  /** Told where each item lies, and -1 once it is out. */
  readonly #lies: (item: T, at: number) => void;

  constructor(before: (a: T, b: T) => boolean, lies: (item: T, at: number) => void = () => {}) {
    this.#before = before;
    this.#lies = lies;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    this.#items.push(item);
    this.#rise(this.#items.length - 1, item);
  }

  pop(): T | undefined {
    const top = this.#items[0];
    if (top !== undefined) this.remove(0);
    return top;
  }

  /** Takes the item out that lies there. */
  remove(at: number): void {
    const items = this.#items;
    const item = items[at];
    const last = items.pop();
    if (item === undefined || last === undefined) return;
    this.#lies(item, -1);
    if (at === items.length) return;
    if (at > 0 && this.#before(last, items[(at - 1) >> 1] as T)) this.#rise(at, last);
    else this.#sink(at, last);
  }

  #rise(from: number, item: T): void {
    const items = this.#items;
    let at = from;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = items[up] as T;
      if (!this.#before(item, parent)) break;
      items[at] = parent;
      this.#lies(parent, at);
      at = up;
    }
    items[at] = item;
    this.#lies(item, at);
  }

  #sink(from: number, item: T): void {
    const items = this.#items;
    let at = from;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= items.length) break;
      if (down + 1 < items.length && this.#before(items[down + 1] as T, items[down] as T)) down++;
      const child = items[down] as T;
      if (!this.#before(child, item)) break;
      items[at] = child;
      this.#lies(child, at);
      at = down;
    }
    items[at] = item;
    this.#lies(item, at);
  }
}
