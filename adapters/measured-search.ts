import { gathering, type Meter } from "#domain/metrics/gathering.ts";
import type { Collection } from "#domain/search/model.ts";
import type { searchPort } from "#adapters/search.ts";

type Search = Pick<ReturnType<typeof searchPort>, "answerText">;

/** Accounts' private collections of a space are one series: one for each would be as many as there are accounts. */
const seriesOf = ({ owner, space }: Collection): string =>
  `${owner === "public" ? "public" : "private"} ${space}`;

/** The same search, with its rate, failures and duration by collection. */
export function measuredSearch<T extends Search>(search: T): T {
  const meters = new Map<string, { ok: Meter; failed: Meter }>();
  const metersOf = (collection: Collection) => {
    const name = seriesOf(collection);
    let found = meters.get(name);
    if (found === undefined) {
      const of = (outcome: string): Meter =>
        gathering.meter("wishub_search_duration_seconds", { collection: name, outcome });
      // As many as there are spaces, twice.
      meters.set(name, (found = { ok: of("ok"), failed: of("failed") }));
    }
    return found;
  };
  const answerText: Search["answerText"] = async (collections, request, seenMs) => {
    const beganMs = Date.now();
    let outcome: "ok" | "failed" = "failed";
    try {
      const answer = await search.answerText(collections, request, seenMs);
      outcome = "ok";
      return answer;
    } finally {
      const nowMs = Date.now();
      for (const collection of collections)
        gathering.write(metersOf(collection)[outcome], (nowMs - beganMs) / 1_000, nowMs);
    }
  };
  return { ...search, answerText };
}
