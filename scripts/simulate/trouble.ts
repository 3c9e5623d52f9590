import type { Region } from "#domain/regions/regions.ts";
import type { World } from "#scripts/simulate/regions.ts";

/** Crashes and restarts of leaders and replicas, logs that no longer reach back, splits, a cut and a heal. */
export class Trouble {
  /** When the cut of a region began while it lasts, when it began last, and when it ended last. */
  readonly cutSince = new Map<Region, number>();
  readonly cutAt = new Map<Region, number>();
  readonly healedAt = new Map<Region, number>();
  /** Until when a machine was down. */
  readonly downUntil = new Map<object, number>();
  fullCopies = 0;
  kills = 0;
  splits = 0;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  cut(region: Region, forMs: number): void {
    const { network } = this.#world;
    network.cutOff(region, true);
    this.cutSince.set(region, network.nowMs);
    this.cutAt.set(region, network.nowMs);
    network.after(forMs, () => {
      network.cutOff(region, false);
      this.cutSince.delete(region);
      this.healedAt.set(region, network.nowMs);
    });
  }

  splitOne(): void {
    const leaf = this.#pick(
      [...this.#world.leaders.values()].filter(
        ({ moved, machine }) => moved === null && machine.isUp,
      ),
    );
    if (leaf !== undefined && leaf.records.live().length > 8) {
      this.#world.split(leaf);
      this.splits++;
    }
  }

  /** Something goes wrong every second or so. */
  disturb(untilMs: number): void {
    const { network, leaders, replicas } = this.#world;
    const again = (): void => {
      if (network.nowMs > untilMs) return;
      const leader = this.#pick([...leaders.values()]);
      const replica = this.#pick([...replicas.values()]);
      const chance = network.random();
      if (chance < 0.6 && replica) {
        const forMs = 100 + network.random() * 2_500;
        this.downUntil.set(replica.machine, network.nowMs + forMs);
        this.kills++;
        this.#world.stop(replica.machine, forMs, () => replica.restart());
      } else if (chance < 0.85 && leader) {
        const forMs = 100 + network.random() * 1_500;
        this.downUntil.set(leader.machine, network.nowMs + forMs);
        this.kills++;
        this.#world.stop(leader.machine, forMs, () => {});
      } else if (leader) {
        leader.dropLog();
        this.fullCopies++;
      }
      network.after(400 + network.random() * 2_000, again);
    };
    network.after(2_000, again);
  }

  #pick<T>(all: readonly T[]): T | undefined {
    return all[Math.floor(this.#world.network.random() * all.length)];
  }
}
