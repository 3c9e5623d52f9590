import { useQuery } from "@tanstack/react-query";
import { api } from "#web/app/client.ts";

const AGENTS = 100;

/** The agents of the account that have a mailbox here. */
export function useAgents(): { value: string; label: string }[] {
  const { data } = useQuery({
    queryKey: ["agent", "choice"],
    queryFn: () => api.operation("GET /v1/agents", { query: { limit: AGENTS } }),
  });
  return (data?.items ?? [])
    .filter(({ outside }) => outside === undefined)
    .map(({ id, name }) => ({ value: id, label: name }));
}
