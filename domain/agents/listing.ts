import { z } from "zod";
import {
  AGENT_STATES,
  AGENT_TYPES,
  AGENT_VISIBILITIES,
  type AgentState,
  type AgentType,
  type AgentVisibility,
} from "#domain/agents/model.ts";
import { nameKeyOf } from "#domain/agents/names.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import type { Cursor } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

/** Of whose agents: the caller's account's, or everybody's that are listed and at work. */
export const agentFilter = {
  of: z.enum(["own", "everybody"]).optional(),
  type: z.enum(AGENT_TYPES).optional(),
  state: z.enum(AGENT_STATES).optional(),
  visibility: z.enum(AGENT_VISIBILITIES).optional(),
  /** One that it says it has. */
  capability: text(LIMITS.capabilityCharsMax).optional(),
  /** Words as they stand in its name or description; by meaning, `POST /v1/agents/match` finds. */
  q: text(LIMITS.nameCharsMax).optional(),
};

export type AgentFilter = {
  type?: AgentType | undefined;
  state?: AgentState | undefined;
  visibility?: AgentVisibility | undefined;
  capability?: string | undefined;
  /** In a name's key, and in a description in small letters. */
  words?: { inName: string; inDescription: string } | undefined;
};

export const filterFrom = ({
  q,
  ...exact
}: Omit<AgentFilter, "words"> & { q?: string | undefined }): AgentFilter => ({
  ...exact,
  words: q === undefined ? undefined : { inName: nameKeyOf(q), inDescription: q.toLowerCase() },
});

/** What was found in the rows that were looked at, newest first, and where these end; null where no more follow. */
export type Looked = { found: AgentRecord[]; endsAt: Cursor | null };

const cursorOf = ({ createdAtMs, id }: AgentRecord): Cursor => ({ atMs: createdAtMs, id });
const isNewer = (one: Cursor, other: Cursor): boolean =>
  one.atMs === other.atMs ? one.id > other.id : one.atMs > other.atMs;

/**
 * A page out of what was looked at in each place: nothing older than where one of them had to stop, so that the next
 * page misses nothing. It may hold fewer than asked for and still have a next one.
 */
export function pageOfLooked(
  places: readonly Looked[],
  limit: number,
): { page: AgentRecord[]; next: Cursor | null } {
  let stop: Cursor | null = null;
  for (const { endsAt } of places)
    if (endsAt !== null && (stop === null || isNewer(endsAt, stop))) stop = endsAt;
  const found = places
    .flatMap((place) => place.found)
    .filter((one) => stop === null || !isNewer(stop, cursorOf(one)))
    .sort((a, b) => (isNewer(cursorOf(a), cursorOf(b)) ? -1 : 1));
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return { page, next: found.length > limit && last !== undefined ? cursorOf(last) : stop };
}
