import type { Waiting } from "./retry.ts";

/** The idempotency key of a mutation; a new one unless given. */
export type Mutation = { idempotencyKey?: string };
export type Query = Record<string, string | number | undefined>;

const KEY_BYTES = 16;

/** A key that nobody used. A page that is not served securely has no `randomUUID`. */
export const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");

export function keyed(
  options: Mutation,
  headers: Record<string, string> = {},
): Record<string, string> {
  return { ...headers, "idempotency-key": options.idempotencyKey ?? newKey() };
}

/** The path of `/v1/tasks/{id}` with what its places stand for. */
export const filled = (template: string, named: Record<string, string> = {}): string =>
  template.replaceAll(/\{(\w+)\}/g, (_, one: string) => encodeURIComponent(named[one] ?? ""));

export function search(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}

export type Page = { limit?: number; cursor?: string };
export type Call = {
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
  repeatable?: boolean;
};

export type WisHubOptions = {
  url: string;
  /** Absent in a browser with a session cookie. */
  apiKey?: string;
  /** Instead of a key: gives an access token that counts now, asked before each request. */
  token?: () => Promise<string>;
  /** A person's session outside a browser, as a `Cookie` header carries it. */
  cookie?: string;
  /** Is told the cookies that answers set, where no browser keeps them. */
  cookies?: (set: string[]) => void;
  fetch?: typeof fetch;
  waiting?: Waiting;
};
