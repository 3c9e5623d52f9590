import {
  type Home,
  homeFrom,
  isJurisdiction,
  isRegion,
  type Region,
  regionOf,
} from "#domain/regions/regions.ts";

type Vars = { WISHUB_REGION?: string; WISHUB_JURISDICTIONS?: string };

/**
 * Where requests come from: `auto` on Cloudflare, which says so with each request; the name of a region on a node of
 * one's own; and nowhere in particular where nothing is set, as on a laptop.
 */
export function regions(env: object) {
  const { WISHUB_REGION: set, WISHUB_JURISDICTIONS: kept = "" } = env as Vars;
  const own = isRegion(set) ? set : null;
  const isAuto = set === "auto";
  return {
    regionOf(request: Request): Region | null {
      return isAuto ? regionOf((request.cf ?? {}) as Parameters<typeof regionOf>[0]) : own;
    },
    /** The jurisdictions that an account may choose here: those whose platform the operator has seen to. */
    jurisdictions: isAuto ? kept.split(/[\s,]+/).filter(isJurisdiction) : [],
    /** Whether databases may have copies in other regions. */
    hasCopies: isAuto,
    /** Where a collection's leaders are; null when nobody set it, and then it has no replicas. */
    homeOf: (stored: string | null): Home | null => (isAuto ? homeFrom(stored) : null),
  };
}
