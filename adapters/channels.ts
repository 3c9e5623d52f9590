import type { DeadItem, OutBody, Traffic } from "#domain/channels/item.ts";
import type { Face, Received } from "#domain/channels/face.ts";
import {
  aboutOf,
  addressOf,
  CHANNEL_SECRETS,
  type ChannelRecord,
  called,
  type Config,
} from "#domain/channels/model.ts";
import type { ChannelType } from "#domain/channels/kinds.ts";
import { kept } from "#domain/shared/kept.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { channelStore } from "#db/catalog/channels.ts";
import { faceOf, type MailHere } from "#adapters/channels/faces.ts";
import { channelMailSender } from "#adapters/mail.ts";
import { type Egress, mayBeReached } from "#adapters/egress.ts";
import type { keyRing } from "#adapters/key-ring.ts";
import { ownLink } from "#adapters/tracing.ts";

/** What an isolate knows of a channel was true at most this long ago. */
const LIFE_MS = 5_000;
const BYTES_MAX = 4_000_000;
const ENTRY_BYTES = 4_000;

const NO_MAIL_HERE = {
  pointer: "/config/relayUrl",
  detail: "must be given: this installation takes in no mail itself",
};

/** A channel with its vendor's side, which has its secrets. */
export type OpenChannel = { record: ChannelRecord; face: Face };
type Entry = { bytes: number; open: OpenChannel; readAtMs: number };

/** The channels of accounts: their records, their vendors, and their objects. */
export function channelPort(env: Env, ring: ReturnType<typeof keyRing>, call: Egress) {
  const store = channelStore([env.CATALOG_0]);
  const entries = kept<Entry>(BYTES_MAX);
  const object = (id: string) => env.CHANNEL.getByName(id);
  const secretsOf = async ({ accountId, sealedSecrets }: ChannelRecord): Promise<Config | null> => {
    const text = await ring.open({ account: accountId }, CHANNEL_SECRETS, sealedSecrets);
    return text === null ? null : (JSON.parse(text) as Config);
  };
  const mailHere = (record: ChannelRecord): MailHere => ({
    name: record.name,
    address: addressOf(record, env.WISHUB_MAIL_DOMAIN),
    sender: channelMailSender(env),
  });
  const changed = async (record: ChannelRecord, isDone: boolean): Promise<void> => {
    entries.drop(record.id);
    if (isDone) await object(record.id).configure(aboutOf(record));
  };

  return {
    ...store,
    secretsOf,
    /** Why what a configuration names may not be called, or what it needs is not here; or null. */
    refusalOf(
      type: ChannelType,
      config: Config,
    ): Problem<"egress-refused" | "invalid-request"> | null {
      if (type === "email" && (config["address"] ?? env.WISHUB_MAIL_DOMAIN) === undefined)
        return { code: "invalid-request", errors: [NO_MAIL_HERE] };
      for (const { url } of called(type, config)) {
        const refusal = mayBeReached(env, url);
        if (refusal !== null) return refusal;
      }
      return null;
    },
    seal: (accountId: string, secrets: Config): Promise<string> =>
      ring.seal({ account: accountId }, CHANNEL_SECRETS, JSON.stringify(secrets)),

    async replaceChannel(next: ChannelRecord): Promise<boolean> {
      const isDone = await store.replaceChannel(next);
      await changed(next, isDone);
      return isDone;
    },
    async removeChannel(accountId: string, id: string): Promise<boolean> {
      const isGone = await store.removeChannel(accountId, id);
      entries.drop(id);
      if (isGone) await object(id).end();
      return isGone;
    },

    /** As it was at most 5 s ago, with its secrets opened; null for none, and for one whose account was erased. */
    async open(id: string): Promise<OpenChannel | null> {
      const known = entries.get(id);
      const nowMs = Date.now();
      if (known !== undefined && Math.abs(nowMs - known.readAtMs) < LIFE_MS) return known.open;
      const record = await store.channel(id);
      entries.drop(id);
      if (record === null) return null;
      // The same vendor's side while the channel is the same: it holds the vendor's token.
      const isSame = known?.open.record.version === record.version;
      const secrets = isSame ? {} : await secretsOf(record);
      if (secrets === null) return null;
      const config = { ...record.config, ...secrets };
      const face = isSame ? known.open.face : faceOf(record.type, config, call, mailHere(record));
      // Taken by an earlier release and not by this one: what waits stays until somebody mends it.
      if (face === null) throw new Error(`the configuration of channel ${id} is of no kind`);
      const open = { record, face };
      entries.set(id, { bytes: ENTRY_BYTES, open, readAtMs: nowMs });
      return open;
    },

    ...carrying(env),
  };
}

/** What is on its way, in the channels' objects. */
function carrying(env: Env) {
  const object = (id: string) => env.CHANNEL.getByName(id);
  return {
    /** Stores what came from outside; what came before is not taken again. How many were new. */
    async accept(
      record: ChannelRecord,
      said: Received["said"],
      traceparent?: string,
    ): Promise<Result<number, Problem<"too-many-requests" | "body-too-large">>> {
      const items = said.map(({ id, conversation, thread, ...body }) => ({
        id,
        lane: conversation,
        ...(thread !== undefined && { thread }),
        body: JSON.stringify({ ...body, ...(traceparent !== undefined && { traceparent }) }),
      }));
      if (items.some(({ body }) => body.length > LIMITS.channelItemCharsMax))
        return err({ code: "body-too-large" });
      return await object(record.id).accept(aboutOf(record), items);
    },
    /** Sends a text, in its conversation's order; the same id again is the same. */
    async say(
      record: ChannelRecord,
      { id, conversation, text }: { id: string; conversation: string; text: string },
    ): Promise<Result<string, Problem<"too-many-requests">>> {
      const traceparent = ownLink()?.traceparent;
      const body: OutBody = { text, ...(traceparent !== undefined && { traceparent }) };
      const item = { id, lane: conversation, body: JSON.stringify(body) };
      const added = await object(record.id).enqueue(aboutOf(record), item);
      return added.ok ? ok(id) : added;
    },
    async traffic(id: string): Promise<Traffic> {
      return await object(id).traffic();
    },
    async deadLetters(id: string, afterSeq: number, limit: number): Promise<DeadItem[]> {
      return await object(id).deadLetters(afterSeq, limit);
    },
    async redrive(id: string): Promise<number> {
      return await object(id).redrive();
    },
  };
}
