import type { Context } from "hono";
import type { Ending, Feature, Route } from "#workers/http/kit.ts";

/**
 * A version of the API beside the ones before it: what it answers otherwise. What it does not name it answers as the
 * version before it does, by the same code.
 */
export type LaterVersion = {
  name: `v${number}`;
  /** Their paths begin with `/name/`. A route of the same method and path replaces the one of the version before. */
  features: readonly Feature[];
  /** What it no longer has: `"get /units/{id}"`. */
  dropped?: readonly string[];
  /** When what it replaces or drops was declared deprecated, and when that will be gone; RFC 3339. */
  deprecatedAt: string;
  sunsetAt?: string;
};

const VERSIONED = /^\/(v\d+)(\/.*)$/;

/** The routes of all versions. A version that names what cannot be is a bug, and nothing starts with it. */
export function routesOf(first: readonly Feature[], later: readonly LaterVersion[]): Route[] {
  const all = first.flat();
  let before = new Map(all.filter(({ config }) => VERSIONED.test(config.path)).map(keyed));
  for (const version of later) {
    const own = new Map(version.features.flat().map(keyed));
    const prefix = `/${version.name}/`;
    for (const { config } of own.values())
      if (!config.path.startsWith(prefix))
        throw new Error(`${config.path} is not of version ${version.name}`);
    const dropped = new Set(version.dropped);
    for (const key of dropped)
      if (!before.has(key) || own.has(key)) throw new Error(`${version.name} cannot drop ${key}`);
    const next = new Map<string, Route>();
    for (const [key, route] of before) {
      if (own.has(key)) replace(all, route, endingOf(version, version.name));
      else if (dropped.has(key)) replace(all, route, endingOf(version, undefined));
      else next.set(key, ofVersion(version.name, route));
    }
    for (const [key, route] of own) next.set(key, route);
    all.push(...next.values());
    before = next;
  }
  return all;
}

/** Tells whoever still calls it that a route will go (RFC 9745, RFC 8594), and which one follows it (RFC 5829). */
export function ending(
  { deprecatedAt, sunsetAt, successor }: Ending,
  answer: (c: Context) => Promise<Response>,
): (c: Context) => Promise<Response> {
  return async (c) => {
    const response = await answer(c);
    response.headers.set("Deprecation", `@${Math.floor(Date.parse(deprecatedAt) / 1_000)}`);
    if (sunsetAt !== undefined) response.headers.set("Sunset", new Date(sunsetAt).toUTCString());
    if (successor !== undefined) {
      const path = new URL(c.req.url).pathname.replace(/^\/v\d+/, `/${successor}`);
      response.headers.append("Link", `<${path}>; rel="successor-version"`);
    }
    return response;
  };
}

const keyed = (route: Route): [string, Route] => {
  const { method, path } = route.config;
  return [`${method} ${VERSIONED.exec(path)?.[2] ?? path}`, route];
};

const ofVersion = (name: string, route: Route): Route => ({
  ...route,
  config: {
    ...route.config,
    path: `/${name}${VERSIONED.exec(route.config.path)?.[2] ?? ""}`,
  },
});

function endingOf({ deprecatedAt, sunsetAt }: LaterVersion, successor: string | undefined): Ending {
  return {
    deprecatedAt,
    ...(sunsetAt !== undefined && { sunsetAt }),
    ...(successor !== undefined && { successor }),
  };
}

function replace(all: Route[], route: Route, ends: Ending): void {
  all[all.indexOf(route)] = { ...route, config: { ...route.config, ends } };
}
