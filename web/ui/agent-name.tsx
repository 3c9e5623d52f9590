import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api } from "#web/app/client.ts";

/** An agent by its name, as a link; by its id until that is known. */
export function AgentName({ id, className = "" }: { id: string; className?: string }) {
  const { data } = useQuery({
    queryKey: ["agent", id],
    queryFn: () => api.operation("GET /v1/agents/{id}", { path: { id } }),
  });
  return (
    <Link
      to="/agent/$id"
      params={{ id }}
      dir="auto"
      className={`link ${data === undefined ? "font-mono text-xs" : ""} ${className}`}
    >
      {data?.name ?? id}
    </Link>
  );
}
