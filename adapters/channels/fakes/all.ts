import type { ChannelType } from "#domain/channels/kinds.ts";
import { fakeDingtalk } from "#adapters/channels/fakes/dingtalk.ts";
import { fakeDiscord } from "#adapters/channels/fakes/discord.ts";
import { fakeEmail } from "#adapters/channels/fakes/email.ts";
import { fakeFeishu } from "#adapters/channels/fakes/feishu.ts";
import { fakeSlack } from "#adapters/channels/fakes/slack.ts";
import { fakeTelegram } from "#adapters/channels/fakes/telegram.ts";
import type { FakeVendor } from "#adapters/channels/fakes/vendor.ts";
import { fakeWebhook } from "#adapters/channels/fakes/webhook.ts";
import { fakeWecom } from "#adapters/channels/fakes/wecom.ts";

export const FAKES: Record<ChannelType, () => FakeVendor> = {
  slack: fakeSlack,
  telegram: fakeTelegram,
  discord: fakeDiscord,
  feishu: fakeFeishu,
  wecom: fakeWecom,
  dingtalk: fakeDingtalk,
  webhook: fakeWebhook,
  email: fakeEmail,
};
