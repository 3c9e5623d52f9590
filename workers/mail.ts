import { channelIdIn } from "#domain/channels/model.ts";
import { log } from "#domain/observability/log.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { servicesOf } from "#adapters/index.ts";
import { tracedEnv } from "#adapters/traced-env.ts";

const NOBODY = "5.1.1 there is no such mailbox here";
const TOO_LARGE = `5.3.4 a mail may have ${LIMITS.mailBytesMax} bytes at most`;

/**
 * Takes in what the platform's mail server hands over (Cloudflare Email Routing), for the channel whose address it was
 * sent to. What is refused is told to whoever sent it, by the answer of their own mail server.
 */
export async function receiveMail(message: ForwardableEmailMessage, bindings: Env): Promise<void> {
  const refusal = await taken(message, tracedEnv(bindings));
  if (refusal === null) return;
  log("info", "mail-refused", { reason: refusal });
  message.setReject(refusal);
}

/** Why it is refused, or null: it is stored, or nobody is to hear of it. */
async function taken(
  { to, rawSize, raw }: ForwardableEmailMessage,
  env: Env,
): Promise<string | null> {
  const { channels } = servicesOf(env);
  const id = channelIdIn(to, env.WISHUB_MAIL_DOMAIN);
  const channel = id === null ? null : await channels.open(id);
  if (channel?.face.receiveMail === undefined) return NOBODY;
  if (rawSize > LIMITS.mailBytesMax) return TOO_LARGE;
  const bytes = new Uint8Array(await new Response(raw).arrayBuffer());
  const received = await channel.face.receiveMail(bytes, Date.now());
  if (!received.ok) return `5.7.1 ${wordsOf(received.error)}`;
  if (received.value.said.length === 0) return null;
  const accepted = await channels.accept(channel.record, received.value.said);
  return accepted.ok ? null : `5.2.2 ${wordsOf(accepted.error)}`;
}

const wordsOf = ({ code, detail, errors }: Problem): string =>
  detail ?? errors?.map((one) => one.detail).join("; ") ?? code;
