/** The parts of the product that a token can be for (RFC 8707), below the public address; "" is all of it. */
export const RESOURCE_PATHS = ["", "/v1", "/mcp", "/a2a"] as const;

export const resourcesOf = (publicUrl: string): string[] =>
  RESOURCE_PATHS.map((path) => withoutSlash(publicUrl) + path);

const withoutSlash = (url: string) => url.replace(/\/+$/, "");

/** What the client asks a token for, as we name it; all of the product where it says nothing, null where it is not ours. */
export function audienceOf(asked: readonly string[], publicUrl: string): string[] | null {
  const ours = resourcesOf(publicUrl);
  if (asked.length === 0) return ours.slice(0, 1);
  const named = new Set<string>();
  for (const text of asked) {
    const url = URL.parse(text);
    if (url === null || text.includes("#") || text.includes("?")) return null;
    const resource = withoutSlash(url.href);
    if (!ours.includes(resource)) return null;
    named.add(resource);
  }
  return [...named];
}

/** Whether a token for `wider` may be exchanged for one for all of `narrower`. */
export const covers = (wider: readonly string[], narrower: readonly string[]): boolean =>
  narrower.every((one) => wider.some((other) => isWithin(one, other)));

/** Whether a token for this audience is for the address `path` of the product. */
export function isFor(audience: readonly string[], publicUrl: string, path: string): boolean {
  return covers(audience, [withoutSlash(publicUrl) + path]);
}

const isWithin = (address: string, resource: string) =>
  address === resource || address.startsWith(`${resource}/`);
