import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api } from "#web/app/client.ts";
import { usePermissions } from "#web/app/permissions.ts";

/** An agent by its name, as soon as that is known. */
export function AgentLink({ id }: { id: string }) {
  const { may } = usePermissions();
  const { data } = useQuery({
    queryKey: ["agent", id],
    queryFn: () => api.operation("GET /v1/agents/{id}", { path: { id } }),
    enabled: may("agent.read"),
  });
  return (
    <Link
      to="/agent/$id"
      params={{ id }}
      className={`link ${data === undefined ? "font-mono text-xs" : ""}`}
      dir="auto"
    >
      {data?.name ?? id}
    </Link>
  );
}
