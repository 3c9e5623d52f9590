import { LEASE_MS_DEFAULT } from "#domain/mailbox/model.ts";
import { type Flow, newFlow } from "#domain/sessions/flow.ts";
import type { Holding } from "#domain/sessions/holding.ts";
import type { Holder, Standing } from "#domain/sessions/standing.ts";
import type { Subscription } from "#domain/sessions/subscription.ts";
import { LIMITS } from "#domain/shared/limits.ts";

/** The header by which the edge tells an object who opens a session: nobody else reaches an object. */
export const OPENING_HEADER = "WisHub-Opening";

/** Who opens a session, as the edge found out before it handed the socket over. */
export type Opening = {
  agentId: string;
  holder: Holder;
  /** Where the client was when it came: keys and policies may be bound to networks. */
  address: string | null;
  standing: Standing;
  /** The newest fencing token that the client has received in its last session; null where it begins anew. */
  after: number | null;
};

/** In the place of an agent, where a socket belongs to a principal. */
export const NO_AGENT = "";

/** A session as its socket carries it through hibernation: nothing of it lies in a table. */
export type SessionState = Opening & {
  id: string;
  flow: Flow;
  leaseMs: number;
  held: Holding[];
  /** What a stream is told of. */
  subscriptions?: Subscription[];
};

export const openedSession = (opening: Opening, id: string, held: Holding[]): SessionState => ({
  ...opening,
  id,
  flow: newFlow(),
  leaseMs: LEASE_MS_DEFAULT,
  held,
});

/** The first frame of the server's: who is at home, and what a session may ask for at once. A stream is no agent's. */
export const welcomeText = ({ id, agentId }: SessionState): string =>
  JSON.stringify({
    type: "welcome",
    sessionId: id,
    ...(agentId !== NO_AGENT && { agentId }),
    limits: {
      frames: LIMITS.sessionBatchMax,
      characters: LIMITS.frameCharsMax,
      requests: LIMITS.sessionRequestsMax,
      credit: LIMITS.sessionCreditMax,
      unseen: LIMITS.sessionUnseenFramesMax,
    },
  });
