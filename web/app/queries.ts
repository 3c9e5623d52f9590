import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { WisHubError } from "#sdk/error.ts";
import { heed } from "#web/app/session.ts";

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
      refetchOnReconnect: true,
      refetchOnWindowFocus: (query) => !(query.state.error instanceof WisHubError),
    },
    mutations: { networkMode: "always" },
  },
});

/** Reads again what events of these nouns change. */
export function changed(nouns: ReadonlySet<string>): void {
  void queries.invalidateQueries({
    predicate: ({ queryKey, meta }) => {
      const also = (meta?.["live"] ?? []) as string[];
      return [queryKey[0], ...also].some((noun) => nouns.has(String(noun)));
    },
  });
}
