import { servicesOf } from "#adapters/index.ts";
import { log } from "#domain/observability/log.ts";
import { indexUnits } from "#domain/units/index-units.ts";
import type { Handler } from "#workers/queues/consume.ts";

/**
 * No room or no model is no fault of a unit, so it costs no attempt: the message is done with, the outbox keeps the
 * work and the relay brings it back.
 */
export const handleIndex: Handler = async (env, refs) => {
  const indexed = await indexUnits(servicesOf(env), refs, Date.now());
  if (!indexed.ok) log("warn", "index-postponed", { units: refs.length, code: indexed.error.code });
};
