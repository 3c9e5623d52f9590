import { type Invalid, type Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** One of a batch: what the others call it, and which of them it comes after. */
export type Named = { ref?: string | undefined; dependsOn?: readonly string[] | undefined };

/** By place in the batch, the places that each one comes after, without repetitions. */
export type Plan = readonly (readonly number[])[];

const ERRORS_MAX = 20;
/** As much of a circle as is told. */
const CIRCLE_REFS_MAX = 8;

/** What comes after what, or where the batch contradicts itself: a name twice, one that nobody has, or a circle. */
export function planOf(batch: readonly Named[]): Result<Plan, Problem<"invalid-request">> {
  const { needs, errors } = resolved(batch);
  if (errors.length === 0) {
    const left = inCircles(needs);
    if (left === null) return ok(needs);
    const circle = circleIn(needs, left);
    errors.push({ pointer: `/tasks/${circle[0]}/dependsOn`, detail: told(circle, batch) });
  }
  return err({ code: "invalid-request", errors: errors.slice(0, ERRORS_MAX) });
}

function resolved(batch: readonly Named[]): { needs: number[][]; errors: Invalid[] } {
  const places = new Map<string, number>();
  const errors: Invalid[] = [];
  for (const [at, { ref }] of batch.entries()) {
    if (ref === undefined) continue;
    if (places.has(ref)) errors.push({ pointer: `/tasks/${at}/ref`, detail: "is used twice" });
    else places.set(ref, at);
  }
  const needs = batch.map(({ dependsOn = [] }, at) => {
    const needed = new Set<number>();
    for (const [n, ref] of dependsOn.entries()) {
      const place = places.get(ref);
      const pointer = `/tasks/${at}/dependsOn/${n}`;
      if (place === undefined) errors.push({ pointer, detail: "is no ref of this batch" });
      else needed.add(place);
    }
    return [...needed];
  });
  return { needs, errors };
}

/** What each still waits for once all that can be done is done, in linear time (Kahn 1962); null: all can be. */
function inCircles(needs: readonly number[][]): number[] | null {
  const waits = needs.map(({ length }) => length);
  const dependents: number[][] = needs.map(() => []);
  for (const [at, needed] of needs.entries()) for (const each of needed) dependents[each]?.push(at);
  const done = [...needs.keys()].filter((at) => waits[at] === 0);
  for (let next = 0; next < done.length; next++) {
    for (const each of dependents[done[next] ?? -1] ?? []) {
      const left = (waits[each] ?? 0) - 1;
      waits[each] = left;
      if (left === 0) done.push(each);
    }
  }
  return done.length === needs.length ? null : waits;
}

/** A circle, each place before the one that it needs. Whatever is left needs something that is left: walking meets itself. */
function circleIn(needs: readonly number[][], left: readonly number[]): number[] {
  const isLeft = (at: number) => (left[at] ?? 0) > 0;
  const path: number[] = [];
  const seen = new Map<number, number>();
  let at = left.findIndex((waits) => waits > 0);
  for (; !seen.has(at); at = needs[at]?.find(isLeft) ?? at) {
    seen.set(at, path.length);
    path.push(at);
  }
  return path.slice(seen.get(at));
}

function told(circle: readonly number[], batch: readonly Named[]): string {
  const refs = circle.map((at) => batch[at]?.ref ?? "");
  const shown = refs.length > CIRCLE_REFS_MAX ? [...refs.slice(0, CIRCLE_REFS_MAX), "…"] : refs;
  return `comes after itself: ${[...shown, refs[0]].join(" after ")}`;
}
