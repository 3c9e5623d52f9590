import { type ProblemDocument, WisHubError } from "./error.ts";
import { followed, type Following, type Streams } from "./following.ts";
import { type Query, search } from "./request.ts";
import type { Operations } from "./types.ts";

/** An event as it is kept: CloudEvents 1.0 in JSON, with where it lies. */
export type WisHubEvent = {
  specversion: "1.0";
  id: string;
  source: string;
  type: string;
  subject?: string;
  time: string;
  data: unknown;
  partitionkey?: string;
  traceparent?: string;
  partition: number;
  sequence: string;
};

export type EventsOptions = Following & {
  /** Of these topics; all that you may read where none is named. */
  topics?: string[] | undefined;
  /** Of these types: `unit.published`, or `unit.*` for all that begin so. */
  types?: string[] | undefined;
  /** About this agent, run, task. */
  agent?: string | undefined;
  run?: string | undefined;
  task?: string | undefined;
  /** The position of the newest event that you have; or a time to begin at. Without either it begins now. */
  after?: string | undefined;
  from?: string | undefined;
  /** Begins with so many of what is there at most, of each partition; with `from`, with what is later. */
  newest?: number | undefined;
};

export type EventInput = Operations["POST /v1/topics/{topic}/events"]["body"];
export type EventsAppended = Operations["POST /v1/topics/{topic}/events"]["answer"];

/** `position` goes into `after` to go on behind this event. */
export type LiveEvent = { position: string; event: WisHubEvent };

type Http = Pick<Streams, "waiting"> & {
  stream(
    path: string,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<ReadableStream<Uint8Array> | null>;
};

/**
 * What happens, as it happens: each event once and in the order of its key, however often the connection is lost. Ends
 * with `signal`; throws what cannot be mended by coming back, `offset-gone` where it was away for too long.
 */
export async function* liveEvents(
  { waiting, stream }: Http,
  { topics, types, agent, run, task, after, from, newest, ...following }: EventsOptions,
): AsyncGenerator<LiveEvent> {
  const filter: Query = { topic: topics?.join(), type: types?.join(), agent, run, task };
  const open = (last: string | null, signal?: AbortSignal) => {
    const begin = last === null ? { from, newest } : {};
    const headers: Record<string, string> = last === null ? {} : { "last-event-id": last };
    return stream(`/v1/events${search({ ...filter, ...begin })}`, headers, signal);
  };
  for await (const { id, name, data } of followed({ waiting, open }, following, after ?? null)) {
    if (name === "error") {
      const problem = JSON.parse(data) as ProblemDocument;
      if (problem.code !== "internal")
        throw new WisHubError({ ...problem, status: problem.status });
    } else if (name === "message" || name === "event")
      yield { position: id, event: JSON.parse(data) as WisHubEvent };
  }
}
