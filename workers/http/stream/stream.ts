import { FILES, sessionRoom, sessionsMax } from "#domain/sessions/room.ts";
import { NO_AGENT, type Opening, OPENING_HEADER } from "#domain/sessions/state.ts";
import { fails, feature, refuse, route } from "#workers/http/kit.ts";
import { FULL, openingOf } from "#workers/http/opening.ts";
import { performedFor } from "#workers/http/operations.ts";

const open = route(
  {
    method: "get",
    path: "/v1/stream",
    summary: "Ask for all of the API over one WebSocket",
    description:
      "The frames of an agent's session without its messages (docs/design/sessions.md). Each request asks for its own right.",
    access: "stream.open",
    responses: {
      101: { description: "The WebSocket" },
      ...fails("upgrade-required", "forbidden", "overloaded"),
    },
  },
  async (c) => {
    // Whether an open stream may go on.
    if (performedFor(c.req.raw) !== undefined) return refuse({ code: "upgrade-required" });
    const opening: Opening = { ...(await openingOf(c)), agentId: NO_AGENT, after: null };
    const files = FILES.socket + FILES.object;
    if (!sessionRoom.has({ name: "", files }, sessionsMax(c.env))) return refuse(FULL);
    const headers = { Upgrade: "websocket", [OPENING_HEADER]: JSON.stringify(opening) };
    const { accountId, principalId } = c.var.principal;
    const object = c.env.STREAM.getByName(`${accountId} ${principalId}`);
    const answer = await object.fetch("http://stream/", { headers });
    return answer.status === 503 ? refuse(FULL) : answer;
  },
);

export const stream = feature(open);
