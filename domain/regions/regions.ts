/**
 * The regions an object can be made near: Cloudflare's location hints
 * (developers.cloudflare.com/durable-objects/reference/data-location).
 */
export const REGIONS = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;
export type Region = (typeof REGIONS)[number];

/** Where an account's objects are made: near a region, or inside a jurisdiction, which they never leave. */
export const JURISDICTIONS = ["eu", "us", "fedramp"] as const;
export type Jurisdiction = (typeof JURISDICTIONS)[number];
export const HOMES = [...REGIONS, ...JURISDICTIONS] as const;
export type Home = Region | Jurisdiction;

export const isRegion = (name: string | null | undefined): name is Region =>
  REGIONS.some((region) => region === name);

export const isJurisdiction = (home: string | null): home is Jurisdiction =>
  JURISDICTIONS.some((jurisdiction) => jurisdiction === home);

/** A home as storage has it; one that this release does not know is none. */
export const homeFrom = (stored: string | null): Home | null =>
  HOMES.find((home) => home === stored) ?? null;

/**
 * An object's name carries the jurisdiction it was made in, `eu/<name>`: the same name in two of them is two objects,
 * so whoever has the name has the id.
 */
export const nameWithin = (within: Jurisdiction | undefined, name: string): string =>
  within === undefined ? name : `${within}/${name}`;

/** The jurisdiction that an object's name carries. */
export function jurisdictionIn(name: string): Jurisdiction | null {
  const [within = ""] = name.split("/", 1);
  return isJurisdiction(within) ? within : null;
}

/** What is known of where a request came in: `request.cf` on Cloudflare, in its own words. */
export type Origin = {
  continent?: string | undefined;
  country?: string | undefined;
  /** Degrees, as text. */
  longitude?: string | undefined;
};

const MIDDLE_EAST: ReadonlySet<string> = new Set(
  "AE BH CY EG IL IQ IR JO KW LB OM PS QA SA SY TR YE".split(" "),
);
/** Between the Rockies and the Great Plains; and along the eastern border of Germany and Italy. */
const WEST_OF_AMERICA = -100;
const EAST_OF_EUROPE = 15;

/** The region nearest to where a request came from; null when that is not known. */
export function regionOf({ continent, country, longitude }: Origin): Region | null {
  if (country !== undefined && MIDDLE_EAST.has(country)) return "me";
  const degrees = Number(longitude ?? Number.NaN);
  switch (continent) {
    case "NA":
      return degrees < WEST_OF_AMERICA ? "wnam" : "enam";
    case "SA":
    case "AN":
      return "sam";
    case "EU":
      return degrees > EAST_OF_EUROPE ? "eeur" : "weur";
    case "AS":
      return "apac";
    case "OC":
      return "oc";
    case "AF":
      return "afr";
    default:
      return null;
  }
}
