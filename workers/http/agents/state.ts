import type { Context } from "hono";
import { z } from "zod";
import { rollBackInput, stateInput, stateView, upgradeInput } from "#domain/agents/releases.ts";
import {
  type AppEnv,
  expectedVersion,
  fails,
  feature,
  idParam,
  json,
  type Plain,
  refuse,
  route,
  taggedText,
  unwrap,
} from "#workers/http/kit.ts";
import { openedAgent } from "#workers/http/opened-agent.ts";

const responses = {
  200: { description: "The state, and the program that works on it", ...json(stateView) },
  ...fails("not-found", "forbidden", "agent-unavailable"),
};
const changed = {
  ...responses,
  ...fails(
    "not-found",
    "forbidden",
    "agent-unavailable",
    "conflict",
    "version-stale",
    "version-required",
  ),
};
const presenceView = z.object({
  /** Whether it has a session open, or works on a message under a lease. */
  isPresent: z.boolean(),
  sessions: z.int(),
  leases: z.int(),
});

const read = route(
  {
    method: "get",
    path: "/v1/agents/{id}/state",
    summary: "Read what an agent's program has kept, and which release it is of",
    access: "agent-state.read",
    request: { params: idParam },
    responses,
  },
  async (c) => shown(c, unwrap(await (await opened(c)).readState())),
);

const write = route(
  {
    method: "put",
    path: "/v1/agents/{id}/state",
    summary: "Keep an agent's state",
    access: "agent-state.change",
    request: { params: idParam, body: json(stateInput) },
    responses: changed,
  },
  async (c) => {
    const { state } = c.req.valid("json");
    const object = await opened(c);
    return shown(
      c,
      unwrap(
        await object.changeRelease({ how: "state", state: JSON.stringify(state) }, expectedOf(c)),
      ),
    );
  },
);

const upgrade = route(
  {
    method: "post",
    path: "/v1/agents/{id}/upgrade",
    summary: "Put a new program and its migrated state in place of the old ones, in one step",
    description:
      "The old program loses its leases, so that nothing it still says counts; what it was working on is given to the new one.",
    access: "agent-state.change",
    request: { params: idParam, body: json(upgradeInput) },
    responses: changed,
  },
  async (c) => {
    const { program, state } = c.req.valid("json");
    const migrated = state === undefined ? null : JSON.stringify(state);
    const change = { how: "upgrade", program, state: migrated } as const;
    const object = await opened(c);
    return shown(c, unwrap(await object.changeRelease(change, expectedOf(c))));
  },
);

const rollBack = route(
  {
    method: "post",
    path: "/v1/agents/{id}/roll-back",
    summary: "Go back to an earlier release, with the state that it was left with",
    access: "agent-state.change",
    request: { params: idParam, body: json(rollBackInput) },
    responses: changed,
  },
  async (c) => {
    const { release } = c.req.valid("json");
    const object = await opened(c);
    return shown(
      c,
      unwrap(await object.changeRelease({ how: "roll-back", to: release }, expectedOf(c))),
    );
  },
);

const presence = route(
  {
    method: "get",
    path: "/v1/agents/{id}/presence",
    summary: "See whether an agent is there: by its session, or by what it works on",
    access: "agent-state.read",
    request: { params: idParam },
    responses: {
      200: { description: "Whether it is there", ...json(presenceView) },
      ...fails("not-found", "forbidden"),
    },
  },
  async (c) => c.json(await (await opened(c)).presence()),
);

type Shown = {
  now: { number: number; program: string | null; state: string; version: number; atMs: number };
  previous: { number: number; program: string | null }[];
};

/** The object of an agent that the caller may look into. */
async function opened(c: Context<AppEnv>) {
  const agent = await openedAgent(c, c.req.param("id") ?? "");
  return c.env.AGENT.getByName(agent.id);
}

function expectedOf(c: Context<AppEnv>): number | null {
  const expected = expectedVersion(c);
  if (expected === undefined) return refuse({ code: "version-required" });
  return expected === "any" ? null : expected;
}

/** The state is JSON already. */
function shown(c: Context, { now, previous }: Shown): Plain {
  const rest = JSON.stringify({
    program: now.program,
    release: now.number,
    version: now.version,
    updatedAt: now.version === 0 ? null : new Date(now.atMs).toISOString(),
    previous: previous.map(({ number, program }) => ({ release: number, program })),
  });
  return taggedText(c, `{"state":${now.state},${rest.slice(1)}`, now.version, 200);
}

export const agentState = feature(read, write, upgrade, rollBack, presence);
