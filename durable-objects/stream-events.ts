import { answerText, type SubscribeFrame } from "#domain/sessions/frames.ts";
import { owed, type Subscription, told } from "#domain/sessions/subscription.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { type Parents, readable } from "#domain/topics/groups.ts";
import type { Asker, TopicNews } from "#domain/topics/news.ts";
import { type Position, positionFrom, positionText } from "#domain/topics/position.ts";
import { aheadOf, type Lane, lanesOf, offsetIn } from "#domain/topics/reading.ts";
import { isTopicName, type TopicName } from "#domain/topics/topics.ts";
import { problemText } from "#objects/agent-operations.ts";
import type { Session } from "#objects/agent-session.ts";
import { askerName, StreamListening, type Topics } from "#objects/stream-listening.ts";

const READ = { limit: 128, bytesMax: 262_144 };
/** One turn of the log's answers for one subscription. */
const TURNS_MAX = 10_000;
/** Those that a partition asks for beforehand; the others are asked for here. */
const ASKERS_MAX = 8;

/** The subscriptions of an object's streams: nothing is copied for them, each has a position in the log. */
export class StreamEvents {
  readonly #topics: Topics;
  readonly #waitUntil: (work: Promise<unknown>) => void;
  readonly #listening: StreamListening;
  /** Streams that are about to subscribe: what they will hear is wanted already. */
  #beginning = 0;
  /** What is read for a subscription already, and whether there is more since. */
  readonly #reading = new WeakMap<Session, Map<string, { isMore: boolean }>>();

  constructor(topics: Topics, waitUntil: (work: Promise<unknown>) => void) {
    this.#topics = topics;
    this.#listening = new StreamListening(topics);
    this.#waitUntil = waitUntil;
  }

  /** Begins to tell a stream; the answer to its frame. */
  async subscribe(session: Session, frame: SubscribeFrame): Promise<string> {
    const { id, after } = frame;
    const known = after === undefined ? {} : positionFrom(after);
    if (known === null)
      return problemText(id, noPosition("must be a position that an event came with"));
    this.#beginning++;
    try {
      const begun = await this.#begun(session, frame, known);
      if (!begun.ok) return problemText(id, begun.error);
      const { topics, position } = begun.value;
      // Begun where others did a moment ago, or behind an old position.
      if (after !== undefined || this.#listening.hasMore(topics, position))
        this.#waitUntil(this.#read(session, id));
      const body = JSON.stringify({ topics, position: positionText(position) });
      return answerText({ id, status: 200, headers: {}, body });
    } finally {
      this.#beginning--;
    }
  }

  async #begun(
    session: Session,
    { id, topics: wanted, types, agent, run, task }: SubscribeFrame,
    known: Position,
  ): Promise<Result<Subscription, Problem>> {
    const heard = await this.#listening.mayHear(askerOf(session, wanted));
    if (!heard.ok) return heard;
    const topics = heard.value;
    const position: Position = {};
    for (const topic of topics) {
      const ends = await this.#listening.ends(topic);
      if (!ends.ok) return ends;
      const ahead = await this.#aheadOf(topic, known[topic] ?? [], ends.value);
      if (ahead !== null) return err(noPosition(ahead));
      position[topic] = known[topic] ?? ends.value.map(({ latest }) => latest);
    }
    const open = session.state.subscriptions ?? [];
    if (open.some((one) => one.id === id))
      return err({ code: "conflict", detail: "there is a subscription of that id" });
    if (open.length >= LIMITS.subscriptionsPerStreamMax) {
      const detail = `a stream has at most ${LIMITS.subscriptionsPerStreamMax} subscriptions`;
      return err({ code: "too-many-requests", detail });
    }
    const filter = { types, agent, run, task };
    const subscription = { id, topics, filter, position, skipped: 0, owedSinceMs: null };
    session.state.subscriptions = [...open, subscription];
    session.keep();
    return ok(subscription);
  }

  /** What is known of a topic's ends may be older than what the reader has read: they are asked for anew. */
  async #aheadOf(
    topic: TopicName,
    offsets: readonly number[],
    ends: readonly { latest: number }[],
  ): Promise<string | null> {
    const of = (all: readonly { latest: number }[]) =>
      aheadOf(
        offsets,
        all.map(({ latest }) => latest),
      );
    return of(ends) === null ? null : of(await this.#topics.partitions(topic));
  }

  unsubscribe(session: Session, id: string): string {
    const isThere = this.#subscriptionOf(session, id) !== undefined;
    this.#drop(session, id);
    return isThere
      ? answerText({ id, status: 204, headers: {}, body: null })
      : problemText(id, { code: "not-found" });
  }

  /** A client has taken something in: it may have room for what it is owed. */
  seen(session: Session): void {
    for (const { id, owedSinceMs } of session.state.subscriptions ?? [])
      if (owedSinceMs !== null) this.#waitUntil(this.#read(session, id));
  }

  /** A partition has more. Who wants to hear of it here, as far as it fits; null where nobody does any more. */
  async ring(sessions: readonly Session[], news: TopicNews): Promise<Asker[] | null> {
    const { topic, partition, heard = [] } = news;
    if (!isTopicName(topic)) return null;
    const lane = { topic, partition };
    this.#listening.learn(heard);
    await this.#listening.heard(news, topic);
    const askers = new Map<string, Asker>();
    for (const session of sessions)
      for (const { id, topics } of session.state.subscriptions ?? []) {
        if (!topics.includes(topic)) continue;
        const asker = askerOf(session, topics);
        askers.set(askerName(asker), asker);
        if (await this.#hears(session, id, asker)) this.#tell(session, id, lane, news);
      }
    if (askers.size > 0 || this.#beginning > 0) return [...askers.values()].slice(0, ASKERS_MAX);
    this.#listening.left(lane);
    return null;
  }

  /** The events themselves where the client stands right before them, otherwise what the log has for it. */
  #tell(session: Session, id: string, lane: Lane, { after, last, events }: TopicNews): void {
    const subscription = this.#subscriptionOf(session, id);
    if (subscription === undefined) return;
    const { topic, partition } = lane;
    const isNext = events !== null && offsetIn(subscription.position, lane) === after;
    const isReading = this.#reading.get(session)?.has(id) ?? false;
    const parents = this.#listening.parentsOf(topic) ?? [];
    const mayRead = readable({ committed: subscription.position[topic] ?? [] }, parents);
    const isInTurn = isNext && !isReading && mayRead.includes(partition);
    if (isInTurn && this.#hasRoom(session, subscription))
      this.#deliver(session, id, lane, { events, last });
    else this.#waitUntil(this.#read(session, id));
  }

  /** Reads the log for one subscription until there is no more, or no room for it. */
  async #read(session: Session, id: string): Promise<void> {
    let reading = this.#reading.get(session);
    if (reading === undefined) this.#reading.set(session, (reading = new Map()));
    const already = reading.get(id);
    if (already !== undefined) {
      already.isMore = true;
      return;
    }
    const turn = { isMore: true };
    reading.set(id, turn);
    try {
      for (let turns = 0; turn.isMore && turns < TURNS_MAX; turns++) {
        turn.isMore = false;
        if (await this.#readOnce(session, id)) turn.isMore = true;
      }
    } finally {
      reading.delete(id);
    }
  }

  /** Whether there may be more. */
  async #readOnce(session: Session, id: string): Promise<boolean> {
    const begun = this.#subscriptionOf(session, id);
    if (begun === undefined) return false;
    const parents = new Map<TopicName, Parents>();
    for (const topic of begun.topics) {
      const ends = this.#listening.parentsOf(topic) ?? (await this.#listening.ends(topic));
      if ("ok" in ends && !ends.ok) return this.#failed(session, id, ends.error);
      parents.set(topic, this.#listening.parentsOf(topic) ?? [null]);
    }
    let isMore = false;
    for (const lane of lanesOf(begun.position, parents)) {
      const subscription = this.#subscriptionOf(session, id);
      if (subscription === undefined || !this.#hasRoom(session, subscription)) return false;
      const after = offsetIn(subscription.position, lane);
      const read = await this.#topics.read(lane, { after, ...READ });
      if (!read.ok) return this.#failed(session, id, read.error);
      const { events, next } = read.value;
      if (events.length === 0) continue;
      this.#deliver(session, id, lane, { events, last: next });
      isMore = true;
    }
    return isMore;
  }

  #deliver(
    session: Session,
    id: string,
    lane: Lane,
    some: { events: readonly string[]; last: number },
  ): void {
    const subscription = this.#subscriptionOf(session, id);
    if (subscription === undefined) return;
    const { subscription: moved, frame } = told(subscription, lane, some);
    this.#put(session, moved);
    if (frame !== null) session.send(frame);
    session.keep();
  }

  /** Whether it has room for more. Who has had none for long is cut off: it comes back to its place. */
  #hasRoom(session: Session, subscription: Subscription): boolean {
    const { subscription: now, verdict } = owed(subscription, session.state.flow, Date.now());
    if (now.owedSinceMs !== subscription.owedSinceMs) {
      this.#put(session, now);
      session.keep();
    }
    if (verdict === "cut") session.end("slow-consumer", "took in nothing for a minute");
    return verdict === "send";
  }

  /** Whether whoever opened the stream may still hear it; the subscription is over where they may not. */
  async #hears(session: Session, id: string, asker: Asker): Promise<boolean> {
    if (session.isOver) return false;
    const heard = await this.#listening.mayHear(asker);
    return heard.ok || this.#failed(session, id, heard.error);
  }

  /** Who may hear nothing more, or cannot for now, comes back to its place; what is gone ends the subscription alone. */
  #failed(session: Session, id: string, problem: Problem): false {
    const { code } = problem;
    if (code === "unauthenticated" || code === "overloaded") session.end(code);
    else this.#end(session, id, problem);
    return false;
  }

  /** Ends one subscription, and says why under its id. */
  #end(session: Session, id: string, problem: Problem): void {
    this.#drop(session, id);
    session.send(problemText(id, problem));
    session.keep();
  }

  #drop(session: Session, id: string): void {
    const left = session.state.subscriptions?.filter((one) => one.id !== id);
    if (left === undefined || left.length === 0) delete session.state.subscriptions;
    else session.state.subscriptions = left;
  }

  #put(session: Session, subscription: Subscription): void {
    session.state.subscriptions = session.state.subscriptions?.map((one) =>
      one.id === subscription.id ? subscription : one,
    );
  }

  #subscriptionOf = (session: Session, id: string): Subscription | undefined =>
    session.isOver ? undefined : session.state.subscriptions?.find((one) => one.id === id);
}

const askerOf = ({ state }: Session, topics: Asker["topics"]): Asker => {
  const { holder, address } = state;
  return { holder, address, topics };
};

const noPosition = (detail: string): Problem => ({
  code: "invalid-request",
  errors: [{ pointer: "/after", detail }],
});
