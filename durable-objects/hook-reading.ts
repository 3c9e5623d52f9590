import { laneFrom, laneText, webhookIdOf } from "#domain/webhooks/events.ts";
import { Lanes, type Taken, type Wanted } from "#domain/webhooks/lanes.ts";
import type { WebhookRecord } from "#domain/webhooks/model.ts";
import { matcherOf } from "#domain/webhooks/patterns.ts";
import type { TopicName } from "#domain/topics/topics.ts";
import type { EventLog } from "#objects/hook-log.ts";
import type { Positions } from "#objects/hook-positions.ts";

const READS_PER_TURN = 20;
const READ = { limit: 500, bytesMax: 1_048_576 };

/** Where to go back to: to one event and all after it, or to a time. */
export type ReplayFrom = { lane: string; offset: number } | { timeMs: number };

type Needs = {
  kv: SyncKvStorage;
  log: EventLog;
  positions: Positions;
  /** Whether something of a lane is to be sent before the rest of it; whether an event is kept to be tried again. */
  holds(lane: string): boolean;
  has(id: string): boolean;
};
type Wants = Pick<WebhookRecord, "topics" | "events" | "ordered">;

/** What a webhook reads of its topics, from where it is; nothing is copied. */
export class HookReading {
  readonly #needs: Needs;
  #lanes = new Lanes();
  /** Each of its partitions says when there is more: nothing is to be read here before. */
  #isTold: boolean;
  #isListed = false;
  #wakes = 0;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#isTold = needs.kv.get<boolean>("hookTold") ?? false;
  }

  get missed(): number {
    return this.#needs.kv.get<number>("hookMissed") ?? 0;
  }

  /** Topics are read from what is appended from now on. */
  async begin(topics: readonly TopicName[]): Promise<void> {
    const { log, positions } = this.#needs;
    for (const topic of topics) {
      positions.put(laneText({ topic, partition: 0 }), 0);
      for (const { n, latest } of await log.partitions(topic))
        positions.put(laneText({ topic, partition: n }), latest);
    }
    this.wake();
  }

  /** Forgets the others. */
  keep(topics: readonly TopicName[]): void {
    for (const name of this.#needs.positions.drop(topics)) this.#lanes.drop(name);
  }

  /** There may be more, in partitions that are not known yet, too. */
  wake(): void {
    this.#wakes++;
    this.#isListed = false;
    this.#lanes.stale();
    this.#tell(false);
  }

  /** Whether there is something to read now, or to say to partitions that it waits for more. */
  isReady(wants: Wants): boolean {
    if (this.#isTold) return false;
    const isWaiting = this.#isListed && this.#lanes.isBehind();
    return !isWaiting || this.#lanes.isReady(wants.ordered, this.#needs.holds);
  }

  /** Reads until there is something to send, or nothing more. */
  async fill(wants: Wants): Promise<void> {
    if (this.#isTold) return;
    const wakes = this.#wakes;
    await this.#list(wants.topics);
    const isWanted = matcherOf(wants.events);
    for (let reads = 0; reads < READS_PER_TURN; reads++) {
      const wanting = this.#lanes.wanting(wants.ordered, this.#needs.holds);
      if (wanting.length === 0) break;
      await Promise.all(wanting.map(({ lane, after }) => this.#read(lane, after, isWanted)));
    }
    if (this.#lanes.isBehind() || wakes !== this.#wakes) return;
    const isQuiet = await this.#follow();
    if (isQuiet && wakes === this.#wakes) this.#tell(true);
    else this.wake();
  }

  take = (max: number, { ordered }: Wants): Taken[] =>
    this.#lanes.take(max, ordered, this.#needs.holds);
  done = ({ lane, offset }: Taken): void => this.#lanes.done(lane, offset);
  back = (taken: Taken): void => this.#lanes.back(taken);

  /** Writes how far it is. */
  flush(): void {
    for (const [lane, position] of this.#lanes.moved()) this.#needs.positions.put(lane, position);
  }

  /** Never forward; false where the event is not there. What is under way is sent once more. */
  async replay(from: ReplayFrom, { topics }: Wants): Promise<boolean> {
    const { log, positions } = this.#needs;
    await this.#list(topics);
    const timeMs = "timeMs" in from ? from.timeMs : await this.#timeOf(from.lane, from.offset);
    if (timeMs === null) return false;
    for (const name of this.#lanes.names()) {
      const lane = laneFrom(name);
      if (lane === null) continue;
      const isIts = "lane" in from && from.lane === name;
      const offset = isIts ? from.offset : await log.offsetAt(lane, timeMs);
      positions.put(name, Math.min(this.#lanes.position(name), Math.max(0, offset - 1)));
    }
    this.#lanes = new Lanes();
    this.wake();
    return true;
  }

  async #timeOf(name: string, offset: number): Promise<number | null> {
    const lane = laneFrom(name);
    if (lane === null || !this.#lanes.has(name)) return null;
    const asked = { after: offset - 1, limit: 1, bytesMax: 1 };
    const found = await this.#needs.log.read(lane, asked);
    const [text] = found.ok ? found.value.events : [];
    if (text === undefined) return null;
    const { time, sequence } = JSON.parse(text) as { time: string; sequence: string };
    return Number(sequence) === offset ? Date.parse(time) : null;
  }

  /** Asks each partition to say when there is more; false where there is already. */
  async #follow(): Promise<boolean> {
    const lanes = this.#lanes.names().flatMap((name) => laneFrom(name) ?? []);
    for (const [topic, some] of Map.groupBy(lanes, ({ topic }) => topic)) {
      const ends = some.map(
        (lane) => [lane.partition, this.#lanes.readTo(laneText(lane))] as const,
      );
      if (!(await this.#needs.log.follow(topic, new Map(ends)))) return false;
    }
    return true;
  }

  async #read(name: string, after: number, isWanted: (type: string) => boolean): Promise<void> {
    const lane = laneFrom(name);
    if (lane === null) return;
    const found = await this.#needs.log.read(lane, { after, ...READ });
    if (!found.ok) {
      // What it never read has left the log: its status says so, and it goes on with what there is.
      this.#needs.kv.put("hookMissed", this.missed + 1);
      return this.#lanes.read(name, [], found.error.earliest - 1, Infinity);
    }
    const { events, next, latest } = found.value;
    const wanted = events.flatMap((text): Wanted[] => {
      const { type, sequence } = JSON.parse(text) as { type: string; sequence: string };
      if (!isWanted(type)) return [];
      const offset = Number(sequence);
      const id = webhookIdOf(lane, offset);
      return this.#needs.has(id) ? [] : [{ offset, id, type, body: text }];
    });
    this.#lanes.read(name, wanted, next, latest);
  }

  /** Which partitions its topics have by now: those that came since begin at their beginning. */
  async #list(topics: readonly TopicName[]): Promise<void> {
    if (this.#isListed) return;
    const known = this.#needs.positions.all();
    for (const topic of topics)
      for (const { n, parent } of await this.#needs.log.partitions(topic)) {
        const name = laneText({ topic, partition: n });
        const follows = parent && {
          lane: laneText({ topic, partition: parent.partition }),
          offset: parent.offset,
        };
        this.#lanes.add(name, known.get(name) ?? 0, follows);
      }
    this.#isListed = true;
  }

  #tell(isTold: boolean): void {
    if (isTold === this.#isTold) return;
    this.#isTold = isTold;
    this.#needs.kv.put("hookTold", isTold);
  }
}
