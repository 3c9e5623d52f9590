import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { vectorInput } from "#domain/units/vector.ts";
import { LEVELS } from "#domain/verification/model.ts";

/** How one unit refers to another. */
export const RELATIONS = [
  "derived-from",
  "supersedes",
  "contradicts",
  "extends",
  "requires",
  "cites",
] as const;

export const STATUSES = [
  "pending",
  "verifying",
  "searchable",
  "rejected",
  "superseded",
  "retracted",
] as const;
export type Status = (typeof STATUSES)[number];

const sourceInput = z
  .strictObject({
    url: text(LIMITS.urlCharsMax)
      .regex(/^https?:\/\/[^\s]+$/, "must be an http or https address")
      .optional(),
    doi: text(LIMITS.titleCharsMax)
      .regex(/^10\.\d{4,9}\/\S+$/, "must be a DOI such as 10.1000/182")
      .optional(),
    title: text(LIMITS.titleCharsMax).optional(),
    quote: text(LIMITS.quoteCharsMax).optional(),
  })
  .refine((source) => source.url ?? source.doi ?? source.title, "needs a url, a doi or a title");

const rangeInput = z.strictObject({
  /** What the knowledge is about: a package, a product, a law. */
  subject: text(LIMITS.titleCharsMax),
  /** A version range in the subject's own notation, for example `>=3.2 <4`. */
  versions: text(LIMITS.titleCharsMax).optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
});

const linkInput = z.strictObject({ rel: z.enum(RELATIONS), unitId: text(LIMITS.idCharsMax) });

const content = {
  title: text(LIMITS.titleCharsMax),
  body: text(LIMITS.unitBodyCharsMax),
  kind: text(LIMITS.kindCharsMax).regex(
    /^[a-z][a-z0-9-]*$/,
    "must be lower-case words joined by hyphens",
  ),
  language: text(LIMITS.languageCharsMax).regex(
    /^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$/,
    "must be a BCP 47 tag",
  ),
  tags: z.array(text(LIMITS.tagCharsMax)).max(LIMITS.tagsMax),
  sources: z.array(sourceInput).max(LIMITS.sourcesMax),
  appliesTo: z.array(rangeInput).max(LIMITS.appliesToMax),
  links: z.array(linkInput).max(LIMITS.linksMax),
};

const visibility = z.enum(["private", "public"]);

export const unitInput = z
  .strictObject({
    title: content.title,
    body: content.body,
    kind: content.kind.optional(),
    language: content.language.optional(),
    tags: content.tags.optional(),
    sources: content.sources.optional(),
    appliesTo: content.appliesTo.optional(),
    links: content.links.optional(),
    visibility: visibility.optional(),
    /** Embedding of the whole unit made by the caller; needs `space`. */
    vector: vectorInput.optional(),
    space: text(LIMITS.idCharsMax).optional(),
  })
  .refine((unit) => (unit.vector === undefined) === (unit.space === undefined), {
    message: "vector and space are given together or not at all",
    path: ["space"],
  });
export type UnitInput = z.infer<typeof unitInput>;

/** A change to a unit: what is absent stays as it is. */
export const unitPatch = z
  .strictObject({
    title: content.title.optional(),
    body: content.body.optional(),
    kind: content.kind.optional(),
    language: content.language.optional(),
    tags: content.tags.optional(),
    sources: content.sources.optional(),
    appliesTo: content.appliesTo.optional(),
    links: content.links.optional(),
    visibility: visibility.optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, "must change something");
export type UnitPatch = z.infer<typeof unitPatch>;

/** A unit as its reader sees it. `salt` is there only for the owner of a private unit. */
export const unitView = z.object({
  id: z.string(),
  version: z.int(),
  cid: z.string(),
  status: z.enum(STATUSES),
  level: z.enum(LEVELS),
  title: z.string(),
  body: z.string(),
  kind: z.string(),
  language: z.string(),
  tags: z.array(z.string()),
  sources: z.array(
    z.object({
      url: z.string().optional(),
      doi: z.string().optional(),
      title: z.string().optional(),
      quote: z.string().optional(),
    }),
  ),
  appliesTo: z.array(
    z.object({
      subject: z.string(),
      versions: z.string().optional(),
      from: z.string().optional(),
      until: z.string().optional(),
    }),
  ),
  links: z.array(z.object({ rel: z.enum(RELATIONS), unitId: z.string() })),
  visibility,
  salt: z.string().optional(),
  /** It is in no search while an agent that wrote it is in quarantine. */
  withheld: z.literal(true).optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type UnitView = z.infer<typeof unitView>;

/** The content of a unit: exactly what its content id covers (CONTRACT.md, Units), all defaults filled in. */
export type UnitContent = {
  title: string;
  body: string;
  kind: string;
  language: string;
  tags: string[];
  sources: NonNullable<UnitInput["sources"]>;
  appliesTo: NonNullable<UnitInput["appliesTo"]>;
  links: NonNullable<UnitInput["links"]>;
};
