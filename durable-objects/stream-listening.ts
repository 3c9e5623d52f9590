import { Lately } from "#domain/shared/lately.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { ok, type Result } from "#domain/shared/result.ts";
import type { Parents } from "#domain/topics/groups.ts";
import type { Asker, Heard, TopicNews } from "#domain/topics/news.ts";
import type { Position } from "#domain/topics/position.ts";
import { type Lane, offsetIn } from "#domain/topics/reading.ts";
import { TOPIC_NAMES, type TopicName } from "#domain/topics/topics.ts";

/** Whoever may hear something is asked again after that, as a session is. */
const HEARING_LIFE_MS = 5_000;
/** Streams of one credential that ask at once share an answer. */
const HEARINGS_MAX = 64;
/** Streams that begin at once begin at one place: what came since is told them. */
const ENDS_LIFE_MS = 1_000;

export type Hearing = Result<TopicName[], Problem>;
type PartitionEnds = { latest: number; parent: Parents[number] };
type Ends = Result<PartitionEnds[], Problem>;

/** What a stream needs of the topics of its account. */
export type Topics = {
  mayHear(asker: Asker): Promise<Result<Heard, Problem>>;
  partitions(topic: TopicName): Promise<PartitionEnds[]>;
  read(
    lane: Lane,
    asked: { after: number; limit: number; bytesMax: number },
  ): Promise<Result<{ events: string[]; next: number }, Problem>>;
  /** From now on the object is told of what is appended there, until it says that nobody wants it. */
  listen(lane: Lane): Promise<Result<null, Problem>>;
};

/** What the streams of one object ask together: who may hear what, and which partitions tell the object. */
export class StreamListening {
  readonly #topics: Topics;
  readonly #parents = new Map<TopicName, Parents>();
  readonly #hearings = new Lately<Hearing>({ lifeMs: HEARING_LIFE_MS, max: HEARINGS_MAX });
  readonly #ends = new Lately<Ends>({ lifeMs: ENDS_LIFE_MS, max: TOPIC_NAMES.length });
  readonly #told = new Set<string>();
  readonly #newest = new Map<string, number>();

  constructor(topics: Topics) {
    this.#topics = topics;
  }

  mayHear(asker: Asker): Promise<Hearing> {
    return this.#hearings.of(askerName(asker), Date.now(), async (since) => {
      const heard = await this.#topics.mayHear(asker);
      if (!heard.ok) return heard;
      since(heard.value.atMs);
      return ok(heard.value.topics);
    });
  }

  /** What was found out of those here, before they asked. */
  learn(all: readonly Heard[]): void {
    for (const { asker, topics, atMs } of all)
      this.#hearings.put(askerName(asker), ok(topics), atMs);
  }

  /** What each partition goes on from, as far as is known. */
  parentsOf = (topic: TopicName): Parents | undefined => this.#parents.get(topic);

  /** The partitions of a topic, each of which tells this object from now on. */
  ends(topic: TopicName): Promise<Ends> {
    return this.#ends.of(topic, Date.now(), () => this.#listened(topic));
  }

  /** A partition has told of something; what the topic has grown by is listened to. */
  async heard({ partition, count, last }: TopicNews, topic: TopicName): Promise<void> {
    this.#newest.set(nameOf({ topic, partition }), last);
    if ((this.#parents.get(topic)?.length ?? 0) >= count) return;
    this.#ends.forget(topic);
    if (count === 1) this.#parents.set(topic, [null]);
    else await this.ends(topic);
  }

  /** Whether the object has heard of more than a position knows. */
  hasMore(topics: readonly TopicName[], position: Position): boolean {
    return topics.some((topic) =>
      (this.#parents.get(topic) ?? []).some((_, partition) => {
        const lane = { topic, partition };
        return (this.#newest.get(nameOf(lane)) ?? 0) > offsetIn(position, lane);
      }),
    );
  }

  /** The partition tells the object no more. */
  left(lane: Lane): void {
    this.#told.delete(nameOf(lane));
    this.#ends.forget(lane.topic);
  }

  async #listened(topic: TopicName): Promise<Ends> {
    const known = await this.#topics.partitions(topic);
    let isNew = false;
    for (const partition of known.keys()) {
      const lane = { topic, partition };
      if (this.#told.has(nameOf(lane))) continue;
      const listening = await this.#topics.listen(lane);
      if (!listening.ok) return listening;
      this.#told.add(nameOf(lane));
      isNew = true;
    }
    // What came before it was listened to, nobody told.
    const ends = isNew ? await this.#topics.partitions(topic) : known;
    const parents = ends.map(({ parent }) => parent);
    this.#parents.set(topic, parents);
    return ok(ends);
  }
}

/** Who asks: the same whichever of their streams does. */
export const askerName = ({ holder, address, topics }: Asker): string =>
  JSON.stringify([holder, address, topics]);
const nameOf = ({ topic, partition }: Lane): string => `${topic} ${partition}`;
