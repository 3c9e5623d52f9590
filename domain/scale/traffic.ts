import type { Values } from "#domain/scale/parameters.ts";

const SECONDS_PER_DAY = 86_400;
export const DAYS_PER_MONTH = 30;
export const SECONDS_PER_MONTH = DAYS_PER_MONTH * SECONDS_PER_DAY;

export type Traffic = ReturnType<typeof trafficOf>;

/** What is called how often: per month, and per second on average and at the peak. */
export function trafficOf(v: Values) {
  const calls = v.callsPerDay * DAYS_PER_MONTH;
  const httpCalls = calls * (1 - v.sessionShare);
  const searches = calls * v.searchShare;
  const reads = calls - searches;
  const searchMisses = searches * (1 - v.cacheHits);
  const readMisses = reads * (1 - v.unitCacheHits);
  const leavesAsked = v.publicLeavesAsked + v.privateLeavesAsked;
  const units = v.unitsPerDay * DAYS_PER_MONTH;
  const perSecond = (perMonth: number) => perMonth / SECONDS_PER_MONTH;
  return {
    calls,
    httpCalls,
    sessionCalls: calls - httpCalls,
    searches,
    reads,
    searchMisses,
    readMisses,
    leavesAsked,
    /** Calls to leaves, one RPC each. */
    leafCalls: searchMisses * leavesAsked,
    /** Of calls that a leaf or a database is asked for. */
    missShare: calls === 0 ? 0 : (searchMisses + readMisses) / calls,
    sessions: v.agents * v.sessionsPerAgentDay * DAYS_PER_MONTH,
    units,
    messages: v.messagesPerDay * DAYS_PER_MONTH,
    perSecond,
    peakPerSecond: (perMonth: number) => perSecond(perMonth) * v.peakFactor,
  };
}
