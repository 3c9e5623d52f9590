import type { Holder } from "#domain/sessions/standing.ts";
import type { LogName, TopicName } from "./topics.ts";

/** What a partition tells whoever listens to it: that it has more, and the events where they are few. */
export type TopicNews = {
  topic: LogName;
  partition: number;
  /** Partitions that the topic has. */
  count: number;
  /** The last offset before, and now. */
  after: number;
  last: number;
  /** The events' JSON texts; null where they are to be read. */
  events: string[] | null;
  /** What was just found out of those who listen there. */
  heard?: Heard[];
};

/** Who wants to be told on a stream: by which credential, from where, and of which topics (all that they may read where none is named). */
export type Asker = {
  holder: Holder;
  address: string | null;
  topics: readonly string[] | undefined;
};

/** That they may be told of these topics, by what the catalog said at `atMs`. */
export type Heard = { asker: Asker; topics: TopicName[]; atMs: number };
