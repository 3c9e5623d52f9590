import { z } from "zod";
import { ID_BYTES } from "#domain/accounts/credential.ts";
import { CHANNEL_KINDS, CHANNEL_TYPES, type ChannelType, kindOf } from "#domain/channels/kinds.ts";
import type { About, DeadItem, Traffic, Way } from "#domain/channels/item.ts";
import { base32 } from "#domain/shared/base32.ts";
import { invalidOf } from "#domain/shared/input.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";

const perMinute = z.int().min(1).max(LIMITS.channelPerMinuteMax);
export const INBOUND_PER_MINUTE = 600;

const limits = z.strictObject({
  /** Messages a minute that are sent; what the vendor takes where nothing is said. */
  outboundPerMinute: perMinute.optional(),
  /** Messages a minute that are taken in; whoever brings more is told to come again. */
  inboundPerMinute: perMinute.optional(),
});

const common = {
  name: text(LIMITS.channelNameCharsMax),
  /** The agent of your account whose conversations these are. */
  agentId: text(LIMITS.idCharsMax),
  limits: limits.optional(),
};
const inputOf = <T extends ChannelType>(type: T) => {
  const { config, made } = kindOf(type);
  const given =
    made === undefined ? config : config.partial({ [made]: true } as Record<never, true>);
  return z.strictObject({ type: z.literal(type), ...common, config: given });
};

const [FIRST, ...OTHERS] = CHANNEL_TYPES;
export const channelInput = z.discriminatedUnion("type", [
  inputOf(FIRST),
  ...OTHERS.map((type) => inputOf(type)),
]);
export type ChannelInput = {
  type: ChannelType;
  name: string;
  agentId: string;
  limits?: z.infer<typeof limits> | undefined;
  config: Config;
};

/** Whatever is given changes; of `config` too, and the type stays. */
export const channelChange = z
  .strictObject({
    ...common,
    config: z.record(text(LIMITS.channelNameCharsMax), text(LIMITS.urlCharsMax)),
    state: z.enum(["active", "paused"]),
  })
  .partial();
export type ChannelChange = z.infer<typeof channelChange>;

/** What an account said of its app or bot at the vendor, by name. */
export type Config = Record<string, string>;

export type ChannelRecord = {
  id: string;
  accountId: string;
  type: ChannelType;
  name: string;
  agentId: string;
  state: "active" | "paused";
  /** What of its configuration is no secret, and the rest as one sealed text. */
  config: Config;
  sealedSecrets: string;
  outboundPerMinute: number;
  inboundPerMinute: number;
  version: number;
  createdAtMs: number;
};
/** The name under which a channel's secrets are sealed. */
export const CHANNEL_SECRETS = "channel-secrets";

export const channelView = z.object({
  id: z.string(),
  version: z.int(),
  type: z.enum(CHANNEL_TYPES),
  name: z.string(),
  agentId: z.string(),
  state: z.enum(["active", "paused"]),
  config: z.record(z.string(), z.string()),
  /** Which secrets it has; they are never shown. */
  secrets: z.array(z.string()),
  limits: z.object({ outboundPerMinute: z.int(), inboundPerMinute: z.int() }),
  /** What the vendor is told to call. */
  inboundUrl: z.string(),
  address: z.string().optional().describe("Of a channel by e-mail: where people write to"),
  createdAt: z.string(),
});
export const channelMade = channelView.extend({
  made: z
    .record(z.string(), z.string())
    .optional()
    .describe("Secrets that were made here, shown this once"),
});

/** `x<shard>_…`: like every id it names its catalog shard. Nobody guesses it, and it is no secret. */
export const channelId = (accountId: string, bytes: Uint8Array): string =>
  `x${accountId.charAt(1)}_${base32(bytes.subarray(0, ID_BYTES))}`;

const CHANNEL_ID = /^x[0-9a-z]_[0-9a-v]{1,40}$/;
/** The channel that an address at the installation's own mail server names, whether there is one or not. */
export function channelIdIn(address: string, mailDomain: string | undefined): string | null {
  const [local = "", domain, ...more] = address.toLowerCase().split("@");
  if (mailDomain === undefined || domain !== mailDomain.toLowerCase() || more.length > 0)
    return null;
  return CHANNEL_ID.test(local) ? local : null;
}

/** The configuration in two parts. */
export function parted(type: ChannelType, config: Config): { open: Config; secret: Config } {
  const { secrets } = kindOf(type);
  const entries = Object.entries(config);
  return {
    open: Object.fromEntries(entries.filter(([name]) => !secrets.includes(name))),
    secret: Object.fromEntries(entries.filter(([name]) => secrets.includes(name))),
  };
}

/** The configuration with what was given in the place of what was there. */
export function changedConfig(
  type: ChannelType,
  before: Config,
  change: Config,
): Result<Config, Problem<"invalid-request">> {
  const { config, secrets } = kindOf(type);
  const outcome = config.safeParse({ ...before, ...change });
  if (!outcome.success)
    return err({ code: "invalid-request", errors: invalidOf(outcome.error, "/config") });
  const changed = outcome.data as Config;
  const torn = tornIn(type, changed);
  if (torn.length > 0) return err({ code: "invalid-request", errors: torn });
  const isMoved = changed["apiUrl"] !== before["apiUrl"];
  const kept = isMoved ? secrets.filter((name) => change[name] === undefined) : [];
  if (kept.length === 0) return ok(changed);
  const detail = "must be given again: what was given for one address is sent to no other";
  const errors = kept.map((name) => ({ pointer: `/config/${name}`, detail }));
  return err({ code: "invalid-request", errors });
}

/** What is missing of what belongs together. */
function tornIn(type: ChannelType, config: Config): { pointer: string; detail: string }[] {
  const { together = [] } = kindOf(type);
  const missing = together.filter((name) => config[name] === undefined);
  if (missing.length === together.length) return [];
  const detail = `must be given too: ${together.join(", ")} belong together`;
  return missing.map((name) => ({ pointer: `/config/${name}`, detail }));
}

/** What of a configuration is called, with where it stands in the body. */
export function called(type: ChannelType, config: Config): { pointer: string; url: string }[] {
  return kindOf(type).calls.flatMap((name) => {
    const url = config[name];
    return url === undefined ? [] : [{ pointer: `/config/${name}`, url }];
  });
}

export function newChannel(
  input: ChannelInput,
  made: { id: string; accountId: string; open: Config; sealedSecrets: string; nowMs: number },
): ChannelRecord {
  const { type, name, agentId, limits: given = {} } = input;
  return {
    id: made.id,
    accountId: made.accountId,
    type,
    name,
    agentId,
    state: "active",
    config: made.open,
    sealedSecrets: made.sealedSecrets,
    outboundPerMinute: given.outboundPerMinute ?? CHANNEL_KINDS[type].perMinute,
    inboundPerMinute: given.inboundPerMinute ?? INBOUND_PER_MINUTE,
    version: 1,
    createdAtMs: made.nowMs,
  };
}

/** The channel with what was given changed, one version on. */
export function changedChannel(
  before: ChannelRecord,
  { name, agentId, limits: given = {}, state }: Omit<ChannelChange, "config">,
  parts: { config: Config; sealedSecrets: string },
): ChannelRecord {
  return {
    ...before,
    ...parts,
    name: name ?? before.name,
    agentId: agentId ?? before.agentId,
    state: state ?? before.state,
    outboundPerMinute: given.outboundPerMinute ?? before.outboundPerMinute,
    inboundPerMinute: given.inboundPerMinute ?? before.inboundPerMinute,
    version: before.version + 1,
  };
}

/** Where people write to one: the address of its own mail server, or its own at the installation's, where that has one. */
export function addressOf(
  { id, type, config }: Pick<ChannelRecord, "id" | "type" | "config">,
  mailDomain: string | undefined,
): string | null {
  if (type !== "email") return null;
  return config["address"] ?? (mailDomain === undefined ? null : `${id}@${mailDomain}`);
}

/** The answer for its account; nothing secret is in it. */
export function viewOfChannel(
  channel: ChannelRecord,
  { publicUrl, mailDomain }: { publicUrl: string; mailDomain: string | undefined },
) {
  const { id, version, type, name, agentId, state, config } = channel;
  const { outboundPerMinute, inboundPerMinute } = channel;
  const address = addressOf(channel, mailDomain);
  return {
    id,
    version,
    type,
    name,
    agentId,
    state,
    config,
    secrets: [...kindOf(type).secrets],
    limits: { outboundPerMinute, inboundPerMinute },
    inboundUrl: `${publicUrl}/v1/channels/${id}/inbound`,
    ...(address !== null && { address }),
    createdAt: new Date(channel.createdAtMs).toISOString(),
  };
}

export const aboutOf = (channel: ChannelRecord): About => ({
  channelId: channel.id,
  type: channel.type,
  isPaused: channel.state === "paused",
  outboundPerMinute: channel.outboundPerMinute,
  inboundPerMinute: channel.inboundPerMinute,
});

const trafficOfWay = z.object({
  waiting: z.int(),
  deadLetters: z.int(),
  failures: z.int().describe("Attempts in a row that the other side could not take"),
  resumesAt: z.string().nullable(),
  lastMinute: z.int().describe("Messages that were taken in the last minute"),
  lastAt: z
    .string()
    .nullable()
    .describe(
      "When the newest of the last day was taken; null also where 2,000 newer ones went the other way",
    ),
});
/** How a channel does, both ways. */
export const trafficView = z.object({ inbound: trafficOfWay, outbound: trafficOfWay });

export function viewOfTraffic(traffic: Traffic, nowMs: number): z.infer<typeof trafficView> {
  const timeOf = (ms: number) => new Date(ms).toISOString();
  const of = (way: Way) => {
    const { waiting, dead, health, lately } = traffic[way];
    const { lastMs, lastMinute } = lately;
    return {
      waiting,
      deadLetters: dead,
      failures: health.failures,
      resumesAt: health.resumesAtMs > nowMs ? timeOf(health.resumesAtMs) : null,
      lastMinute,
      lastAt: lastMs === null ? null : timeOf(lastMs),
    };
  };
  return { inbound: of("in"), outbound: of("out") };
}

export const deadItemView = z.object({
  id: z.string(),
  direction: z.enum(["inbound", "outbound"]),
  conversationId: z.string(),
  reason: z.string(),
  attempts: z.int(),
  createdAt: z.string(),
  deadAt: z.string(),
  body: z.unknown(),
});

export const viewOfDead = (channel: string, item: DeadItem): z.infer<typeof deadItemView> => ({
  id: item.id,
  direction: item.way === "in" ? "inbound" : "outbound",
  conversationId: conversationIdOf(channel, item.lane),
  reason: item.reason,
  attempts: item.attempts,
  createdAt: new Date(item.createdAtMs).toISOString(),
  deadAt: new Date(item.deadAtMs).toISOString(),
  body: JSON.parse(item.body) as unknown,
});

/** One conversation of one channel: what two bots hear from one person are two. */
export const conversationIdOf = (channel: string, conversation: string): string =>
  `${channel}:${conversation}`;

/** The channel that such an id names, whether there is one or not. */
export const channelOf = (id: string): string => id.slice(0, Math.max(id.indexOf(":"), 0));

/** Where the vendor knows it by; null where it is none of this channel's. */
export function conversationOf(channel: string, id: string): string | null {
  const prefix = `${channel}:`;
  return id.startsWith(prefix) && id.length > prefix.length ? id.slice(prefix.length) : null;
}

/** What an agent says on a channel. */
export const channelMessageInput = z.strictObject({
  /** As the message from there had it. */
  conversationId: text(LIMITS.conversationCharsMax),
  body: z.strictObject({ text: text(LIMITS.channelTextCharsMax) }),
});
export const channelMessageView = z.object({
  id: z.string(),
  conversationId: z.string(),
  /** It is sent from here on, in its conversation's order. */
  state: z.literal("waiting"),
});
