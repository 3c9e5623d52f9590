import { type A2aFailure, failed, restError, rpcError } from "#domain/a2a/errors.ts";
import { A2A_VERSION } from "#domain/a2a/wire.ts";
import type { Result } from "#domain/shared/result.ts";
import { eventText, sse, written } from "#workers/http/sse.ts";
import type { Callee } from "./callee.ts";
import { called } from "./calls.ts";

const INTERNAL: A2aFailure = { name: "internal" };
const REST_TYPE = "application/a2a+json";

/** `1.0.3` asks for `1.0` (section 3.6): what is not said is 0.3, which is not spoken here. */
function versionFailure(request: Request): A2aFailure | null {
  const asked =
    request.headers.get("A2A-Version") ?? new URL(request.url).searchParams.get("A2A-Version");
  const version = asked?.trim() || "0.3";
  if (version === A2A_VERSION || version.startsWith(`${A2A_VERSION}.`)) return null;
  return { name: "version-not-supported", detail: `speaks ${A2A_VERSION}` };
}

const randomOf = (request: Request) => ({
  id: () => crypto.randomUUID(),
  repeatKey: request.headers.get("Idempotency-Key"),
});

type Id = string | number | null;

/** JSON-RPC 2.0 (section 9): everything by one address. `body` is any JSON. */
export async function rpcAnswer(
  calleeOf: () => Promise<Callee>,
  request: Request,
  body: unknown,
): Promise<Response> {
  const id = idOf(body);
  const answerOf = (failure: A2aFailure) =>
    Response.json({ jsonrpc: "2.0", id, error: rpcError(failure) });
  const envelope = envelopeOf(body);
  if (!envelope.ok) return answerOf(envelope.error);
  const version = versionFailure(request);
  if (version !== null) return answerOf(version);
  const { method, params } = envelope.value;
  const result = await called(await calleeOf(), method, params, randomOf(request));
  if (!result.ok) return answerOf(result.error);
  const head = `{"jsonrpc":"2.0","id":${JSON.stringify(id)}`;
  if ("json" in result.value)
    return new Response(`${head},"result":${result.value.json}}`, {
      headers: { "Content-Type": "application/json" },
    });
  return sse(
    written(result.value.stream, (event) => eventText({ data: `${head},"result":${event}}` })),
    () => eventText({ data: `${head},"error":${JSON.stringify(rpcError(INTERNAL))}}` }),
  );
}

type Envelope = { method: string; params: unknown };

function envelopeOf(body: unknown): Result<Envelope, A2aFailure> {
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
  if (!isObject) return failed("invalid-request");
  const { jsonrpc, method, params = {}, id = null } = body as Record<string, unknown>;
  const isId = id === null || typeof id === "string" || Number.isInteger(id);
  if (jsonrpc !== "2.0" || typeof method !== "string" || !isId) return failed("invalid-request");
  if (typeof params !== "object" || params === null || Array.isArray(params))
    return failed("invalid-params", "params must be an object");
  return { ok: true, value: { method, params } };
}

function idOf(body: unknown): Id {
  if (typeof body !== "object" || body === null || !("id" in body)) return null;
  const { id } = body;
  return typeof id === "string" || (typeof id === "number" && Number.isInteger(id)) ? id : null;
}

/** HTTP+JSON (section 11): an address an operation. */
export async function restAnswer(
  calleeOf: () => Promise<Callee>,
  request: Request,
  method: string,
  params: object,
): Promise<Response> {
  const answerOf = (failure: A2aFailure) => {
    const { status, body } = restError(failure);
    return Response.json(body, { status, headers: { "Content-Type": REST_TYPE } });
  };
  const version = versionFailure(request);
  if (version !== null) return answerOf(version);
  const result = await called(await calleeOf(), method, params, randomOf(request));
  if (!result.ok) return answerOf(result.error);
  if ("json" in result.value) {
    const { json } = result.value;
    return new Response(json === "null" ? "{}" : json, { headers: { "Content-Type": REST_TYPE } });
  }
  return sse(
    written(result.value.stream, (event) => eventText({ data: event })),
    () => eventText({ name: "error", data: JSON.stringify(restError(INTERNAL).body) }),
  );
}
