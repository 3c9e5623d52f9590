/**
 * What an answer was like, as JSON: an object's members by name (`name?` where not every element of a list had it), a
 * list as one element that stands for all, and for a leaf its types joined by `|`, or `=text` where the value itself is
 * promised.
 */
export type Shape = string | Shape[] | { [member: string]: Shape };

/** Members whose values are promised where a request is refused: of a problem document, and of OAuth's errors. */
const PROMISED = new Set(["code", "status", "pointer", "error"]);

export function shapeOf(value: unknown, isProblem: boolean): Shape {
  if (Array.isArray(value)) {
    const [first, ...rest] = value.map((each) => shapeOf(each, isProblem));
    return first === undefined ? [] : [rest.reduce(merged, first)];
  }
  if (typeof value !== "object" || value === null) return typeOf(value);
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      isProblem && PROMISED.has(name) && typeof each !== "object"
        ? `=${String(each)}`
        : shapeOf(each, isProblem),
    ]),
  );
}

/** Where a value no longer has the shape it was recorded with. What it has besides is no breach. */
export function breaches(shape: Shape, value: unknown, at = ""): string[] {
  if (typeof shape === "string") return leafBreaches(shape, value, at);
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return [`${at} is no list any more`];
    const [element] = shape;
    if (element === undefined) return [];
    return value.flatMap((each, i) => breaches(element, each, `${at}/${i}`));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return [`${at} is no object any more`];
  return Object.entries(shape).flatMap(([member, each]) => {
    const name = member.replace(/\?$/, "");
    if (name in value)
      return breaches(each, (value as Record<string, unknown>)[name], `${at}/${name}`);
    return name === member ? [`${at}/${name} is gone`] : [];
  });
}

function leafBreaches(shape: string, value: unknown, at: string): string[] {
  if (shape.startsWith("=") && shape.includes("|="))
    return shape.split("|").includes(`=${String(value)}`)
      ? []
      : [`${at} is ${String(value)}, not one of ${shape}`];
  if (shape.startsWith("="))
    return String(value) === shape.slice(1)
      ? []
      : [`${at} is ${String(value)}, not ${shape.slice(1)}`];
  // Of what was always null nobody could rely on more than its being there.
  const types = shape.split("|");
  if (shape === "null" || types.includes(typeOf(value))) return [];
  return [`${at} is ${typeOf(value)}, not ${shape}`];
}

const typeOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "list" : typeof value;

function merged(one: Shape, other: Shape): Shape {
  if (typeof one === "string" && typeof other === "string")
    return [...new Set([...one.split("|"), ...other.split("|")])].sort().join("|");
  if (Array.isArray(one) && Array.isArray(other)) {
    const [first] = one;
    const [second] = other;
    if (first === undefined || second === undefined) return first === undefined ? other : one;
    return [merged(first, second)];
  }
  if (
    typeof one === "string" ||
    typeof other === "string" ||
    Array.isArray(one) ||
    Array.isArray(other)
  )
    return "null"; // sometimes one thing, sometimes another: nothing but its presence is promised
  const names = new Set(
    [...Object.keys(one), ...Object.keys(other)].map((name) => name.replace(/\?$/, "")),
  );
  const all: Record<string, Shape> = {};
  for (const name of names) {
    const [mine, theirs] = [one[name] ?? one[`${name}?`], other[name] ?? other[`${name}?`]];
    if (mine === undefined || theirs === undefined) all[`${name}?`] = mine ?? theirs ?? "null";
    else all[name in one && name in other ? name : `${name}?`] = merged(mine, theirs);
  }
  return all;
}
