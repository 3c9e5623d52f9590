import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Parents } from "#domain/topics/groups.ts";
import type { Position } from "#domain/topics/position.ts";
import { aheadOf, type Lane, lanesOf, movedTo, offsetIn } from "#domain/topics/reading.ts";
import type { TopicName } from "#domain/topics/topics.ts";
import type { topicPort } from "#adapters/topics.ts";

/** How long one question to a partition waits there for its next event. */
const WAIT_MS = 20_000;
const READ = { limit: 256, bytesMax: 262_144 };
/** A partition that has no room for another reader that waits is asked again after this. */
const AGAIN_MS = 500;

type Port = Pick<ReturnType<typeof topicPort>, "read" | "partitionsOf">;
export type Piece = { lane: Lane; events: string[]; before: Position };
type Outcome = { lane: Lane; read: Awaited<ReturnType<Port["read"]>> };

/** Reads some topics from a position on, as they grow: by events, and by partitions. For one request, which it ends with. */
export class TopicFollower {
  position: Position;
  readonly #port: Port;
  readonly #accountId: string;
  readonly #parents = new Map<TopicName, Parents>();
  readonly #asked = new Map<string, Promise<Outcome>>();

  private constructor(port: Port, accountId: string) {
    this.#port = port;
    this.#accountId = accountId;
    this.position = {};
  }

  /** From `position` on, and where that says nothing of a topic from what `begin` answers of it; else why not. */
  static async from(
    port: Port,
    {
      accountId,
      topics,
      position,
    }: { accountId: string; topics: readonly TopicName[]; position: Position },
    begin: (topic: TopicName, partition: number, latest: number) => Promise<number>,
  ): Promise<Result<TopicFollower, string>> {
    const follower = new TopicFollower(port, accountId);
    const ahead = await Promise.all(
      topics.map(async (topic) => {
        const partitions = await follower.#learn(topic);
        const known = position[topic];
        follower.position[topic] =
          known ?? (await Promise.all(partitions.map(({ n, latest }) => begin(topic, n, latest))));
        const latest = partitions.map((one) => one.latest);
        return known === undefined ? null : aheadOf(known, latest);
      }),
    );
    const why = ahead.find((one) => one !== null) ?? null;
    return why === null ? ok(follower) : err(why);
  }

  /** What is there already, if anything is; the position is moved behind it, `before` is what it was. */
  async now(): Promise<Result<Piece | null, Problem>> {
    for (const lane of lanesOf(this.position, this.#parents)) {
      const { read } = await this.#read(lane, 0);
      const piece = await this.#taken(lane, read);
      if (!piece.ok || piece.value !== null) return piece;
    }
    return ok(null);
  }

  /** The same of what comes next, in at most `withinMs`. */
  async next(withinMs: number): Promise<Result<Piece | null, Problem>> {
    const endMs = Date.now() + withinMs;
    for (let leftMs = withinMs; leftMs > 0; leftMs = endMs - Date.now()) {
      for (const lane of lanesOf(this.position, this.#parents)) {
        const name = `${lane.topic} ${lane.partition}`;
        if (!this.#asked.has(name)) this.#asked.set(name, this.#read(lane, WAIT_MS));
      }
      const outcome = await this.#first(leftMs);
      if (outcome === null) break;
      const { lane, read } = outcome;
      this.#asked.delete(`${lane.topic} ${lane.partition}`);
      const piece = await this.#taken(lane, read);
      if (!piece.ok || piece.value !== null) return piece;
    }
    return ok(null);
  }

  async #taken(lane: Lane, read: Outcome["read"]): Promise<Result<Piece | null, Problem>> {
    if (!read.ok) {
      if (read.error.code !== "too-many-requests") return read;
      await scheduler.wait(AGAIN_MS);
      return ok(null);
    }
    const { events, next, partitions } = read.value;
    if (partitions > (this.#parents.get(lane.topic)?.length ?? 0)) await this.#learn(lane.topic);
    if (events.length === 0) return ok(null);
    const before = this.position;
    this.position = movedTo(before, lane, next);
    return ok({ lane, events, before });
  }

  async #read(lane: Lane, waitMs: number): Promise<Outcome> {
    const { topic, partition } = lane;
    const after = offsetIn(this.position, lane);
    const asked = { partition, after, waitMs, ...READ };
    return { lane, read: await this.#port.read(this.#accountId, topic, asked) };
  }

  /** The first partition that has answered; null where none has in that time. */
  async #first(withinMs: number): Promise<Outcome | null> {
    const { promise, resolve } = Promise.withResolvers<null>();
    const timer = setTimeout(() => resolve(null), withinMs);
    const outcome = await Promise.race([...this.#asked.values(), promise]);
    clearTimeout(timer);
    return outcome;
  }

  async #learn(topic: TopicName) {
    const partitions = await this.#port.partitionsOf(this.#accountId, topic);
    this.#parents.set(
      topic,
      partitions.map(({ parent }) => parent),
    );
    return partitions;
  }
}
