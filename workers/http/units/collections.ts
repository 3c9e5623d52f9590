import { log } from "#domain/observability/log.ts";
import type { Action } from "#domain/policies/actions.ts";
import { z } from "zod";
import type { Services } from "#adapters/index.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { STATUSES } from "#domain/units/model.ts";
import { countUnits } from "#db/units/pipeline.ts";
import { type Call, fails, feature, json, refuse, route } from "#workers/http/kit.ts";

const visibility = z.enum(["private", "public"]);

const spaceView = z.object({
  id: z.string(),
  model: z.string(),
  dimensions: z.int(),
  /** Whether new collections begin in it. */
  preferred: z.boolean(),
});

const spaces = route(
  {
    method: "get",
    path: "/v1/spaces",
    summary: "List the embedding spaces that are bound",
    description: "A vector is only ever compared with vectors of its own space.",
    access: "space.read",
    responses: {
      200: { description: "The spaces", ...json(z.object({ items: z.array(spaceView) })) },
    },
  },
  (c) => {
    const { bound, preferred } = c.var.services.spaces;
    const items = bound.map(({ id, model, dimensions }) => ({
      id,
      model,
      dimensions,
      preferred: id === preferred.id,
    }));
    return c.json({ items });
  },
);

const collectionView = z.object({
  visibility,
  space: z.string(),
  /** The space it is moving to and how many units were queued for it, where that is known; null when it is not moving. */
  move: z.object({ target: z.string(), queued: z.int().nullable() }).nullable(),
  /** Where the search units are, all accounts' of the public collection; what is unanswered is in no other number but leaves. */
  shards: z.object({
    leaves: z.int(),
    unanswered: z.int(),
    units: z.int(),
    passages: z.int(),
    bytes: z.int(),
    splitting: z.int(),
    /** Of the ten nearest passages the share that searches found, over some of the newest questions. */
    recall: z.object({ share: z.number(), questions: z.int() }).nullable(),
  }),
  /** Your account's units in it, by status. */
  units: z.array(z.object({ status: z.enum(STATUSES), count: z.int() })),
});

const NO_SHARDS = {
  leaves: 0,
  unanswered: 0,
  units: 0,
  passages: 0,
  bytes: 0,
  splitting: 0,
  recall: null,
};

const collections = route(
  {
    method: "get",
    path: "/v1/collections",
    summary: "Show the collections you search and what your account has in them",
    access: "collection.read",
    responses: {
      200: {
        description: "The collections",
        ...json(z.object({ items: z.array(collectionView) })),
      },
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const counts = await countUnits(services.units.shards, principal.accountId);
    const views = (["private", "public"] as const).map(async (each) => {
      const owner = each === "public" ? "public" : principal.accountId;
      const { id: space } = await services.spaces.spaceOf(owner);
      const [move, isWritten] = [
        await moveOf(services, owner),
        (await services.spaces.searchedSpaceOf(owner)) !== null,
      ];
      return {
        visibility: each,
        space,
        move,
        shards: isWritten ? await services.search.shardsOf({ owner, space }) : NO_SHARDS,
        units: summed(counts.filter((count) => count.visibility === each)),
      };
    });
    return c.json({ items: await Promise.all(views) });
  },
);

/** Read from the catalog; only of a move that is under way is the object asked, and it may not answer. */
async function moveOf({ spaces, collections: moves }: Services, owner: string) {
  const target = (await spaces.moveOf(owner))?.target ?? null;
  if (target === null) return null;
  const progress = await moves.progress(owner).catch((error: unknown) => {
    log("warn", "collection-silent", { error: String(error) });
    return null;
  });
  return { target, queued: progress?.queued ?? null };
}

function summed(counts: { status: (typeof STATUSES)[number]; units: number }[]) {
  const byStatus = Map.groupBy(counts, (count) => count.status);
  return [...byStatus].map(([status, members]) => ({
    status,
    count: members.reduce((sum, member) => sum + member.units, 0),
  }));
}

const moveInput = z.strictObject({ space: text(LIMITS.idCharsMax) });

const move = route(
  {
    method: "put",
    path: "/v1/collections/{visibility}/space",
    priority: "background",
    summary: "Move a collection to another embedding space",
    description:
      "Its units are embedded again in the background while searches go on in the old space. The public collection is moved by the first account.",
    access: "collection.move",
    request: { params: z.object({ visibility }), body: json(moveInput) },
    responses: {
      202: {
        description: "The move has begun",
        ...json(collectionView.pick({ visibility: true, space: true, move: true })),
      },
      ...fails("forbidden", "not-found"),
    },
  },
  async (c) => {
    const { services } = c.var;
    const { visibility: which } = c.req.valid("param");
    const owner = await ownedCollection(c, which);
    const target = services.spaces.bound.find((space) => space.id === c.req.valid("json").space);
    if (target === undefined) {
      return refuse({
        code: "invalid-request",
        errors: [{ pointer: "/space", detail: "is not a space of GET /v1/spaces" }],
      });
    }
    const { id: space } = await services.spaces.spaceOf(owner);
    if (space !== target.id) {
      // What was retracted since the collection was last in that space must not come back with it.
      const { target: under } = (await services.spaces.moveOf(owner)) ?? { target: null };
      if (under !== target.id) await services.search.clear({ owner, space: target.id });
      await services.spaces.beginMove(owner, target);
      await services.collections.beginMove(owner, target.id);
    }
    return c.json(
      { visibility: which, space, move: await services.collections.progress(owner) },
      202,
    );
  },
);

async function ownedCollection(
  c: Pick<Call<{ access: Action }>, "var">,
  which: "private" | "public",
) {
  const { services, principal } = c.var;
  if (which === "private") return principal.accountId;
  if ((await services.accounts.firstAccountId()) === principal.accountId) return "public";
  return refuse({
    code: "forbidden",
    detail: "the public collection is moved by the first account",
  });
}

export const collecting = feature(spaces, collections, move);
