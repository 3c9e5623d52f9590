import { queryOptions, useQuery } from "@tanstack/react-query";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";

type Decision = Operations["GET /v1/policies/decisions"]["answer"]["items"][number];
export type Action = Decision["action"];
export type Permissions = {
  isKnown: boolean;
  /** Why it is not known, and how it is asked again. */
  error: Error | null;
  again(): void;
  /** Whether it may be tried: what only wants a second factor proven, or depends on the thing, may. */
  may(action: Action): boolean;
  why(action: Action): Decision | undefined;
};

const FRESH_MS = 60_000;

/** How what somebody may do is read. */
export const permissions = queryOptions({
  queryKey: ["permission"],
  queryFn: () => api.operation("GET /v1/policies/decisions"),
  staleTime: FRESH_MS,
  meta: { live: ["policy", "member", "key"] },
});

/** What the server lets this person do. */
export function usePermissions(): Permissions {
  const { data, error, refetch } = useQuery(permissions);
  const why = (action: Action) => data?.items.find((each) => each.action === action);
  return {
    isKnown: data !== undefined,
    error,
    again: () => void refetch(),
    why,
    may: (action) => {
      const decided = why(action);
      return decided !== undefined && (decided.decision !== "deny" || isProvable(decided));
    },
  };
}

const isProvable = ({ rule }: Decision): boolean => rule === "second-factor";
