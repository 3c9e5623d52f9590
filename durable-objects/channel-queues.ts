import type { ChannelRef, Way } from "#domain/channels/item.ts";
import type { ChannelType } from "#domain/channels/kinds.ts";

const INBOUND: Record<ChannelType, (env: Env) => Queue> = {
  slack: (env) => env.CHANNEL_INBOUND_SLACK,
  telegram: (env) => env.CHANNEL_INBOUND_TELEGRAM,
  discord: (env) => env.CHANNEL_INBOUND_DISCORD,
  feishu: (env) => env.CHANNEL_INBOUND_FEISHU,
  wecom: (env) => env.CHANNEL_INBOUND_WECOM,
  dingtalk: (env) => env.CHANNEL_INBOUND_DINGTALK,
  webhook: (env) => env.CHANNEL_INBOUND_WEBHOOK,
  email: (env) => env.CHANNEL_INBOUND_EMAIL,
};

/** Hands items to the queue of their way; what it loses is handed over again. */
export async function toQueue(env: Env, type: ChannelType, way: Way, refs: ChannelRef[]) {
  const queue = way === "in" ? INBOUND[type](env) : env.CHANNEL_OUTBOUND;
  await queue.sendBatch(refs.map((body) => ({ body })));
}
