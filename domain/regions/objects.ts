import { type Jurisdiction, jurisdictionIn, type Region } from "#domain/regions/regions.ts";

/** A namespace of objects as the platform has it; `locationHint` counts when an object is made, and never again. */
type Namespace<S> = {
  getByName(name: string, options?: { locationHint: Region }): S;
  jurisdiction(within: Jurisdiction): Namespace<S>;
};

/** The object of a name, in the jurisdiction that its name carries. A hint is for those that are in none. */
export function objectNamed<S>(
  namespace: Namespace<S>,
  name: string,
  hint: Region | null = null,
): S {
  const within = jurisdictionIn(name);
  if (within !== null) return namespace.jurisdiction(within).getByName(name);
  return hint === null
    ? namespace.getByName(name)
    : namespace.getByName(name, { locationHint: hint });
}
