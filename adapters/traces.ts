import type { LogRecord } from "#domain/observability/log.ts";
import type { LogFilter, TraceFilter } from "#domain/observability/query.ts";
import { type Placed, treeOf } from "#domain/observability/span.ts";

/** Lines that are shown with one trace. */
const LINES_MAX = 100;

type Place = { seq: number; read: number };

/** What was recorded of an account, or of the platform: `place` is its name. */
export function tracePort({ TRACE }: Pick<Env, "TRACE">) {
  const at = (place: string) => TRACE.getByName(place);
  return {
    list: async (place: string, filter: TraceFilter, before: number | null, limit: number) =>
      await at(place).traces(filter, before, limit),

    /** A trace as a tree with the lines that were written in it; null where nothing of it was kept. */
    async read(
      place: string,
      traceId: string,
    ): Promise<{ spans: Placed[]; lines: LogRecord[] } | null> {
      const [spans, lines] = await Promise.all([
        at(place).spansOf(traceId),
        at(place).lines({ traceId }, null, LINES_MAX),
      ]);
      if (spans === null) return null;
      const records = lines.items.map((text) => JSON.parse(text) as LogRecord);
      return { spans: treeOf(spans), lines: records.toReversed() };
    },

    /** Forgets all that was recorded of an account, which is gone. */
    forgetAccount: async (accountId: string) => await at(accountId).erase(),

    lines: async (place: string, filter: LogFilter, after: Place | null, limit: number) =>
      await at(place).lines(filter, after, limit),
  };
}
