import { endingLine } from "#domain/observability/endings.ts";
import { PLATFORM_PLACE } from "#domain/observability/places.ts";

/** Of one call; a storm is told by its first. */
const LINES_MAX = 20;

/**
 * Deployed, the platform tells this Worker how each invocation of the others ended. It keeps what their isolates could
 * not say themselves, in the platform's own log; nearly always that is nothing.
 */
export default {
  async tail(items, { TRACE }): Promise<void> {
    const nowMs = Date.now();
    const lines = items.flatMap((item) => endingLine(item, nowMs) ?? []).slice(0, LINES_MAX);
    if (lines.length > 0) await TRACE.getByName(PLATFORM_PLACE).keep([], lines, nowMs);
  },
} satisfies ExportedHandler<Pick<Env, "TRACE">>;
