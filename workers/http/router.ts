import type { Params, Result, Router } from "hono/router";

type Pattern<T> = { path: string; expression: RegExp; names: string[]; handlers: T[] };
/** Patterns of one method and one number of segments: those whose first two are literal by these, and all the others. */
type Shelf<T> = { byStart: Map<string, Pattern<T>[]>; others: Pattern<T>[] };

/**
 * Hono's fast router refuses a literal path beside a parameter (`/v1/units/import` and `/v1/units/:id`), and the one it
 * falls back to walks a tree for every request. Ours looks literal paths up, and tries the few patterns that are as long
 * and begin alike, in the order they came.
 */
export function pathRouter<T>(): Router<T> {
  const literals = new Map<string, Map<string, [T, Params][]>>();
  const patterns = new Map<string, Map<number, Shelf<T>>>();

  function addPattern(method: string, path: string, handler: T): void {
    const byLength = patterns.get(method) ?? new Map<number, Shelf<T>>();
    patterns.set(method, byLength);
    const length = slashesIn(path);
    const shelf = byLength.get(length) ?? { byStart: new Map<string, Pattern<T>[]>(), others: [] };
    byLength.set(length, shelf);
    const known = [shelf.others, ...shelf.byStart.values()]
      .flat()
      .find((pattern) => pattern.path === path);
    if (known !== undefined) {
      known.handlers.push(handler);
      return;
    }
    const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? "");
    const source = path.replaceAll(".", "\\.").replaceAll(/:\w+/g, "([^/]+)");
    place(shelf, { path, expression: new RegExp(`^${source}$`), names, handlers: [handler] });
  }

  return {
    name: "PathRouter",
    add(method, path, handler) {
      if (path.includes(":")) return addPattern(method, path, handler);
      const paths = literals.get(method) ?? new Map<string, [T, Params][]>();
      literals.set(method, paths);
      paths.set(path, [...(paths.get(path) ?? []), [handler, {}]]);
    },
    match(method, path): Result<T> {
      const literal = literals.get(method)?.get(path);
      if (literal !== undefined) return [literal];
      const shelf = patterns.get(method)?.get(slashesIn(path));
      if (shelf === undefined) return [[]];
      for (const { expression, names, handlers } of shelf.byStart.get(startOf(path)) ??
        shelf.others) {
        const found = expression.exec(path);
        if (found === null) continue;
        const params = Object.fromEntries(names.map((name, i) => [name, found[i + 1] ?? ""]));
        return [handlers.map((handler): [T, Params] => [handler, params])];
      }
      return [[]];
    },
  };
}

/** A pattern that could begin like any other stands with each of them, behind what came before it. */
function place<T>({ byStart, others }: Shelf<T>, pattern: Pattern<T>): void {
  const start = startOf(pattern.path);
  if (start.includes(":")) {
    for (const all of [others, ...byStart.values()]) all.push(pattern);
    return;
  }
  const all = byStart.get(start) ?? [...others];
  all.push(pattern);
  byStart.set(start, all);
}

/** The first two segments. */
function startOf(path: string): string {
  const second = path.indexOf("/", path.indexOf("/", 1) + 1);
  return second === -1 ? path : path.slice(0, second);
}

function slashesIn(path: string): number {
  let slashes = 0;
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) slashes++;
  return slashes;
}
