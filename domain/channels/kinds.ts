import { z } from "zod";
import { webhookSecret } from "#domain/delivery/webhook.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

const secret = text(LIMITS.clientSecretCharsMax);
const name = text(LIMITS.channelNameCharsMax);
/** Where the vendor's interface is; its own address where nothing is said. */
const apiUrl = text(LIMITS.urlCharsMax)
  .regex(
    /^https?:\/\/[^\s?#]+[^\s?#/]$/,
    "must be a URL without a query and without a slash at its end",
  )
  .optional();

type Kind<C extends z.ZodObject> = {
  /** What the account says of its app or bot there. */
  config: C;
  /** Which of it is sealed, and never shown. */
  secrets: readonly (keyof z.infer<C> & string)[];
  /** Which of it is made where the account gives none, and shown once. */
  made?: keyof z.infer<C> & string;
  /** Which of it is an address that is called. */
  calls: readonly (keyof z.infer<C> & string)[];
  /** How long one message there may be. */
  textMax: { characters: number } | { bytes: number };
  /** Messages a minute that the vendor takes of one app without holding it up. */
  perMinute: number;
  /** What of it belongs together: all of these or none. */
  together?: readonly (keyof z.infer<C> & string)[];
};
const kind = <C extends z.ZodObject>(one: Kind<C>): Kind<C> => one;

/** What an account can connect. The bounds are what each vendor's documents said in November 2026. */
export const CHANNEL_KINDS = {
  slack: kind({
    config: z.strictObject({ signingSecret: secret, botToken: secret, apiUrl }),
    secrets: ["signingSecret", "botToken"],
    calls: ["apiUrl"],
    textMax: { characters: 40_000 },
    perMinute: 60,
  }),
  telegram: kind({
    config: z.strictObject({
      botToken: text(100).regex(/^\d+:[\w-]+$/, "must be a bot token, digits:letters"),
      secretToken: text(256).regex(/^[\w-]+$/, "must be letters, digits, _ and -"),
      apiUrl,
    }),
    secrets: ["botToken", "secretToken"],
    made: "secretToken",
    calls: ["apiUrl"],
    textMax: { characters: 4_096 },
    perMinute: 1_200,
  }),
  discord: kind({
    config: z.strictObject({
      publicKey: z.string().regex(/^[0-9a-fA-F]{64}$/, "must be 64 hexadecimal digits"),
      botToken: secret,
      apiUrl,
    }),
    secrets: ["botToken"],
    calls: ["apiUrl"],
    textMax: { characters: 2_000 },
    perMinute: 300,
  }),
  feishu: kind({
    config: z.strictObject({
      appId: name,
      appSecret: secret,
      encryptKey: secret,
      verificationToken: secret,
      apiUrl,
    }),
    secrets: ["appSecret", "encryptKey", "verificationToken"],
    calls: ["apiUrl"],
    textMax: { bytes: 150_000 },
    perMinute: 300,
  }),
  wecom: kind({
    config: z.strictObject({
      corpId: name,
      agentId: text(20).regex(/^\d+$/, "must be the app's number"),
      secret,
      token: secret,
      encodingAesKey: z.string().regex(/^[A-Za-z0-9+/]{43}$/, "must be 43 letters and digits"),
      apiUrl,
    }),
    secrets: ["secret", "token", "encodingAesKey"],
    calls: ["apiUrl"],
    textMax: { bytes: 2_048 },
    perMinute: 300,
  }),
  dingtalk: kind({
    config: z.strictObject({ appKey: name, appSecret: secret, robotCode: name.optional(), apiUrl }),
    secrets: ["appSecret"],
    calls: ["apiUrl"],
    textMax: { characters: 5_000 },
    perMinute: 60,
  }),
  webhook: kind({
    config: z.strictObject({ url: text(LIMITS.urlCharsMax), secret: webhookSecret }),
    secrets: ["secret"],
    made: "secret",
    calls: ["url"],
    textMax: { characters: 40_000 },
    perMinute: 600,
  }),
  email: kind({
    config: z.strictObject({
      /** A mail server of one's own: where it takes mail, whom it takes mail in for, and as whom it says that. */
      relayUrl: text(LIMITS.urlCharsMax).optional(),
      address: z.email().max(LIMITS.emailCharsMax).optional(),
      authservId: text(LIMITS.channelNameCharsMax)
        .regex(/^[A-Za-z0-9.-]+$/, "must be the server's name in Authentication-Results")
        .optional(),
      secret: webhookSecret,
      allowedSenders: text(LIMITS.urlCharsMax).optional(),
    }),
    secrets: ["secret"],
    made: "secret",
    calls: ["relayUrl"],
    textMax: { characters: 40_000 },
    perMinute: 60,
    together: ["relayUrl", "address", "authservId"],
  }),
} as const;
export type ChannelType = keyof typeof CHANNEL_KINDS;
export type ConfigOf<T extends ChannelType> = z.infer<(typeof CHANNEL_KINDS)[T]["config"]>;

export const CHANNEL_TYPES = Object.keys(CHANNEL_KINDS) as [ChannelType, ...ChannelType[]];

/** A kind without what is its own: what is the same for all of them looks at this. */
export type AnyKind = {
  config: z.ZodObject;
  secrets: readonly string[];
  made?: string;
  calls: readonly string[];
  textMax: { characters: number } | { bytes: number };
  perMinute: number;
  together?: readonly string[];
};
export const kindOf = (type: ChannelType): AnyKind => CHANNEL_KINDS[type] as AnyKind;

const utf8 = new TextEncoder();

/** What is too long of a text for the vendor, in words, or null. */
export function tooLong(type: ChannelType, said: string): string | null {
  const { textMax } = kindOf(type);
  if ("characters" in textMax)
    return said.length <= textMax.characters ? null : `at most ${textMax.characters} characters`;
  return utf8.encode(said).length <= textMax.bytes ? null : `at most ${textMax.bytes} bytes`;
}
