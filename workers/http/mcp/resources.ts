import type {
  ListResourcesResult,
  ReadResourceResult,
  Resource,
  ResourceTemplateType,
} from "@modelcontextprotocol/server";

/** Units as resources. Who reads one gets the newest version, as `GET /v1/units/{id}` gives it. */
export const UNIT_TEMPLATE: ResourceTemplateType = {
  uriTemplate: "wishub://units/{id}",
  name: "unit",
  title: "A unit of knowledge",
  description: "The newest version as text. What it says is a claim with a level of verification.",
  mimeType: "text/markdown",
};

const UNIT_URI = /^wishub:\/\/units\/([A-Za-z0-9_-]{1,64})$/;

/** The id of the unit that a URI names, or null where it names none. */
export const unitIdIn = (uri: string): string | null => UNIT_URI.exec(uri)?.[1] ?? null;

const uriOf = (id: string): string => `wishub://units/${id}`;

type Shown = {
  id: string;
  version: number;
  title: string;
  body: string;
  level: string;
  status: string;
  updatedAt?: string;
};

/** The path of the page that a cursor continues. */
export const unitsPath = (cursor: string | undefined): string =>
  `/v1/units?limit=100${cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;

export function resourcesOf(page: {
  items: readonly Shown[];
  nextCursor: string | null;
}): ListResourcesResult {
  return {
    resources: page.items.map(resourceOf),
    ...(page.nextCursor !== null && { nextCursor: page.nextCursor }),
  };
}

function resourceOf({ id, title, level, status, version, updatedAt }: Shown): Resource {
  return {
    uri: uriOf(id),
    name: id,
    title,
    description: `Version ${version}, ${status}, level ${level}`,
    mimeType: "text/markdown",
    ...(updatedAt !== undefined && { annotations: { lastModified: updatedAt } }),
  };
}

export const contentsOf = (unit: Shown): ReadResourceResult => ({
  contents: [
    {
      uri: uriOf(unit.id),
      mimeType: "text/markdown",
      text: `# ${unit.title}\n\n${unit.body}\n`,
      _meta: {
        "wishub/version": unit.version,
        "wishub/level": unit.level,
        "wishub/status": unit.status,
      },
    },
  ],
});
