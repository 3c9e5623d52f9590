/** What a fake answers, and what it heard that it took. */
export type Pager = {
  answer(request: Request): Promise<Response>;
  /** What it does with the next requests: `down` is nobody's fault, `full` says how long to wait. */
  mood: "well" | "down" | "full";
  /** Requests that it did not take, with why. */
  refused: string[];
};

const SEVERITIES: ReadonlySet<unknown> = new Set(["critical", "error", "warning", "info"]);
const PRIORITIES: ReadonlySet<unknown> = new Set(["P1", "P2", "P3", "P4", "P5"]);
const isText = (value: unknown, max: number): value is string =>
  typeof value === "string" && value !== "" && value.length <= max;
const isTime = (value: unknown) => typeof value === "string" && !Number.isNaN(Date.parse(value));

function trouble(mood: Pager["mood"]): Response | null {
  if (mood === "down") return new Response("bad gateway", { status: 502 });
  if (mood === "full")
    return Response.json(
      { message: "slow down" },
      { status: 429, headers: { "Retry-After": "1" } },
    );
  return null;
}

async function bodyOf(request: Request): Promise<Record<string, unknown> | null> {
  if (!(request.headers.get("Content-Type") ?? "").startsWith("application/json")) return null;
  try {
    return (await request.json()) as Record<string, unknown>;
  } catch {
    return null;
  }
}

export type Incident = { key: string; state: "triggered" | "resolved"; summary: string };

/**
 * PagerDuty's Events API v2 (developer.pagerduty.com/docs/events-api-v2): `POST /v2/enqueue` with an integration's key,
 * 202 for what is well formed, 400 with reasons else. What is triggered again is one incident; what is resolved that is
 * not open changes nothing.
 */
export function fakePagerDuty(routingKey: string) {
  const incidents = new Map<string, Incident>();
  const pager: Pager & { incidents: Map<string, Incident>; events: string[] } = {
    mood: "well",
    refused: [],
    incidents,
    events: [],
    async answer(request) {
      const busy = trouble(pager.mood);
      if (busy !== null) return busy;
      const event = await bodyOf(request);
      const errors = event === null ? ["Invalid JSON"] : wrongIn(event);
      if (new URL(request.url).pathname !== "/v2/enqueue" || request.method !== "POST")
        return new Response("not found", { status: 404 });
      if (event === null || errors.length > 0) {
        pager.refused.push(errors.join("; "));
        const answer = { status: "invalid event", message: "Event object is invalid", errors };
        return Response.json(answer, { status: 400 });
      }
      const {
        event_action: action,
        dedup_key: key,
        payload,
      } = event as {
        event_action: string;
        dedup_key: string;
        payload?: { summary: string };
      };
      pager.events.push(`${action} ${key}`);
      const open = incidents.get(key);
      if (action === "trigger")
        incidents.set(key, { key, state: "triggered", summary: payload?.summary ?? "" });
      else if (open !== undefined) open.state = "resolved";
      const answer = { status: "success", message: "Event processed", dedup_key: key };
      return Response.json(answer, { status: 202 });
    },
  };
  const wrongIn = (event: Record<string, unknown>): string[] => {
    const errors: string[] = [];
    if (event["routing_key"] !== routingKey) errors.push("'routing_key' is invalid");
    if (!["trigger", "acknowledge", "resolve"].includes(String(event["event_action"])))
      errors.push("'event_action' is invalid");
    if (!isText(event["dedup_key"], 255)) errors.push("'dedup_key' is missing or too long");
    if (event["event_action"] !== "trigger") return errors;
    const payload = (event["payload"] ?? {}) as Record<string, unknown>;
    if (!isText(payload["summary"], 1_024)) errors.push("'payload.summary' is missing or blank");
    if (!isText(payload["source"], 1_024)) errors.push("'payload.source' is missing or blank");
    if (!SEVERITIES.has(payload["severity"])) errors.push("'payload.severity' is invalid");
    if (payload["timestamp"] !== undefined && !isTime(payload["timestamp"]))
      errors.push("'payload.timestamp' is invalid");
    return errors;
  };
  return pager;
}

export type OpsgenieAlert = { alias: string; message: string; state: "open" | "closed" };

/**
 * Opsgenie's Alert API (docs.opsgenie.com/docs/alert-api): `POST /v2/alerts` opens one or counts it again, `POST
 * /v2/alerts/{alias}/close?identifierType=alias` closes it. Both are 202 and done later, one after the other: what closes
 * an alert that is not there yet closes nothing.
 */
export function fakeOpsgenie(apiKey: string) {
  const alerts = new Map<string, OpsgenieAlert>();
  const pager: Pager & { alerts: Map<string, OpsgenieAlert>; lost: number } = {
    mood: "well",
    refused: [],
    alerts,
    lost: 0,
    async answer(request) {
      const busy = trouble(pager.mood);
      if (busy !== null) return busy;
      const url = new URL(request.url);
      if (request.headers.get("Authorization") !== `GenieKey ${apiKey}`) {
        pager.refused.push("key");
        return Response.json({ message: "Key format is not valid!" }, { status: 401 });
      }
      const body = await bodyOf(request);
      const closes = /^\/v2\/alerts\/([^/]+)\/close$/.exec(url.pathname)?.[1];
      if (request.method !== "POST" || (closes === undefined && url.pathname !== "/v2/alerts"))
        return Response.json({ message: "No such resource" }, { status: 404 });
      const wrong =
        body === null ? "is no JSON" : closes === undefined ? wrongIn(body) : wrongClose(url, body);
      if (body === null || wrong !== null) {
        pager.refused.push(wrong ?? "");
        return Response.json(
          { message: `Request body is not processable: ${wrong}` },
          { status: 422 },
        );
      }
      if (closes === undefined) {
        const { alias, message } = body as { alias: string; message: string };
        alerts.set(alias, { alias, message, state: "open" });
      } else {
        const alert = alerts.get(decodeURIComponent(closes));
        if (alert === undefined) pager.lost++;
        else alert.state = "closed";
      }
      const answer = { result: "Request will be processed", took: 0.1, requestId: "1" };
      return Response.json(answer, { status: 202 });
    },
  };
  return pager;
}

function wrongIn(body: Record<string, unknown>): string | null {
  if (!isText(body["message"], 130)) return "message";
  if (!isText(body["alias"], 512)) return "alias";
  if (body["description"] !== undefined && !isText(body["description"], 15_000))
    return "description";
  if (!PRIORITIES.has(body["priority"] ?? "P3")) return "priority";
  if (body["source"] !== undefined && !isText(body["source"], 100)) return "source";
  if (body["entity"] !== undefined && !isText(body["entity"], 512)) return "entity";
  const tags = (body["tags"] ?? []) as unknown[];
  if (tags.length > 20 || !tags.every((one) => isText(one, 50))) return "tags";
  const details = Object.entries((body["details"] ?? {}) as Record<string, unknown>);
  const isLong = details.some(
    ([name, value]) => typeof value !== "string" || `${name}${value}`.length > 8_000,
  );
  return isLong ? "details" : null;
}

function wrongClose(url: URL, body: Record<string, unknown>): string | null {
  if (url.searchParams.get("identifierType") !== "alias") return "identifierType";
  if (body["source"] !== undefined && !isText(body["source"], 100)) return "source";
  return body["note"] !== undefined && !isText(body["note"], 25_000) ? "note" : null;
}
