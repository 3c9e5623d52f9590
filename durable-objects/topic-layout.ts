import type { Parents } from "#domain/topics/groups.ts";
import { childOf, GROWS_EVERY_MS, type Parent } from "#domain/topics/partitions.ts";
import {
  type PartitionName,
  partitionNameOf,
  settingsOf,
  type TopicOptions,
} from "#domain/topics/topics.ts";

const LAYOUT = "layout";
type Layout = { parents: (Parent | null)[]; growingTo: number | null; grownMs: number };
type Inherited = { recent: [string, number][]; options: TopicOptions | null };
export type Split = Inherited & { offset: number };
export type Beginning = Inherited & { count: number; parent: Parent };

type Needs = {
  name: PartitionName;
  env: Env;
  storage: DurableObjectStorage;
  make(): void;
  isMade(): boolean;
  /** This partition's own half. */
  split(count: number): Split;
};

/**
 * Which partitions a topic has and what each goes on from: kept by the first one, which makes a topic grow. First every
 * partition stops taking half of its keys, then the new ones that go on with these begin, then everybody hears of them.
 * Cut off anywhere, it is gone on with; each step may come twice.
 */
export class TopicLayout {
  readonly #needs: Needs;
  #layout: Layout | null = null;
  #isGrowing = false;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  get parents(): Parents {
    return this.#known.parents;
  }
  get growingTo(): number | null {
    return this.#known.growingTo;
  }

  /** Doubles the partitions where there still are so many and their time has come; whether it began to. */
  wants(from: number, nowMs: number): boolean {
    const { parents, growingTo, grownMs } = this.#known;
    if (growingTo !== null || parents.length !== from || nowMs - grownMs < GROWS_EVERY_MS)
      return false;
    if (from * 2 > settingsOf(this.#needs.name.topic).partitions) return false;
    this.#keep({ parents, growingTo: from * 2, grownMs: nowMs });
    return true;
  }

  /** Goes on with growing, where the topic does. */
  async goOn(): Promise<void> {
    const { growingTo, parents, grownMs } = this.#known;
    if (growingTo === null || this.#isGrowing) return;
    this.#isGrowing = true;
    try {
      const grown = [...parents];
      for (let partition = 0; partition < parents.length; partition++) {
        const { offset, recent, options } =
          partition === 0
            ? this.#needs.split(growingTo)
            : await this.#of(partition).split(growingTo);
        const child = childOf(partition, growingTo);
        const parent = { partition, offset };
        await this.#of(child).begin({ count: growingTo, parent, recent, options });
        grown[child] = parent;
      }
      this.#keep({ parents: grown, growingTo: null, grownMs });
    } finally {
      this.#isGrowing = false;
    }
  }

  get #known(): Layout {
    this.#layout ??= (this.#needs.isMade()
      ? this.#needs.storage.kv.get<Layout>(LAYOUT)
      : undefined) ?? { parents: [null], growingTo: null, grownMs: 0 };
    return this.#layout;
  }

  #keep(layout: Layout): void {
    this.#needs.make();
    this.#needs.storage.kv.put(LAYOUT, layout);
    this.#layout = layout;
  }

  #of(partition: number) {
    return this.#needs.env.TOPIC.getByName(partitionNameOf({ ...this.#needs.name, partition }));
  }
}
