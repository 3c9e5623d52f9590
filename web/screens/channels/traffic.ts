import { useQuery } from "@tanstack/react-query";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";

export type Channel = Operations["GET /v1/channels/{id}"]["answer"];
/** What comes and goes on a channel is told by no event: it is read again so often. */
export const AGAIN_MS = 10_000;
export const CHANNEL = new Set(["channel"]);

/** How a channel does, both ways. */
export const useTraffic = (id: string) =>
  useQuery({
    queryKey: ["channel", id, "traffic"],
    queryFn: () => api.operation("GET /v1/channels/{id}/traffic", { path: { id } }),
    refetchInterval: AGAIN_MS,
  });
