import { LIMITS } from "#domain/shared/limits.ts";
import type { SourcePage } from "#domain/jobs/protocol.ts";
import type { Matrix } from "#gpu-backend/compute/compute.ts";
import { matrixOf } from "#gpu-backend/compute/shared.ts";
import { bytesOf, type Memory } from "#gpu-backend/compute/memory.ts";
import { Failure } from "./failure.ts";
import type { Said } from "./product.ts";

export type Reader = (after: string | null) => Promise<Said<SourcePage>>;
export type Read = {
  space: string;
  dimensions: number;
  unitIds: string[];
  /** Of units whose vectors are of length 1. */
  points: Matrix;
};
type Unit = SourcePage["units"][number];

/** Of a page that does not come. */
const TRIES = 6;
const AGAIN_MS = 500;
const FLOAT_BYTES = 4;
/** How far from 1 a vector's length may be before it is brought there. */
const LENGTH_ERROR = 1e-3;

type Deps = { read: Reader; wait(ms: number): Promise<void>; memory: Memory };

/** All units of a collection with their vectors. Those that have none are left out, and none is there twice. */
export async function readVectors(deps: Deps, release: (give: () => void) => void): Promise<Read> {
  const rows: Float32Array[] = [];
  const unitIds: string[] = [];
  let [space, dimensions] = ["", 0];
  for await (const page of pagesOf(deps)) {
    space ||= page.space;
    dimensions ||= page.dimensions;
    if (page.space !== space)
      throw new Failure("the collection moved to another space meanwhile", { delayMs: 5_000 });
    // Twice: as it came, and as threads see it.
    release(admitted(deps.memory, 2 * bytesOf(page.units.length, dimensions)));
    for (const { unitId, vector } of page.units) {
      const row = vector === undefined ? null : usable(vector, dimensions);
      if (row === null) continue;
      rows.push(row);
      unitIds.push(unitId);
    }
  }
  return { space, dimensions, unitIds, points: matrixOf(rows, dimensions) };
}

/** The same with their texts. */
export async function readTexts(deps: Deps): Promise<{ unitId: string; text: string }[]> {
  const units: { unitId: string; text: string }[] = [];
  for await (const page of pagesOf(deps))
    for (const { unitId, text } of page.units)
      if (text !== undefined && text !== "") units.push({ unitId, text });
  return units;
}

async function* pagesOf(deps: Deps): AsyncGenerator<SourcePage> {
  const seen = new Set<string>();
  let after: string | null = null;
  do {
    const page = await pageOf(deps, after);
    const fresh: Unit[] = [];
    for (const unit of page.units) {
      // One that moved while it was read comes twice.
      if (seen.has(unit.unitId)) continue;
      seen.add(unit.unitId);
      fresh.push(unit);
    }
    if (seen.size > LIMITS.jobUnitsMax)
      throw new Failure(`the collection has more than ${LIMITS.jobUnitsMax} units`, {
        final: true,
      });
    yield { ...page, units: fresh };
    after = page.next;
  } while (after !== null);
}

async function pageOf({ read, wait }: Deps, after: string | null): Promise<SourcePage> {
  for (let tries = 1; ; tries++) {
    const page = await read(after);
    if (page.how === "done") return page.value;
    if (page.how === "gone") throw new Failure("the lease is lost", { lost: true });
    if (page.how === "refused" || tries === TRIES)
      throw new Failure("the collection could not be read");
    await wait(AGAIN_MS * 2 ** tries);
  }
}

function admitted(memory: Memory, bytes: number): () => void {
  const admission = memory.admit(bytes);
  if (admission.ok) return admission.value;
  const { code, detail = "there is no memory for it", retryAfterS = 5 } = admission.error;
  throw new Failure(detail, { final: code === "body-too-large", delayMs: retryAfterS * 1_000 });
}

/** Null for what no direction can be read from. */
function usable(packed: string, dimensions: number): Float32Array | null {
  const bytes = Buffer.from(packed, "base64");
  if (dimensions === 0 || bytes.length !== dimensions * FLOAT_BYTES) return null;
  const row = new Float32Array(dimensions);
  for (let i = 0; i < dimensions; i++) row[i] = bytes.readFloatLE(i * FLOAT_BYTES);
  return unit(row);
}

/** The vector with length 1. */
export function unit(row: Float32Array): Float32Array | null {
  const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
  if (!Number.isFinite(length) || length === 0) return null;
  return Math.abs(length - 1) < LENGTH_ERROR ? row : row.map((value) => value / length);
}
