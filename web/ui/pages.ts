import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { isLong, useBehind } from "#web/app/queries.ts";

type Page<T> = { items: T[]; nextCursor: string | null };

/**
 * A list of the API, page by page as it is scrolled: `items` so far, and `more` while there is more. `live` names the
 * nouns of other events that change it. `renew` is there where something happened that a list of this length does not follow
 * by itself. `againMs` is how often it is read again where no event tells of it.
 */
export function usePages<T>(
  queryKey: QueryKey,
  read: (cursor: string | undefined) => Promise<Page<T>>,
  live: readonly string[] = [],
  againMs?: number,
) {
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage, ...query } = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    meta: { live },
    refetchInterval: (query) => againMs !== undefined && !isLong(query) && againMs,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [isFetchingNextPage, fetchNextPage]);
  const items = data?.pages.flatMap((page) => page.items);
  const { isBehind, renew } = useBehind(queryKey);
  return {
    ...query,
    data: items,
    more: hasNextPage ? more : undefined,
    renew: isBehind ? renew : undefined,
  };
}
