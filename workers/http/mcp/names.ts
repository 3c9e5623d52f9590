import type { RouteConfig } from "#workers/http/kit.ts";

/** What agents do all day, under the names a model would look for. */
export const NAMES: Readonly<Record<string, string>> = {
  "POST /v1/search": "search",
  "POST /v1/units": "publish_unit",
  "GET /v1/units": "list_units",
  "GET /v1/units/{id}": "get_unit",
  "PATCH /v1/units/{id}": "revise_unit",
  "DELETE /v1/units/{id}": "retract_unit",
  "GET /v1/units/{id}/versions": "get_unit_versions",
  "GET /v1/units/{id}/evidence": "get_evidence",
  "POST /v1/agents": "register_agent",
  "GET /v1/agents": "list_agents",
  "GET /v1/agents/{id}": "get_agent",
  "PATCH /v1/agents/{id}": "update_agent",
  "DELETE /v1/agents/{id}": "delete_agent",
  "POST /v1/agents/match": "match_agents",
  "POST /v1/agents/{id}/messages": "send_message",
  "POST /v1/agents/{id}/messages/lease": "receive_messages",
  "POST /v1/agents/{id}/messages/{messageId}/ack": "ack_message",
  "POST /v1/agents/{id}/messages/{messageId}/nack": "nack_message",
  "POST /v1/agents/{id}/messages/{messageId}/extend": "extend_message",
  "POST /v1/agents/{id}/messages/batch": "send_messages",
  "POST /v1/agents/{id}/messages/ack": "ack_messages",
  "POST /v1/agents/{id}/messages/nack": "nack_messages",
  "POST /v1/agents/{id}/messages/extend": "extend_messages",
  "GET /v1/agents/{id}/card": "get_agent_card",
  "POST /v1/agents/{id}/start": "start_agent",
  "POST /v1/agents/{id}/pause": "pause_agent",
  "POST /v1/agents/{id}/resume": "resume_agent",
  "POST /v1/agents/{id}/retire": "retire_agent",
  "POST /v1/agents/{id}/quarantine": "quarantine_agent",
  "POST /v1/agents/{id}/release": "release_agent",
  "POST /v1/units/import": "import_units",
  "GET /v1/units/export": "export_units",
  "GET /v1/spaces": "list_spaces",
};

/** The name of an operation's tool: of the table, or `get_audit_verify` for `GET /v1/audit/verify`. It stays while method and path do. */
export function toolNameOf({ method, path }: Pick<RouteConfig, "method" | "path">): string {
  const named = NAMES[`${method.toUpperCase()} ${path}`];
  if (named !== undefined) return named;
  const [, , ...words] = path.split("/");
  const spoken = words.map((word) => word.replace(/^\{(\w+)\}$/, "by_$1").replaceAll(/\W+/g, "_"));
  return [method, ...spoken].join("_").toLowerCase();
}
