import { queryOptions, useQuery } from "@tanstack/react-query";
import type { Session } from "#sdk/client.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { toEnd } from "#web/ui/to-end.ts";

export type Key = Operations["GET /v1/keys"]["answer"]["items"][number];
export const PAGE = 100;

/** Keys have no events of their own; what is done with them is recorded. */
const meta = { live: ["audit"] };

/** The keys that end with one. */
export const under = (id: string) =>
  queryOptions({
    queryKey: ["key", "under", id],
    queryFn: () =>
      toEnd((cursor) =>
        api.operation("GET /v1/keys", { query: { under: id, limit: PAGE, cursor } }),
      ),
    meta,
  });

/** What may be turned into another: in the session of a key only that, and what was made with it. */
export function useReach({ keyId }: Session): (key: Key) => boolean {
  const own = useQuery({ ...under(keyId ?? ""), enabled: keyId !== null });
  if (keyId === null) return () => true;
  const { items = [], isCut = false } = own.data ?? {};
  const known = new Map(items.map((key) => [key.id, key]));
  const isOwn = ({ id, parentId }: Key): boolean => {
    const maker = known.get(parentId ?? "");
    return id === keyId || parentId === keyId || (maker !== undefined && isOwn(maker));
  };
  return (key) => isCut || isOwn(key); // of more than were read, the server knows
}

/** The name of the key that one was made with, or its id where one may not see it; null where there is none. */
export function useMaker(
  { parentId, agentId }: Key,
  keys: readonly Key[],
  { principalId }: Session,
): string | null {
  const read = keys.find(({ id }) => id === parentId);
  // An agent sees its own keys, and not whose made the first of them.
  const isSeen = agentId === null || agentId !== principalId;
  const asked = useQuery({
    // Not read again with the others: where it was revoked, so is what it made.
    queryKey: ["maker", parentId],
    queryFn: () => api.operation("GET /v1/keys/{id}", { path: { id: parentId ?? "" } }),
    enabled: parentId !== null && read === undefined && isSeen,
  });
  return (read ?? asked.data)?.name ?? parentId;
}
