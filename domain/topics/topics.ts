/** What a topic keeps, and how far it may grow. */
export type TopicSettings = {
  /** A topic begins as one partition and doubles by load up to these: a power of two. */
  partitions: number;
  /** How long an event is kept, counted from when it was appended. */
  retentionDays: number;
};

/** The topics that every account has; nothing is made of one before somebody appends to it. */
export const TOPICS = {
  "unit.events": { partitions: 8, retentionDays: 7 },
  /** The only one that callers append to, by types of their own. */
  "agent.events": { partitions: 8, retentionDays: 7 },
  "agent.tasks": { partitions: 4, retentionDays: 7 },
  /** A projection of the account's audit log. */
  "audit.logs": { partitions: 2, retentionDays: 90 },
} as const satisfies Record<string, TopicSettings>;
export type TopicName = keyof typeof TOPICS;
export const TOPIC_NAMES = Object.keys(TOPICS) as [TopicName, ...TopicName[]];

/** What the types of a topic begin with. */
const NOUNS: Record<TopicName, readonly string[]> = {
  "unit.events": ["unit"],
  "agent.events": ["agent", "custom", "webhook"],
  "agent.tasks": ["task"],
  "audit.logs": ["audit"],
};

/** The topics in which events of such a type can be: a whole one, `unit.*`, or `*`. */
export const topicsOfPattern = (pattern: string): TopicName[] =>
  pattern === "*"
    ? [...TOPIC_NAMES]
    : TOPIC_NAMES.filter((topic) => NOUNS[topic].includes(pattern.split(".", 1)[0] ?? ""));

/** What every account uses, platform-wide: an event's key is its account. Kept until its aggregate is sealed, too. */
export const USAGE = { name: "usage.records", partitions: 16, retentionDays: 30 } as const;

/** Whose the topics are that are no account's. */
export const PLATFORM = "platform";

/** Every topic there is, of an account or of the platform. */
export type LogName = TopicName | typeof USAGE.name;

export const settingsOf = (topic: LogName): TopicSettings =>
  topic === USAGE.name ? USAGE : TOPICS[topic];

/** Whether events of the topic stay, however old, until `released` says that they are needed no more. */
export const isHeld = (topic: LogName): boolean => topic === USAGE.name;

export const isTopicName = (name: string): name is TopicName => Object.hasOwn(TOPICS, name);

/** What an account may say of a topic of its own. */
export type TopicOptions = {
  retentionDays: number;
  /** What is older is not removed: of each key the newest event stays. */
  compact: boolean;
};
export const optionsOf = (topic: LogName): TopicOptions => ({
  retentionDays: settingsOf(topic).retentionDays,
  compact: false,
});
/** The least that a topic keeps its events: of the audit log's, what it was made for. */
export const retentionDaysMin = (topic: TopicName): number =>
  topic === "audit.logs" ? TOPICS[topic].retentionDays : 1;

export type PartitionName = { accountId: string; topic: LogName; partition: number };

/** The name of a partition's object. */
export const partitionNameOf = ({ accountId, topic, partition }: PartitionName): string =>
  `${accountId} ${topic} ${partition}`;

/** What an object of that name is; null where nothing has such a name. */
export function partitionFrom(name: string): PartitionName | null {
  const [, accountId, topic = "", digits] =
    /^([\w-]{1,64}) ([a-z.]{1,40}) (\d{1,2})$/.exec(name) ?? [];
  if (accountId === undefined) return null;
  const isPlatforms = topic === USAGE.name && accountId === PLATFORM;
  if (!isPlatforms && !(isTopicName(topic) && accountId !== PLATFORM)) return null;
  const partition = Number(digits);
  const known = topic as LogName;
  return partition < settingsOf(known).partitions ? { accountId, topic: known, partition } : null;
}
