import type { Params, Result, Router } from "hono/router";

type Pattern<T> = { path: string; expression: RegExp; names: string[]; handlers: T[] };

/**
 * Hono's fast router refuses a literal path beside a parameter (`/v1/units/import` and `/v1/units/:id`), and the one it
 * falls back to walks a tree for every request. Ours looks literal paths up and tries the few patterns of a method.
 */
export function pathRouter<T>(): Router<T> {
  const literals = new Map<string, Map<string, [T, Params][]>>();
  const patterns = new Map<string, Pattern<T>[]>();

  function addPattern(method: string, path: string, handler: T): void {
    const all = patterns.get(method) ?? [];
    patterns.set(method, all);
    const known = all.find((pattern) => pattern.path === path);
    if (known !== undefined) {
      known.handlers.push(handler);
      return;
    }
    const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? "");
    const source = path.replaceAll(".", "\\.").replaceAll(/:\w+/g, "([^/]+)");
    all.push({ path, expression: new RegExp(`^${source}$`), names, handlers: [handler] });
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
      for (const { expression, names, handlers } of patterns.get(method) ?? []) {
        const found = expression.exec(path);
        if (found === null) continue;
        const params = Object.fromEntries(names.map((name, i) => [name, found[i + 1] ?? ""]));
        return [handlers.map((handler): [T, Params] => [handler, params])];
      }
      return [[]];
    },
  };
}
