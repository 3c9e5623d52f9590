/** The idempotency key of a mutation; a new one unless given. */
export type Mutation = { idempotencyKey?: string };
export type Query = Record<string, string | number | undefined>;

export function keyed(
  options: Mutation,
  headers: Record<string, string> = {},
): Record<string, string> {
  return { ...headers, "idempotency-key": options.idempotencyKey ?? crypto.randomUUID() };
}

export function search(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}
