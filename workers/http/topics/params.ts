import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

/** Any name: one that no topic has is refused by what it is. */
export const topicParam = z.object({ topic: text(80) });

const name = text(LIMITS.idCharsMax).regex(/^[A-Za-z0-9._-]+$/);
export const groupParam = topicParam.extend({ group: name });
export const memberParam = groupParam.extend({ memberId: name });
