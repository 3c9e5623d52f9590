import type { Context } from "hono";
import { z } from "zod";
import {
  LIST_SCHEMA,
  resourceTypes,
  schemas,
  serviceProviderConfig,
} from "#domain/federation/scim/describe.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { type Answer, fails, feature, type Plain, refuse, route } from "#workers/http/kit.ts";

export const SCIM_TYPE = "application/scim+json";
export const scimBase = (c: Context) => `${(c.env as Env).WISHUB_PUBLIC_URL}/scim/v2`;

/** Any object: what it may hold is the protocol's, and what it holds beyond that is passed over. */
const resource = z.record(z.string().max(256), z.unknown());
const media = { schema: resource };
export const scimBody = { content: { [SCIM_TYPE]: media, "application/json": media } };
export const scimAnswer = (description: string) => ({
  description,
  content: { [SCIM_TYPE]: { schema: resource } },
});

const attributes = text(LIMITS.queryCharsMax).optional();
export const shownQuery = z.strictObject({ attributes, excludedAttributes: attributes });
const integer = z
  .string()
  .regex(/^-?\d{1,9}$/, "must be an integer")
  .transform(Number);
export const listQuery = shownQuery.extend({
  filter: text(LIMITS.queryCharsMax).optional(),
  /** From 1; what is less is taken for that (RFC 7644 3.4.2.4). */
  startIndex: integer.optional(),
  /** At most 100 come at once, whatever is asked for. */
  count: integer.optional(),
  sortBy: attributes,
  sortOrder: attributes,
});
type Shown = z.output<typeof shownQuery>;

/** RFC 7644 3.4.2.4: pages by number, and a page never larger than ours. */
export function pageAsked({ startIndex = 1, count = LIMITS.pageMax }: z.output<typeof listQuery>) {
  return {
    offset: Math.max(0, startIndex - 1),
    limit: Math.min(LIMITS.pageMax, Math.max(0, count)),
  };
}

export function listed(total: number, offset: number, resources: object[]): Plain {
  return scimPlain({
    schemas: [LIST_SCHEMA],
    totalResults: total,
    startIndex: offset + 1,
    itemsPerPage: resources.length,
    Resources: resources,
  });
}

const ALWAYS = new Set(["schemas", "id", "meta"]);

/** Only the attributes that were asked for, or all but those that were not wanted (RFC 7644 3.9); by their first part. */
export function shown(resourceOf: Record<string, unknown>, query: Shown): Record<string, unknown> {
  const names = (list: string) =>
    new Set(
      list.split(",").map((name) =>
        name
          .trim()
          .replace(/^urn:.*:(?=\w+$)/i, "")
          .split(".")[0]
          ?.toLowerCase(),
      ),
    );
  const only = query.attributes === undefined ? null : names(query.attributes);
  const without = query.excludedAttributes === undefined ? null : names(query.excludedAttributes);
  const isShown = (name: string) =>
    ALWAYS.has(name) ||
    ((only === null || only.has(name.toLowerCase())) && without?.has(name.toLowerCase()) !== true);
  return Object.fromEntries(Object.entries(resourceOf).filter(([name]) => isShown(name)));
}

export function scimPlain(
  value: object,
  status: 200 | 201 = 200,
  headers: Record<string, string> = {},
): Plain {
  return {
    text: JSON.stringify(value),
    status,
    headers: { "Content-Type": SCIM_TYPE, ...headers },
  };
}

/** One resource with where it is and its version. */
export function scimResource(
  value: { meta: { location: string; version: string } },
  query: Shown,
  status: 200 | 201 = 200,
): Plain {
  const headers = {
    ETag: value.meta.version,
    ...(status === 201 && { Location: value.meta.location }),
  };
  return scimPlain(shown(value, query), status, headers);
}

/** The version in `If-Match`, weak or not; absent is undefined, and one that no resource can have is -1. */
export function scimVersion(c: Context): number | "any" | undefined {
  const header = c.req.header("If-Match")?.trim();
  if (header === undefined) return undefined;
  if (header === "*") return "any";
  return Number(/^(?:W\/)?"(\d{1,15})"$/.exec(header)?.[1] ?? -1);
}

export const CHANGE_FAILS = fails("not-found", "conflict", "forbidden", "version-stale");
const name = z.object({ id: text(200).regex(/^[\w:.-]+$/) });

const read = (path: `/${string}`, summary: string, answer: (c: Context) => Answer) =>
  route(
    {
      method: "get",
      path,
      summary,
      access: "directory.read",
      request: { query: shownQuery },
      responses: { 200: scimAnswer("As the protocol describes it") },
    },
    answer,
  );
const readOne = (path: `/${string}`, summary: string, all: (base: string) => { id: string }[]) =>
  route(
    {
      method: "get",
      path,
      summary,
      access: "directory.read",
      request: { params: name, query: shownQuery },
      responses: { 200: scimAnswer("As the protocol describes it"), ...fails("not-found") },
    },
    (c) => {
      const { id } = c.req.valid("param");
      const found = all(scimBase(c)).find((each) => each.id === id);
      return found === undefined ? refuse({ code: "not-found" }) : scimPlain(found);
    },
  );

const whole = (resources: object[]) => listed(resources.length, 0, resources);

export const scim = feature(
  read("/scim/v2/ServiceProviderConfig", "What this SCIM service provider does", (c) =>
    scimPlain(serviceProviderConfig(scimBase(c))),
  ),
  read("/scim/v2/ResourceTypes", "The types of SCIM resources", (c) =>
    whole(resourceTypes(scimBase(c))),
  ),
  readOne("/scim/v2/ResourceTypes/{id}", "One type of SCIM resource", resourceTypes),
  read("/scim/v2/Schemas", "The schemas of SCIM resources", (c) => whole(schemas(scimBase(c)))),
  readOne("/scim/v2/Schemas/{id}", "One schema of SCIM resources", schemas),
);
