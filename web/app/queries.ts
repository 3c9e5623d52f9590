import {
  hashKey,
  MutationCache,
  type Query,
  QueryCache,
  QueryClient,
  type QueryKey,
} from "@tanstack/react-query";
import { WisHubError } from "#sdk/error.ts";
import { heed } from "#web/app/session.ts";
import { store } from "#web/app/store.ts";

/**
 * What the console has read. A query's key begins with the noun of the events that change it (`["unit", id]` is read
 * again after each `unit.*`); one that others change too names them in `meta: { live: ["agent"] }`.
 */
export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: heed }),
  mutationCache: new MutationCache({ onError: heed }),
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // The SDK has repeated what may be repeated.
      retry: false,
      // What a browser believes of its network says nothing of a server beside it.
      networkMode: "always",
      refetchOnReconnect: (query) => !isLong(query),
      refetchOnMount: (query) => !isLong(query),
      refetchOnWindowFocus: (query) =>
        !isLong(query) && !(query.state.error instanceof WisHubError),
    },
    mutations: { networkMode: "always" },
  },
});

/** Queries that something happened to while they were read: what they read may be from before it. */
const overtaken = new WeakSet<Query>();
queries.getQueryCache().subscribe(({ type, query }) => {
  if (type !== "updated" || query.state.fetchStatus !== "idle" || !overtaken.delete(query)) return;
  queueMicrotask(() => readAgain(query));
});

/** Lists of more pages are not read again by themselves: each event would ask for all of them. */
const PAGES_LIVE_MAX = 5;
const behind = store<ReadonlySet<string>>(new Set());

/** Whether a list is too long to follow what happens, and something did; `renew` reads its beginning anew. */
export function useBehind(queryKey: QueryKey): { isBehind: boolean; renew(): void } {
  const hash = hashKey(queryKey);
  return {
    isBehind: behind.use().has(hash),
    renew: () => {
      behind.set(new Set([...behind.get()].filter((each) => each !== hash)));
      void queries.resetQueries({ queryKey, exact: true });
    },
  };
}

/** Reads again what events of these nouns change. */
export function changed(nouns: ReadonlySet<string>): void {
  const isChanged = ({ queryKey, meta }: Query) => {
    const also = (meta?.["live"] ?? []) as string[];
    return [queryKey[0], ...also].some((noun) => nouns.has(String(noun)));
  };
  for (const query of queries.getQueryCache().findAll({ predicate: isChanged })) take(query);
}

/** Reads everything again that is shown: nobody knows what was missed. */
export function missed(): void {
  for (const query of queries.getQueryCache().findAll()) take(query);
}

/**
 * What is being read is read once more afterwards, and not begun anew: where events never pause, nothing would ever be
 * read to its end.
 */
function take(query: Query): void {
  if (isLong(query)) behind.set(new Set([...behind.get(), query.queryHash]));
  else if (query.state.fetchStatus === "idle") readAgain(query);
  else overtaken.add(query);
}

const readAgain = ({ queryKey }: Query) =>
  void queries.invalidateQueries({ queryKey, exact: true });

export function isLong({ state }: Pick<Query, "state">): boolean {
  const { pages } = (state.data ?? {}) as { pages?: unknown[] };
  return Array.isArray(pages) && pages.length > PAGES_LIVE_MAX;
}
