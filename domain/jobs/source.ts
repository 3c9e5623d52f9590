import { type JobInput, type JobKind, SOURCES } from "#domain/jobs/kinds.ts";
import type { SourcePage } from "#domain/jobs/protocol.ts";
import { base64Of, base64UrlOf, bytesOf } from "#domain/shared/bytes.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Collection } from "#domain/search/model.ts";
import type { ReadAsked, UnitRead } from "#domain/search/protocol.ts";
import { ownerOf } from "#domain/units/record.ts";
import { z } from "zod";

/** What a job reads: the units of one collection, their vectors or their texts. */
export type Source = { owner: string; what: "vectors" | "texts" };

/** Null where the job reads nothing but its input. The account is that of the task: a job sees what its account may. */
export function sourceOf(kind: JobKind, input: JobInput, account: string): Source | null {
  const what = SOURCES[kind];
  if (what === null || !("collection" in input)) return null;
  return { owner: ownerOf(account, input.collection), what };
}

const cursor = z.strictObject({
  space: z.string(),
  leaf: z.string(),
  slot: z.int().min(-1),
});
type Cursor = z.output<typeof cursor>;

/** Whoever makes one up reads another page of the same collection. */
const cursorText = (at: Cursor): string =>
  base64UrlOf(new TextEncoder().encode(JSON.stringify(at)));

export function cursorFrom(text: string): Result<Cursor, Problem<"invalid-request">> {
  try {
    const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
    const parsed = cursor.safeParse(JSON.parse(new TextDecoder().decode(bytesOf(base64))));
    if (parsed.success) return ok(parsed.data);
  } catch {
    // Below: it is none.
  }
  const errors = [{ pointer: "#/query/after", detail: "is not what a page named as next" }];
  return err({ code: "invalid-request", errors });
}

type ReadFrom = { leaf: string; slot: number };
type Deps = {
  spaces: { searchedSpaceOf(owner: string): Promise<{ id: string } | null> };
  readUnits(
    collection: Collection,
    from: ReadFrom | null,
    asked: Omit<ReadAsked, "afterSlot">,
  ): Promise<
    Result<{ units: UnitRead[]; dimensions: number; next: ReadFrom | null }, Problem<"overloaded">>
  >;
};

/** A page of it. All pages are of the space that the first one was read in. */
export async function readSource(
  { spaces, readUnits }: Deps,
  { owner, what }: Source,
  from: Cursor | null,
): Promise<Result<SourcePage, Problem<"overloaded">>> {
  const space = from?.space ?? (await spaces.searchedSpaceOf(owner))?.id;
  if (space === undefined) return ok({ space: "", dimensions: 0, units: [], next: null });
  const page = await readUnits({ owner, space }, from, { limit: LIMITS.jobSourcePageMax, what });
  if (!page.ok) return page;
  const { units, dimensions, next } = page.value;
  return ok({
    space,
    dimensions,
    units: units.map(({ unitId, version, vector, text }) => ({
      unitId,
      version,
      ...(vector !== null && { vector: base64Of(bytesIn(vector)) }),
      ...(text !== null && { text }),
    })),
    next: next === null ? null : cursorText({ space, ...next }),
  });
}

const bytesIn = (vector: Float32Array): Uint8Array =>
  new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
