import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { idParam, type Plain } from "#workers/http/kit.ts";

export const messageParam = idParam.extend({
  messageId: text(LIMITS.idCharsMax).regex(/^[A-Za-z0-9_-]+$/),
});

/** JSON that is written already. */
export const plainText = (body: string): Plain => ({
  text: body,
  status: 200,
  headers: { "Content-Type": "application/json" },
});
export const plain = (value: object): Plain => plainText(JSON.stringify(value));
