import type { Context } from "hono";
import { refusalOf } from "#domain/policies/actions.ts";
import { type AppEnv, type Feature, feature, refuse, type Route } from "#workers/http/kit.ts";
import type { Perform } from "#workers/http/operations.ts";
import { MCP_PATH } from "#workers/http/problem.ts";
import { mcpEndpoint } from "./endpoint.ts";
import { productServer } from "./server.ts";
import { type OperationTool, toolsOf } from "./tools.ts";

/** The product by the Model Context Protocol. `routes` is a function because this is one of them. */
export function mcp(perform: Perform, routes: () => readonly Route[]): Feature {
  let made: ReadonlyMap<string, OperationTool> | undefined;
  const tools = () => (made ??= toolsOf(routes()));
  return feature(
    mcpEndpoint({
      path: MCP_PATH,
      access: "mcp.use",
      serverOf: (c) => productServer(c as Context<AppEnv>, tools(), perform),
      before: (c, message) => looked(c as Context<AppEnv>, tools(), message),
    }),
  );
}

/**
 * Tells a client whose token lacks a scope which one it is, so that it can ask its person for it (RFC 6750 section 3.1).
 * Streams of changes are not opened: nothing that is listed changes, and each would hold a connection for nothing.
 */
function looked(
  { var: { principal, nowMs } }: Context<AppEnv>,
  tools: ReadonlyMap<string, OperationTool>,
  message: unknown,
): Response | null {
  const { id, method, params } = (message ?? {}) as Message;
  if (method === "subscriptions/listen") {
    const named = typeof id === "string" || typeof id === "number" ? id : null;
    const error = { code: -32601, message: "there is nothing here to subscribe to" };
    return Response.json({ jsonrpc: "2.0", id: named, error }, { status: 404 });
  }
  if (principal.token === undefined) return null;
  const { name } = params ?? {};
  const action = READS.has(method)
    ? "unit.read"
    : method === "tools/call" && typeof name === "string"
      ? tools.get(name)?.action
      : undefined;
  const refusal = action === undefined ? null : refusalOf(principal, action, nowMs);
  if (refusal?.scope !== undefined) refuse(refusal);
  return null;
}
const READS: ReadonlySet<unknown> = new Set(["resources/list", "resources/read"]);
type Message = { id?: unknown; method?: unknown; params?: { name?: unknown } };
