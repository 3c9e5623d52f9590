import type { InboundRequest } from "#domain/channels/face.ts";
import { hmacSha256, isNear, signedBytes, wholeNumber } from "#domain/channels/verify.ts";
import { webhookKey } from "#domain/delivery/webhook.ts";
import { base64Of } from "#domain/shared/bytes.ts";
import { sameText } from "#domain/shared/text.ts";

const OLD_MS = 300_000;
const SIGNATURES_MAX = 8;
const ID_CHARS_MAX = 200;

/** When a program says that it sent this, in ms: NaN where it does not. */
export const sentAtMs = ({ header }: InboundRequest): number =>
  wholeNumber(header("webhook-timestamp")) * 1_000;

/** Whether a call is signed with this secret as Standard Webhooks 1.0 says, over its very bytes, and lately. */
export async function isSigned(
  secret: string,
  request: InboundRequest,
  nowMs: number,
): Promise<boolean> {
  const { header, body } = request;
  const id = header("webhook-id") ?? "";
  const stamp = header("webhook-timestamp");
  if (id === "" || id.length > ID_CHARS_MAX || !isNear(sentAtMs(request), nowMs, OLD_MS))
    return false;
  const mac = await hmacSha256(webhookKey(secret), signedBytes(`${id}.${stamp}.`, body));
  const ours = `v1,${base64Of(mac)}`;
  const theirs = (header("webhook-signature") ?? "").split(" ", SIGNATURES_MAX);
  return theirs.some((one) => sameText(one, ours));
}
