import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";
import { useCallback } from "react";

type Page<T> = { items: T[]; nextCursor: string | null };

/**
 * A list of the API, page by page as it is scrolled: `items` so far, and `more` while there is more. `live` names the
 * nouns of other events that change it.
 */
export function usePages<T>(
  queryKey: QueryKey,
  read: (cursor: string | undefined) => Promise<Page<T>>,
  live: readonly string[] = [],
) {
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage, ...query } = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    meta: { live },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [isFetchingNextPage, fetchNextPage]);
  const items = data?.pages.flatMap((page) => page.items);
  return { ...query, data: items, more: hasNextPage ? more : undefined };
}
