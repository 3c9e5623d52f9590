import type { Face } from "#domain/channels/face.ts";
import { type ChannelType, type ConfigOf, kindOf } from "#domain/channels/kinds.ts";
import type { Egress } from "#adapters/egress.ts";
import type { MailSender } from "#adapters/mail.ts";
import { dingtalk } from "#adapters/channels/dingtalk.ts";
import { discord } from "#adapters/channels/discord.ts";
import { email } from "#adapters/channels/email.ts";
import { feishu } from "#adapters/channels/feishu.ts";
import { slack } from "#adapters/channels/slack.ts";
import { telegram } from "#adapters/channels/telegram.ts";
import { webhook } from "#adapters/channels/webhook.ts";
import { wecom } from "#adapters/channels/wecom.ts";

/** What a channel by mail is here: its name, its address, and whoever sends for the installation. */
export type MailHere = { name: string; address: string | null; sender: MailSender | null };

const FACES: { [T in ChannelType]: (config: ConfigOf<T>, call: Egress, here: MailHere) => Face } = {
  slack,
  telegram,
  discord,
  feishu: (config, call) => feishu(config, call),
  wecom: (config, call) => wecom(config, call),
  dingtalk: (config, call) => dingtalk(config, call),
  webhook,
  email,
};

/** A vendor's side over a whole configuration, its secrets opened; null for one that an earlier release took and this one does not. */
export function faceOf(
  type: ChannelType,
  config: object,
  call: Egress,
  here: MailHere,
): Face | null {
  const parsed = kindOf(type).config.safeParse(config);
  if (!parsed.success) return null;
  type Make = (config: unknown, call: Egress, here: MailHere) => Face;
  return (FACES[type] as Make)(parsed.data, call, here);
}
